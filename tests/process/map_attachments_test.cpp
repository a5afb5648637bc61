// Items and results of a map that are descriptors and shared memory: in batches, with the same promises as calls of
// their own (attachments_test.cpp).

#include <braid/process/descriptor.hpp>
#include <braid/process/process_pool.hpp>
#include <braid/process/shared_bytes.hpp>

#include "support/gate.hpp"
#include "support/leftovers.hpp"
#include "support/low_descriptor_limit.hpp"
#include "support/run_counter.hpp"
#include "support/sanitized.hpp"
#include "support/workers_ready.hpp"

#include <braid/core/deadline.hpp>
#include <braid/core/spawn.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <ranges>
#include <stdexcept>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

using namespace braid;
using namespace braid::testing;
using namespace std::chrono_literals;

// What the workers run.
namespace {

int same(int x) { return x; }
descriptor pipe_with(int number) {
    int both[2];
    if (::pipe2(both, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "make a pipe");
    const descriptor write(both[1]);
    if (::write(write.get(), &number, sizeof number) != sizeof number) throw std::runtime_error("no write");
    return descriptor(both[0]);
}
int read_number(const descriptor& from) {
    int number = 0;
    if (::read(from.get(), &number, sizeof number) != sizeof number) throw std::runtime_error("no read");
    return number;
}
std::ptrdiff_t open_there(const descriptor&) { return belongings().descriptors; }
std::vector<descriptor> pipes_with(int number, std::size_t count) {
    std::vector<descriptor> all;
    for (std::size_t i = 0; i != count; ++i) all.push_back(pipe_with(number));
    return all;
}
int number_if_all(const std::vector<descriptor>& all) {
    const int first = read_number(all.front());
    for (std::size_t i = 1; i != all.size(); ++i) {
        if (read_number(all[i]) != first) throw std::runtime_error("these are of several items");
    }
    return first;
}
shared_bytes numbered(int i) {
    shared_bytes bytes(4'096);
    bytes.as<int>()[0] = i;
    return bytes;
}
shared_bytes back(shared_bytes bytes) { return bytes; }
int number_of(const shared_bytes& bytes) { return bytes.as<int>()[0]; }
/// Keeps the first it gets.
shared_bytes first_of(shared_bytes bytes) {
    static const shared_bytes first = std::move(bytes);
    return first;
}
int put_square(const shared_bytes& table, int at) { return table.as<int>()[static_cast<std::size_t>(at)] = at * at; }
shared_bytes odd_ones_throw(shared_bytes bytes) {
    if (number_of(bytes) % 2 == 1) throw std::out_of_range(std::to_string(number_of(bytes)));
    return bytes;
}

/// A descriptor that is opened twice in a result, once as it should be, and once without being there.
struct half_there {
    descriptor good;
    descriptor bad;
};
half_there sixth_has_none(int number) {
    return {.good = pipe_with(number), .bad = number == 6 ? descriptor() : pipe_with(number)};
}

int dies_at_70(const std::string& counter, const descriptor& from) {
    const int number = read_number(from);
    run_counter::ran(counter, static_cast<std::size_t>(number));
    if (number == 70) ::raise(SIGKILL);
    return number;
}
int dies_of_the_first_70(const std::string& counter, const shared_bytes& bytes) {
    const int number = number_of(bytes);
    if (run_counter::ran(counter, static_cast<std::size_t>(number)) == 1 && number == 70) ::raise(SIGKILL);
    return number;
}
descriptor pipe_unless_70(const std::string& counter, int number) {
    run_counter::ran(counter, static_cast<std::size_t>(number));
    if (number == 70) ::raise(SIGKILL);
    return pipe_with(number);
}
int waits_at_7(const std::string& counter, const std::string& path, const descriptor& from) {
    const int number = read_number(from);
    run_counter::ran(counter, static_cast<std::size_t>(number));
    if (number == 7) gate::pass(path);
    return number;
}
int until_stopped(const descriptor&) {
    while (!stop_requested()) {
    }
    return 0;
}

// What the parent does.
/// Made as they are taken.
auto pipes(int count) { return std::views::iota(0, count) | std::views::transform(pipe_with); }
auto pipes_with_counter(const std::string& path, int count) {
    return std::views::iota(0, count) |
           std::views::transform([path](int i) { return std::tuple<std::string, descriptor>(path, pipe_with(i)); });
}
std::vector<int> numbers(int count) {
    std::vector<int> all;
    for (int i = 0; i < count; ++i) all.push_back(i);
    return all;
}
task<> make_quick(process_pool& pool) { co_await pool.map(same, numbers(20'000)).collect(); }

}  // namespace

TEST_SUITE("process/process_pool: map with attachments") {
    TEST_CASE("descriptors travel as items and as results, in order and not, and none is left open") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2, .min_workers = 2});
            co_await make_quick(pool);
            co_await workers_ready(pool, 2);
            const belongings before;
            for (const std::size_t batch : {0U, 1U, 7U, 500U}) {
                const auto read = co_await pool.map(read_number, pipes(600), {.batch = batch}).collect();
                CHECK(read == numbers(600));
                auto any_order = co_await pool.map_unordered(read_number, pipes(100), {.batch = batch}).collect();
                std::ranges::sort(any_order);
                CHECK(any_order == numbers(100));
                auto made = pool.map(pipe_with, std::views::iota(0, 600), {.batch = batch});
                int wrong = 0;
                for (int i = 0; i < 600; ++i) {
                    const auto fd = co_await made.next();
                    wrong += read_number(*fd) != i;
                }
                CHECK(wrong == 0);
            }
            CHECK(belongings().descriptors == before.descriptors);
            const auto open = co_await pool.run(open_there, pipe_with(0));
            CHECK(open < 30);
        }());
    }

