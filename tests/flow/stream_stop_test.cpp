// Streams that end early: their clean-up is seen through, and may await.

#include <braid/flow/stream.hpp>

#include "support/cancel_everywhere.hpp"

#include <braid/core/deadline.hpp>
#include <braid/core/job.hpp>
#include <braid/core/shield.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <stdexcept>
#include <string>

using namespace braid;
using namespace std::chrono_literals;

namespace {

/// Says good-bye in its own time.
stream<int> polite(std::string& log) {
    bool stopped = false;
    try {
        for (int i = 0;; ++i) co_yield i;
    } catch (const cancelled& c) {
        stopped = c.reason() == cancel_reason::user;
    }
    log += stopped ? "stopped " : "cancelled ";
    co_await shield(sleep_for(1ms));
    log += "done ";
}
stream<int> stubborn(int& refusals) {
    for (int i = 0;;) {
        try {
            co_yield i++;
        } catch (const cancelled&) {
            if (++refusals == 3) throw;
        }
    }
}
stream<int> fails_in_the_end() {
    try {
        co_yield 1;
    } catch (const cancelled&) {
    }
    throw std::runtime_error("no good-bye");
}
stream<int> outer(std::string& log) {
    auto inner = polite(log);
    while (auto value = co_await inner.next()) co_yield *value;
}

}  // namespace

TEST_SUITE("flow/stream_stop") {
    TEST_CASE("a dropped stream's clean-up may await, and the scope ends after it") {
        run_blocking([]() -> task<> {
            std::string log;
            co_await with_task_group([&](task_group&) -> task<> {
                {
                    auto s = polite(log);
                    const auto first = co_await s.next();
                    CHECK(first == 0);
                }
                CHECK(log == "stopped ");
                log += "left ";
            });
            CHECK(log == "stopped left done ");
        }());
    }

    TEST_CASE("stop waits for the clean-up and tells its error") {
        run_blocking([]() -> task<> {
            std::string log;
            auto s = polite(log);
            static_cast<void>(co_await s.next());
            co_await std::move(s).stop();
            CHECK(log == "stopped done ");

            auto failing = fails_in_the_end();
            static_cast<void>(co_await failing.next());
            CHECK_THROWS_WITH_AS(co_await std::move(failing).stop(), "no good-bye", std::runtime_error);
            const auto after = co_await failing.next();
            CHECK_FALSE(after);
        }());
    }

    TEST_CASE("stop of a stream that has not begun, or has ended, does nothing") {
        run_blocking([]() -> task<> {
            std::string log;
            co_await polite(log).stop();
            CHECK(log.empty());
            auto one = []() -> stream<int> { co_yield 1; }();
            static_cast<void>(co_await one.next());
            static_cast<void>(co_await one.next());
            co_await std::move(one).stop();
        }());
    }

    TEST_CASE("a stream inside of a dropped one is dropped with it, and the scope ends after both") {
        run_blocking([]() -> task<> {
            std::string log;
            co_await with_task_group([&](task_group&) -> task<> {
                auto s = outer(log);
                static_cast<void>(co_await s.next());
            });
            CHECK(log == "stopped done ");
            log.clear();
            auto s = outer(log);
            static_cast<void>(co_await s.next());
            co_await std::move(s).stop();
            CHECK(log == "stopped done ");
        }());
    }

    TEST_CASE("a stream that goes on yielding is told each time") {
        run_blocking([]() -> task<> {
            int refusals = 0;
            {
                auto s = stubborn(refusals);
                static_cast<void>(co_await s.next());
            }
            CHECK(refusals == 3);
        }());
    }

    TEST_CASE("dropped while an exception is on its way, the clean-up runs as ever") {
        run_blocking([]() -> task<> {
            std::string log;
            const auto throws = [](std::string& l) -> task<> {
                auto s = outer(l);
                static_cast<void>(co_await s.next());
                throw std::runtime_error("on its way");
            };
            CHECK_THROWS_WITH_AS(co_await with_task_group([&](task_group&) -> task<> { co_await throws(log); }),
                                 "on its way", std::runtime_error);
            CHECK(log == "stopped done ");
        }());
    }

    TEST_CASE("dropped outside of coroutines, the destructor blocks until the clean-up is done") {
        std::string log;
        {
            std::optional<stream<int>> kept;
            run_blocking([](auto& k, auto& l) -> task<> {
                k.emplace(polite(l));
                static_cast<void>(co_await k->next());
            }(kept, log));
            CHECK(log.empty());
        }
        CHECK(log == "stopped done ");
    }

    TEST_CASE("a job that a dropped stream keeps is cancelled, and the scope waits for it") {
        run_blocking([]() -> task<> {
            int alive = 0;
            co_await with_task_group([&](task_group&) -> task<> {
                auto keeper = [](int& n) -> stream<int> {
                    auto work = [](int& count) -> task<> {
                        const braid_test::witness here(count);
                        try {
                            co_await sleep_for(1h);
                        } catch (const cancelled&) {
                        }
                        co_await shield(sleep_for(1ms));
                    };
                    auto job = detail::start_job(work(n));
                    co_await checkpoint();
                    co_yield 1;
                    co_await job;
                }(alive);
                static_cast<void>(co_await keeper.next());
                CHECK(alive == 1);
            });
            CHECK(alive == 0);
        }());
    }

    TEST_CASE("cancelled at whatever step, a stream with clean-up unwinds") {
        braid_test::cancel_everywhere([](int& alive) -> task<> {
            const braid_test::witness here(alive);
            std::string log;
            co_await with_task_group([&](task_group&) -> task<> {
                auto s = outer(log);
                for (int i = 0; i < 3; ++i) {
                    co_await checkpoint();
                    static_cast<void>(co_await s.next());
                }
            });
            CHECK(log.ends_with("done "));
        });
    }
}
