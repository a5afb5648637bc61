// Children of a group that nobody waits for, and those that are awaited before the block ends.

#include <braid/core/task_group.hpp>

#include "support/child_tasks.hpp"

#include <braid/core/deadline.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>

#include <braid/testing/co_test_case.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <stdexcept>
#include <string>

using namespace braid;
using namespace braid::testing;
using namespace std::chrono_literals;

TEST_SUITE("core/task_group: start_daemon") {
    TEST_CASE("a daemon is cancelled when the body and all other children have ended, and then awaited") {
        run_blocking([]() -> task<> {
            std::string log;
            co_await with_task_group([&](task_group& g) -> task<> {
                g.start_daemon(serve, std::ref(log));
                g.start(
                    [](std::string& l) -> task<> {
                        for (int i = 0; i < 10; ++i) co_await checkpoint();
                        l += "worked, ";
                    },
                    std::ref(log));
                co_await checkpoint();
                CHECK(g.size() == 2);
            });
            CHECK(log == "worked, shutdown");
        }());
    }

    TEST_CASE("a daemon that fails fails its group") {
        run_blocking([]() -> task<> {
            CHECK_THROWS_WITH_AS(co_await with_task_group([](task_group& g) -> task<> {
                                     g.start_daemon(fail, "daemon");
                                     co_await sleep_for(1h);
                                 }),
                                 "daemon", std::runtime_error);
        }());
    }

    TEST_CASE("what a daemon throws while it is being ended is a failure too") {
        run_blocking([]() -> task<> {
            CHECK_THROWS_WITH_AS(co_await with_task_group([](task_group& g) -> task<> {
                                     g.start_daemon([]() -> task<> {
                                         try {
                                             co_await sleep_for(1h);
                                         } catch (const cancelled&) {
                                             throw std::runtime_error("late");
                                         }
                                     });
                                     co_return;
                                 }),
                                 "late", std::runtime_error);
        }());
    }

    TEST_CASE("a child that a daemon starts while it unwinds is awaited like any other") {
        run_blocking([]() -> task<> {
            int value = 0;
            co_await with_task_group([&](task_group& g) -> task<> {
                g.start_daemon(
                    [](task_group& group, int& n) -> task<> {
                        try {
                            co_await sleep_for(1h);
                        } catch (const cancelled&) {
                            group.start([](int& m) -> task<> { m = co_await twice(3); }, std::ref(n));
                            throw;
                        }
                    },
                    std::ref(g), std::ref(value));
                co_return;
            });
            CHECK(value == 6);
        }());
    }

    TEST_CASE("a body that gave its value is not robbed of it by its daemons") {
        run_blocking([]() -> task<> {
            std::string log;
            const int value = co_await with_task_group([&](task_group& g) -> task<int> {
                g.start_daemon(serve, std::ref(log));
                co_return co_await twice(1);
            });
            CHECK(value == 2);
            CHECK(log == "shutdown");
        }());
    }
}

TEST_SUITE("core/task_group: join") {
    TEST_CASE("join waits for all children but daemons, again and again") {
        run_blocking([]() -> task<> {
            std::string log;
            int done = 0;
            co_await with_task_group([&](task_group& g) -> task<> {
                g.start_daemon(serve, std::ref(log));
                co_await g.join();  // nobody to wait for
                for (int round = 1; round <= 3; ++round) {
                    for (int i = 0; i < 10; ++i) {
                        g.start(
                            [](int& n) -> task<> {
                                co_await checkpoint();
                                ++n;
                            },
                            std::ref(done));
                    }
                    co_await g.join();
                    CHECK(done == 10 * round);
                }
            });
        }());
    }

    CO_TEST_CASE("a join that runs out of time leaves the children alone") {
        int value = 0;
        co_await with_task_group([&](task_group& g) -> task<> {
            g.start(
                [](int& n) -> task<> {
                    co_await sleep_for(20ms);
                    n = co_await twice(1);
                },
                std::ref(value));
            const bool joined = co_await move_on_after(1ms, g.join());
            CHECK_FALSE(joined);
        });
        CHECK(value == 2);
    }

    TEST_CASE("one who joins may be cancelled when the group has already gone") {
        run_blocking([]() -> task<> {
            bool joined = false;
            co_await with_task_group([&](task_group& outer) -> task<> {
                co_await with_task_group([&](task_group& inner) -> task<> {
                    inner.start([]() -> task<> { co_await checkpoint(); });
                    outer.start(
                        [](task_group& g, bool& done) -> task<> {
                            co_await g.join();
                            done = true;
                        },
                        std::ref(inner), std::ref(joined));
                    co_await checkpoint();
                });
                outer.cancel();
            });
            CHECK(joined);
        }());
    }

    TEST_CASE("all who join the same children go on together") {
        run_blocking([]() -> task<> {
            int joined = 0;
            co_await with_task_group([&](task_group& outer) -> task<> {
                co_await with_task_group([&](task_group& inner) -> task<> {
                    inner.start([]() -> task<> { co_await sleep_for(1ms); });
                    const auto join = [](task_group& g, int& n) -> task<> {
                        co_await g.join();
                        ++n;
                    };
                    outer.start(join, std::ref(inner), std::ref(joined));
                    outer.start(join, std::ref(inner), std::ref(joined));
                    co_await inner.join();
                    CHECK(inner.size() == 0);
                });
            });
            CHECK(joined == 2);
        }());
    }
}
