// Workers that turn on their parent: they write over the board that they share with it.

#include <braid/process/process_pool.hpp>

#include "support/deaths.hpp"
#include "support/hostile.hpp"

#include <braid/core/deadline.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/when_all.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <unistd.h>

using namespace braid;
using namespace braid::testing;
using namespace std::chrono_literals;

namespace {

// What the workers run.
int square(int x) { return x * x; }
int pid() { return ::getpid(); }
[[noreturn]] void hang() {
    for (;;) ::pause();
}

void fill_board_and_die(int byte) {
    hostile me;
    std::memset(me.whole_board().data(), byte, me.whole_board().size());
    ::raise(SIGKILL);
}

void claims_to_have_said(std::int64_t more) {
    hostile me;
    me.header().replies.committed += static_cast<std::uint64_t>(more);
    ::raise(SIGKILL);
}

void began(std::int64_t when) {
    hostile().header().current_since = when;
    ::raise(SIGKILL);
}

void says_it_is(process_detail::slot_state state) {
    hostile me;
    auto& word = me.own_slot().word;
    word = (word & ~7U) | static_cast<std::uint32_t>(state);
}
void marks_itself_and_hangs(process_detail::slot_state state) {
    says_it_is(state);
    hang();
}
void marks_itself_and_dies(process_detail::slot_state state) {
    says_it_is(state);
    ::raise(SIGKILL);
}

void leaves_a_crash_report_of(char letter) {
    std::signal(SIGABRT, SIG_DFL);
    hostile me;
    std::memset(me.crash_report().data(), letter, me.crash_report().size());
    std::abort();
}

/// Dies, and leaves somebody behind outside of its process group who goes on talking, and writing over the board.
void leaves_a_talker() {
    if (::fork() == 0) {
        ::setsid();
        hostile me;
        const std::vector<std::byte> nothing(64 << 10);
        hostile::say({.length = std::uint64_t{1} << 31, .id = me.own_id(), .kind = 3});
        for (;;) {  // until the pipe breaks
            std::memset(me.crash_report().data(), 'f', me.crash_report().size());
            me.header().replies.committed = ~std::uint64_t{0};
            hostile::write_to_pipe(nothing);
        }
    }
    ::raise(SIGKILL);
}

}  // namespace

TEST_SUITE("process/process_pool with hostile workers: the board") {
    TEST_CASE("a board that is written over is the end of its worker's calls, never of their parent") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            for (const int byte : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
                // Some are sent ahead: what became of those cannot be known, but each ends.
                int values = 0;
                int died = 0;
                co_await with_task_group([&](task_group& g) -> task<> {
                    for (int i = 0; i < 50; ++i) {
                        g.start(
                            [](process_pool& p, int& v, int& d, int how) -> task<> {
                                try {
                                    if (how >= 0) co_await p.run(fill_board_and_die, how);
                                    const int value = co_await p.run(square, 2);
                                    v += value == 4;
                                } catch (const worker_died&) {
                                    ++d;
                                }
                            },
                            std::ref(pool), std::ref(values), std::ref(died), i == 25 ? byte : -1);
                    }
                    co_return;
                });
                CHECK(died >= 1);
                CHECK(values + died == 50);
                CHECK(co_await pool.run(square, 5) == 25);
            }
        }());
    }

    TEST_CASE("a cursor of the reply buffer that is out of range is a broken protocol, not a wild read") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            for (const std::int64_t more : {std::int64_t{-1}, std::int64_t{1} << 18, std::int64_t{1} << 60,
                                            std::numeric_limits<std::int64_t>::min()}) {
                const auto ended = co_await death_of(pool.run(claims_to_have_said, more));
                CHECK(ended.died);
                CHECK(ended.reason == death_reason::broke_protocol);
            }
            // Within the range it is what a ring holds that nobody has written yet: no frame.
            const auto ended = co_await death_of(pool.run(claims_to_have_said, std::int64_t{100}));
            CHECK(ended.died);
            CHECK(co_await pool.run(square, 5) == 25);
        }());
    }

    TEST_CASE("a call cannot have begun before its worker, nor later than now") {
        run_blocking([]() -> task<> {
            const auto before = std::chrono::steady_clock::now();
            process_pool pool({.workers = 1});
            for (const auto when : {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1}, std::int64_t{0},
                                    std::numeric_limits<std::int64_t>::max()}) {
                const auto ended = co_await death_of(pool.run(began, when));
                CHECK(ended.died);
                CHECK(ended.ran_for >= 0us);
                CHECK(ended.ran_for <= std::chrono::steady_clock::now() - before);
            }
        }());
    }

    TEST_CASE("a call can be stopped whatever its worker says of its state") {
        using process_detail::slot_state;
        for (const auto state : {slot_state::free, slot_state::running, slot_state::done, slot_state::revoked,
                                 static_cast<slot_state>(7)}) {
            CAPTURE(static_cast<int>(state));
            run_blocking([](slot_state s) -> task<> {
                process_pool pool({.workers = 1, .grace = 10ms});
                co_await pool.run(pid);
                CHECK_THROWS_AS(co_await fail_after(50ms, pool.run(marks_itself_and_hangs, s)), timed_out);
                CHECK(co_await pool.run(square, 5) == 25);
            }(state));
        }
    }

    TEST_CASE("two calls that are done but never answered are both stopped") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .grace = 10ms});
            for (int i = 0; i < 1'000; ++i) co_await pool.run(square, i);  // so that both are sent
            auto both_done = [](process_pool& p) -> task<> {
                co_await fail_after(50ms, p.run([] {
                    hostile me;
                    for (auto& slot : me.slots()) {
                        const auto word = slot.word.load();
                        if (word % 8 != 0) slot.word = (word & ~7U) | 3U;
                    }
                    hang();
                }));
            };
            auto other = [](process_pool& p) -> task<> { co_await fail_after(60ms, p.run(square, 1)); };
            int stopped = 0;
            auto count = [&](task<> work) -> task<> {
                try {
                    co_await std::move(work);
                } catch (const timed_out&) {
                    ++stopped;
                }
            };
            co_await when_all(count(both_done(pool)), count(other(pool)));
            CHECK(stopped >= 1);
            CHECK(co_await pool.run(square, 5) == 25);
        }());
    }

    TEST_CASE("a call that dies and says it never began is not run for ever") {
        using process_detail::slot_state;
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            CHECK_THROWS_AS(co_await pool.run(marks_itself_and_dies, slot_state::queued), pool_failed);
            CHECK(co_await pool.run(square, 5) == 25);
        }());
    }

    TEST_CASE("a crash report of garbage gives no stack, and no harm") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            for (const char letter : {'f', 'x', '\n', '\xff'}) {
                const auto ended = co_await death_of(pool.run(leaves_a_crash_report_of, letter));
                CHECK(ended.died);
            }
        }());
    }

    TEST_CASE("who escapes from a worker that died and goes on talking is not listened to") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            const auto ended = co_await death_of(pool.run(leaves_a_talker));
            CHECK(ended.died);
            CHECK(co_await pool.run(square, 5) == 25);
        }());
    }
}
