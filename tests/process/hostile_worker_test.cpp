// Workers that turn on their parent: they write what they like into the pipe. (What they do to the shared board:
// hostile_board_test.cpp.)

#include <braid/process/process_pool.hpp>

#include "support/deaths.hpp"
#include "support/hostile.hpp"
#include "support/leftovers.hpp"
#include "support/run_counter.hpp"

#include <braid/core/spawn.hpp>
#include <braid/core/when_all.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <unistd.h>

using namespace braid;
using namespace braid::testing;
using namespace std::chrono_literals;

namespace {

constexpr const char* lie_at_start = "BRAIDTEST_LIE_AT_START";
constexpr const char* stop_at_start = "BRAIDTEST_STOP_AT_START";

[[maybe_unused]] const bool starts_badly = [] {
    if (!std::getenv("BRAID_WORKER")) return false;
    if (std::getenv(stop_at_start)) ::raise(SIGSTOP);
    if (std::getenv(lie_at_start))
        hostile::write_to_pipe(std::as_bytes(std::span("not a hello, as any parent would see")));
    return true;
}();

/// Why workers cannot be had that find this variable.
std::string failure_with(const char* variable, std::chrono::milliseconds limit) {
    ::setenv(variable, "1", 1);
    std::string why;
    run_blocking([](std::string& message, std::chrono::milliseconds l) -> task<> {
        process_pool pool({.workers = 1, .start_limit = l, .spin = 0us});
        try {
            co_await pool.run([] {});
        } catch (const pool_failed& e) {
            message = e.what();
        }
    }(why, limit));
    ::unsetenv(variable);
    return why;
}

// What the workers run.
int square(int x) { return x * x; }
[[noreturn]] void hang() {
    for (;;) ::pause();
}

enum class attack : unsigned char {
    garbage,
    endless_frame,
    request_frame,
    unknown_frame,
    second_hello,
    initialised_unasked,
    answer_to_no_slot,
    answer_to_free_slot,
    answer_to_older_call,
    outcome_that_is_none,
    value_cut_short,
    value_with_more,
    exception_of_no_type,
    exception_for_ever_nested,
    text_of_endless_length,
    part_of_a_plain_call,
    empty_part,
};
constexpr int attacks_known = static_cast<int>(attack::empty_part) + 1;

std::vector<std::byte> random_bytes(std::size_t count) {
    std::mt19937 random(1);
    std::vector<std::byte> bytes(count);
    for (auto& byte : bytes) byte = static_cast<std::byte>(random());
    return bytes;
}

std::vector<std::byte> endless_text() {
    auto body = hostile::value(std::string("x"));
    body[8] = std::byte{0x10};  // the highest byte of its length, behind the outcome
    return body;
}

std::vector<std::byte> nested_exceptions(std::size_t levels) {
    wire::buffer out;
    wire::writer w(out);
    w.scalar(wire::outcome::exception);
    for (; levels != 0; --levels) {
        wire::encode(w, std::string("x"));
        wire::encode(w, std::string("y"));
        wire::encode(w, false);
        wire::encode(w, true);
    }
    return {out.bytes().begin(), out.bytes().end()};
}

std::vector<std::byte> exception_of_no_type() {
    wire::buffer out;
    wire::writer w(out);
    w.scalar(wire::outcome::exception);
    wire::encode(w, std::string("no such type"));
    wire::encode(w, std::string("message"));
    wire::encode(w, true);
    return {out.bytes().begin(), out.bytes().end()};
}

/// Says it all in place of the answer, and stays.
std::string attacks(attack what) {
    hostile me;
    const auto own = me.own_id();
    auto value = hostile::value(std::string("fine"));
    switch (what) {
        case attack::garbage: hostile::say(random_bytes(5'000)); break;
        case attack::endless_frame: hostile::say({.length = std::uint64_t{1} << 60, .id = own, .kind = 3}); break;
        case attack::request_frame: hostile::answer(own, value, process_detail::frame_kind::request); break;
        case attack::unknown_frame: hostile::say({.length = 0, .id = own, .kind = 4'000'000'000}); break;
        case attack::second_hello: hostile::answer(0, {}, process_detail::frame_kind::hello); break;
        case attack::initialised_unasked: hostile::answer(0, value, process_detail::frame_kind::initialised); break;
        case attack::answer_to_no_slot: hostile::answer(~std::uint64_t{0}, value); break;
        case attack::answer_to_free_slot: hostile::answer(own ^ (std::uint64_t{1} << 40), value); break;
        case attack::answer_to_older_call: hostile::answer(own - 1, value); break;
        case attack::outcome_that_is_none: hostile::answer(own, random_bytes(1)); break;
        case attack::value_cut_short: hostile::answer(own, std::span(value).first(value.size() - 1)); break;
        case attack::value_with_more: value.push_back({}), hostile::answer(own, value); break;
        case attack::exception_of_no_type: hostile::answer(own, exception_of_no_type()); break;
        case attack::exception_for_ever_nested: hostile::answer(own, nested_exceptions(100'000)); break;
        case attack::text_of_endless_length: hostile::answer(own, endless_text()); break;
        case attack::part_of_a_plain_call: hostile::answer(own, value, process_detail::frame_kind::part); break;
        case attack::empty_part: hostile::answer(own, {}, process_detail::frame_kind::part); break;
    }
    hang();
}

struct part_attack {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    std::uint32_t flags = static_cast<std::uint32_t>(wire::part_kind::values);
};

std::vector<part_attack> part_attacks() {
    std::vector<part_attack> all;
    for (const std::uint32_t first : {0U, 1U, 1'000'000U, ~0U}) {
        for (const std::uint32_t count : {1U, 2U, 1'000'000U, ~0U}) all.push_back({first, count});
    }
    // Something came beside it, which did not.
    for (const auto kind : {wire::part_kind::values, wire::part_kind::replies}) {
        all.push_back({0, 1, static_cast<std::uint32_t>(kind) | process_detail::has_attachments});
    }
    return all;
}

/// Tells results of the batch that it is in: too many, of other items, and without their bytes.
int says_part(part_attack how) {
    hostile me;
    const wire::part_header part{.first = how.first, .count = how.count};
    hostile::say({.length = sizeof part,
                  .id = me.own_id(),
                  .kind = static_cast<std::uint32_t>(process_detail::frame_kind::part),
                  .flags = how.flags},
                 std::as_bytes(std::span(&part, 1)));
    hang();
}

int answers_twice(int value) {
    hostile me;
    const auto body = hostile::value(value);
    wire::buffer both;
    for (int i = 0; i < 2; ++i) {
        const wire::frame_header header{.length = body.size(), .id = me.own_id(), .kind = 3};
        both.append(&header, sizeof header);
        both.append(body.data(), body.size());
    }
    hostile::say(both.bytes());
    hang();
}

/// Garbage in the middle of a batch, when results of the items before are still kept for a message.
int goes_mad_at_750(const std::string& counter, int item) {
    run_counter::ran(counter, static_cast<std::size_t>(item));
    if (item == 750) {
        hostile::say(random_bytes(100));
        hang();
    }
    return item;
}

/// Its answer, and from a moment later on what nobody asked for, while the worker is idle.
int speaks_when_idle(int value) {
    std::thread([] {
        hostile me;
        for (;;) {  // what it says may be lost, where the worker itself says something after all
            while (me.own_slot().word.load() % 8 != static_cast<unsigned>(process_detail::slot_state::free)) {
                ::sched_yield();
            }
            hostile::say(random_bytes(100));
        }
    }).detach();
    return value;
}

// What the parent sees.
/// Calls of the same pool that go on meanwhile.
task<> go_on(process_pool& pool, const bool& stop, int& wrong) {
    int i = 0;
    while (!stop) {
        i = (i + 1) % 1'000;
        const int value = co_await pool.run(square, i);
        wrong += value != i * i;
    }
}

}  // namespace

TEST_SUITE("process/process_pool with hostile workers") {
    TEST_CASE("whatever a worker sends that makes no sense ends it and the call it was running, and nothing else") {
        for (const auto spin : {0us, 20us}) {
            run_blocking([](std::chrono::microseconds looks) -> task<> {
                process_pool pool({.workers = 2, .spin = looks});
                for (int what = 0; what < attacks_known; ++what) {
                    CAPTURE(what);
                    bool stop = false;
                    int wrong = 0;
                    auto attacked = [](process_pool& p, attack a, bool& s) -> task<death> {
                        const auto seen = co_await death_of(p.run(attacks, a));
                        s = true;
                        co_return seen;
                    };
                    const auto seen =
                        co_await when_all(attacked(pool, static_cast<attack>(what), stop), go_on(pool, stop, wrong));
                    const death& ended = std::get<0>(seen);
                    CHECK(ended.died);
                    CHECK(ended.reason == death_reason::broke_protocol);
                    CHECK(ended.what.find("breaking the protocol: ") != std::string::npos);
                    CHECK(wrong == 0);
                    CHECK(co_await pool.run(square, 7) == 49);
                }
                const auto stats = co_await pool.stats();
                CHECK(stats.ended.died_of_calls == attacks_known);
            }(spin));
        }
        CHECK(has_no_child());
    }

    TEST_CASE("parts of a batch that make no sense end it in worker_died, and the next map is right") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2});
            const std::vector<int> numbers(3, 2);
            const std::vector<int> squares(3, 4);
            for (const auto& how : part_attacks()) {
                CAPTURE(how.first);
                CAPTURE(how.count);
                const std::vector<part_attack> items(1, how);
                bool failed = false;
                try {
                    std::ignore = co_await pool.map(says_part, items).collect();
                } catch (const worker_died& e) {
                    failed = e.reason() == death_reason::broke_protocol;
                }
                CHECK(failed);
                const auto seen = co_await pool.map(square, numbers).collect();
                CHECK(seen == squares);
            }
        }());
    }

    TEST_CASE("no item of a batch runs twice because the results of its worker are not believed any more") {
        run_counter counter(1'000);
        run_blocking([](run_counter& c) -> task<> {
            process_pool pool({.workers = 1});
            std::vector<std::tuple<std::string, int>> items;
            for (int i = 0; i < 1'000; ++i) items.emplace_back(c.path(), i);
            auto outcomes = co_await pool.map_outcomes(goes_mad_at_750, items, {.batch = 100}).collect();
            REQUIRE(outcomes.size() == 1'000);
            const auto failed = [](const auto& each) { return !each.has_value(); };
            const auto first = std::ranges::find_if(outcomes, failed) - outcomes.begin();
            CHECK(first > 0);  // the first of a map travel alone
            for (int i = 0; i < 1'000; ++i) {
                auto& each = outcomes[static_cast<std::size_t>(i)];
                if (i < first || i > 750) {
                    REQUIRE(each.has_value());
                    CHECK(each.value() == i);
                } else {
                    CHECK_THROWS_AS(std::move(each).value(), worker_died);
                }
            }
        }(counter));
        for (std::size_t i = 0; i < 1'000; ++i) CHECK(counter.runs_of(i) == 1);
    }

    TEST_CASE("a worker that answers twice is killed, and counted, though its call has its value") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            for (std::uint64_t i = 1; i <= 20; ++i) {
                CHECK(co_await pool.run(answers_twice, 5) == 5);
                CHECK(co_await pool.run(square, 3) == 9);
                const auto stats = co_await pool.stats();
                CHECK(stats.ended.broke_protocol == i);
            }
        }());
    }

    TEST_CASE("what an idle worker says ends it, with its next call at the latest") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            bool noticed = false;
            CHECK(co_await pool.run(speaks_when_idle, 3) == 3);
            while (!noticed) {
                const auto next = co_await death_of(pool.run(square, 4));
                if (next.died) CHECK(next.reason == death_reason::broke_protocol);
                const auto stats = co_await pool.stats();
                noticed = stats.ended.broke_protocol + stats.ended.died_of_calls == 1;
            }
            CHECK(co_await pool.run(square, 4) == 16);
        }());
    }

    TEST_CASE("workers that say something else than hello cannot be had: pool_failed says what they said") {
        CHECK(failure_with(lie_at_start, 30s).find("expected a frame") != std::string::npos);
    }

    TEST_CASE("workers that never say hello are killed, and pool_failed says what they were waited for") {
        CHECK(failure_with(stop_at_start, 20ms).find("said nothing for 20 ms") != std::string::npos);
    }
}