    TEST_CASE("items that are looked at, not moved, keep what they have") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            std::vector<descriptor> all;
            for (int i = 0; i < 50; ++i) all.push_back(pipe_with(i));
            const auto read = co_await pool.map(read_number, all, {.batch = 10}).collect();
            CHECK(read == numbers(50));
            for (const auto& each : all) CHECK(::fcntl(each.get(), F_GETFD) >= 0);
        }());
    }

    TEST_CASE("memory comes back as the very same, and what a worker makes is used here") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2, .min_workers = 2});
            co_await make_quick(pool);
            co_await workers_ready(pool, 2);
            const belongings before;
            {
                std::vector<shared_bytes> all;
                for (int i = 0; i < 100; ++i) all.push_back(numbered(i));
                const auto same_ones = co_await pool.map(back, all, {.batch = 25}).collect();
                REQUIRE(same_ones.size() == 100);
                for (std::size_t i = 0; i < 100; ++i) CHECK(same_ones[i].data() == all[i].data());
                const auto made = co_await pool.map(numbered, numbers(100), {.batch = 25}).collect();
                REQUIRE(made.size() == 100);
                for (std::size_t i = 0; i < 100; ++i) CHECK(number_of(made[i]) == static_cast<int>(i));
                const auto seen = co_await pool.map(number_of, made).collect();
                CHECK(seen == numbers(100));
            }
            CHECK(belongings().descriptors == before.descriptors);
        }());
    }

    TEST_CASE("ten thousand items that share one memory travel in batches, and work on it") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2});
            const shared_bytes table(10'000 * sizeof(int));
            auto items = std::views::iota(0, 10'000) |
                         std::views::transform([&](int i) { return std::tuple<shared_bytes, int>(table, i); });
            const auto squares = co_await pool.map(put_square, items, {.batch = 2'500}).collect();
            REQUIRE(squares.size() == 10'000);
            int wrong = 0;
            for (int i = 0; i < 10'000; ++i) {
                const auto at = static_cast<std::size_t>(i);
                wrong += squares[at] != i * i || table.as<int>()[at] != i * i;
            }
            CHECK(wrong == 0);
            const auto stats = co_await pool.stats();
            CHECK(stats.answered < 100);  // so they did travel together
        }());
    }

    TEST_CASE("memory that a worker keeps of an earlier item may be the result of a later one") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            auto firsts =
                pool.map(first_of, std::views::iota(1, 200) | std::views::transform([](int i) { return numbered(i); }),
                         {.batch = 50});
            int seen = 0;
            while (const auto first = co_await firsts.next()) seen += number_of(*first) == 1;
            CHECK(seen == 199);
        }());
    }

    TEST_CASE("an item with 253 descriptors travels, among others, and one with more fails alone, as does a result") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            const auto counts = std::vector<std::size_t>{1, 200, 100, 253, 254, 1, 253, 3};
            auto items = std::views::iota(0, 8) | std::views::transform([&](int i) {
                             return pipes_with(i, counts[static_cast<std::size_t>(i)]);
                         });
            auto ends = co_await pool.map_outcomes(number_if_all, items, {.batch = 8}).collect();
            REQUIRE(ends.size() == 8);
            for (int i = 0; i < 8; ++i) {
                auto& each = ends[static_cast<std::size_t>(i)];
                REQUIRE(each.has_value() == (i != 4));
                if (i != 4) CHECK(each.value() == i);
            }
            CHECK_THROWS_AS(static_cast<void>(std::move(ends[4]).value()), wire::encode_error);

            auto asked = std::views::iota(0, 8) | std::views::transform([&](int i) {
                             return std::tuple<int, std::size_t>(i, counts[static_cast<std::size_t>(i)]);
                         });
            auto made = pool.map_outcomes(pipes_with, asked, {.batch = 8});
            for (int i = 0; i < 8; ++i) {
                auto each = co_await made.next();
                REQUIRE(each->has_value() == (i != 4));
                if (i != 4) {
                    CHECK(number_if_all(each->value()) == i);
                } else {
                    CHECK_THROWS_AS(static_cast<void>(std::move(*each).value()), wire::result_error);
                }
            }
        }());
    }

    TEST_CASE("an item that throws, or whose result cannot be sent, takes nothing away from the others") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .min_workers = 1});
            std::vector<shared_bytes> all;
            for (int i = 0; i < 40; ++i) all.push_back(numbered(i));
            const belongings before;
            for (int round = 0; round < 3; ++round) {
                auto ends = co_await pool.map_outcomes(odd_ones_throw, all, {.batch = 40}).collect();
                REQUIRE(ends.size() == 40);
                for (std::size_t i = 0; i < 40; ++i) {
                    REQUIRE(ends[i].has_value() == (i % 2 == 0));
                    if (i % 2 == 0) CHECK(ends[i].value().data() == all[i].data());
                }
                auto halves = co_await pool.map_outcomes(sixth_has_none, numbers(12), {.batch = 12}).collect();
                REQUIRE(halves.size() == 12);
                for (int i = 0; i < 12; ++i) {
                    auto& each = halves[static_cast<std::size_t>(i)];
                    REQUIRE(each.has_value() == (i != 6));
                    if (i != 6) CHECK(read_number(each.value().bad) == i);
                }
            }
            const auto open = co_await pool.run(open_there, pipe_with(0));
            CHECK(open < 60);  // of the forty that we still have
            CHECK(belongings().descriptors <= before.descriptors + 10);
        }());
    }

    TEST_CASE("of a batch in which a worker dies only the running item fails, the others have their descriptors") {
        run_counter counter(100);
        run_blocking([](run_counter& c) -> task<> {
            process_pool pool({.workers = 2});
            auto ends =
                co_await pool.map_outcomes(dies_at_70, pipes_with_counter(c.path(), 100), {.batch = 50}).collect();
            REQUIRE(ends.size() == 100);
            for (int i = 0; i < 100; ++i) {
                auto& each = ends[static_cast<std::size_t>(i)];
                REQUIRE(each.has_value() == (i != 70));
                if (i != 70) CHECK(each.value() == i);
            }
            std::optional<std::uint64_t> item;
            try {
                static_cast<void>(std::move(ends[70]).value());
            } catch (const worker_died& e) {
                item = e.item();
            }
            CHECK(item == 70);
        }(counter));
        for (std::size_t i = 0; i < 100; ++i) CHECK(counter.runs_of(i) == 1);
    }

    TEST_CASE("results that a worker had finished before it died are kept, with their descriptors") {
        run_counter counter(100);
        run_blocking([](run_counter& c) -> task<> {
            process_pool pool({.workers = 1});
            auto items = std::views::iota(0, 100) |
                         std::views::transform([&](int i) { return std::tuple<std::string, int>(c.path(), i); });
            auto ends = pool.map_outcomes(pipe_unless_70, items, {.batch = 100});
            for (int i = 0; i < 100; ++i) {
                auto each = co_await ends.next();
                REQUIRE(each->has_value() == (i != 70));
                if (i != 70) CHECK(read_number(each->value()) == i);
            }
        }(counter));
        for (std::size_t i = 0; i < 100; ++i) CHECK(counter.runs_of(i) == 1);
    }

    TEST_CASE("an item that may be repeated has its memory again at the next worker") {
        run_counter counter(100);
        run_blocking([](run_counter& c) -> task<> {
            process_pool pool({.workers = 1});
            auto items = std::views::iota(0, 100) | std::views::transform([&](int i) {
                             return std::tuple<std::string, shared_bytes>(c.path(), numbered(i));
                         });
            const auto seen =
                co_await pool.map(dies_of_the_first_70, items, {.call = {.retries = 1}, .batch = 50}).collect();
            CHECK(seen == numbers(100));
        }(counter));
        for (std::size_t i = 0; i < 100; ++i) CHECK(counter.runs_of(i) == (i == 70 ? 2 : 1));
    }

    TEST_CASE("items that are taken back from behind a long one have their descriptors elsewhere") {
        run_counter counter(16);
        gate door;
        run_blocking([](run_counter& c, gate& g) -> task<> {
            process_pool pool({.workers = 2});
            auto items = std::views::iota(0, 16) | std::views::transform([&](int i) {
                             return std::tuple<std::string, std::string, descriptor>(c.path(), g.path(), pipe_with(i));
                         });
            auto results = pool.map_unordered(waits_at_7, items, {.batch = 16});
            std::vector<int> got;
            while (got.size() < 15) got.push_back((co_await results.next()).value());  // while 7 stands at the gate
            CHECK(std::ranges::find(got, 7) == got.end());
            g.open();
            const auto last = co_await results.next();
            CHECK(last == 7);
        }(counter, door));
        for (std::size_t i = 0; i < 16; ++i) CHECK(counter.runs_of(i) == 1);
    }

    TEST_CASE("a consumer that stops early leaves no descriptor with anybody") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .min_workers = 1});
            co_await make_quick(pool);
            const belongings before;
            {
                auto results = pool.map(until_stopped, pipes(100), {.batch = 10});
                CHECK_FALSE(co_await move_on_after(20ms, results.next()));
            }
            const auto after = co_await pool.map(read_number, pipes(10)).collect();
            CHECK(after == numbers(10));
            CHECK(belongings().descriptors == before.descriptors);
            const auto open = co_await pool.run(open_there, pipe_with(0));
            CHECK(open < 30);
        }());
    }

    TEST_CASE("an endless range of them has a bounded number open ahead of its consumer") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2, .min_workers = 2});
            co_await make_quick(pool);
            co_await workers_ready(pool, 2);
            const belongings before;
            std::ptrdiff_t most = 0;
            {
                auto results = pool.map(read_number, std::views::iota(0) | std::views::transform(pipe_with));
                for (int i = 0; i < 3'000; ++i) {
                    co_await results.next();
                    most = std::max(most, belongings().descriptors - before.descriptors);
                }
            }
            CHECK(most <= 2 * 2 * 16 + 16);
        }());
    }

    TEST_CASE("a parent without a descriptor left fails the items that bring one, and no worker" *
              doctest::skip(braid_test::sanitized)) {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            co_await make_quick(pool);
            const auto known = numbered(8);
            CHECK(co_await pool.run(number_of, known) == 8);
            std::vector<descriptor> all;
            for (int i = 0; i < 5; ++i) all.push_back(pipe_with(i));
            const std::vector<shared_bytes> some(3, known);
            {
                const low_descriptor_limit none(0);
                for (auto& each : co_await pool.map_outcomes(read_number, all).collect()) {
                    CHECK_THROWS_AS(static_cast<void>(std::move(each).value()), std::system_error);
                }
                for (auto& each : co_await pool.map_outcomes(pipe_with, numbers(5)).collect()) {
                    CHECK_THROWS_AS(static_cast<void>(std::move(each).value()), std::system_error);
                }
                CHECK((co_await pool.map(back, some).collect()).back().data() == known.data());
            }
            CHECK(co_await pool.map(read_number, all).collect() == numbers(5));
            const auto stats = co_await pool.stats();
            CHECK(stats.started == 1);
        }());
    }
}
