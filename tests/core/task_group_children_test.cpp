// Children of a group with a handle, without one that waits for them, and awaited before the block ends.

#include <braid/core/task_group.hpp>

#include <braid/core/deadline.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

using namespace braid;
using namespace std::chrono_literals;

namespace {

task<int> twice(int value) {
    co_await checkpoint();
    co_return 2 * value;
}
task<> fail(std::string message) {
    co_await checkpoint();
    throw std::runtime_error(message);
}
/// Says why it was stopped.
task<> serve(std::string& log) {
    try {
        co_await sleep_for(1h);
    } catch (const cancelled& c) {
        log += to_string(c.reason());
        throw;
    }
}
task<std::size_t> length(const std::string& text) {
    co_await checkpoint();
    co_return text.size();
}

struct counter {
    int count = 0;
    task<> add(const std::string& text) {
        co_await checkpoint();
        count += static_cast<int>(text.size());
    }
};

}  // namespace

TEST_SUITE("core/task_group: submit") {
    TEST_CASE("handles give the results of children, in any order, also after the block") {
        run_blocking([]() -> task<> {
            std::optional<job<int>> kept;
            co_await with_task_group([&](task_group& g) -> task<> {
                auto first = g.submit(twice, 1);
                auto second = g.submit(twice, 2);
                kept = g.submit(twice, 3);
                const int b = co_await second;
                const int a = co_await first;
                CHECK(a == 2);
                CHECK(b == 4);
            });
            CHECK(kept->done());
            const int c = co_await *kept;
            CHECK(c == 6);
        }());
    }

    TEST_CASE("move-only and void results come through a handle") {
        run_blocking([]() -> task<> {
            co_await with_task_group([](task_group& g) -> task<> {
                auto owner =
                    g.submit([](int n) -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(n); }, 5);
                bool ran = false;
                auto nothing = g.submit(
                    [](bool& flag) -> task<> {
                        flag = true;
                        co_return;
                    },
                    std::ref(ran));
                const auto five = co_await owner;
                co_await nothing;
                CHECK(*five == 5);
                CHECK(ran);
            });
        }());
    }

    TEST_CASE("the failure of a submitted child is the group's, and is told to whoever awaits the handle") {
        run_blocking([]() -> task<> {
            std::optional<job<>> handle;
            CHECK_THROWS_WITH_AS(co_await with_task_group([&](task_group& g) -> task<> {
                                     handle = g.submit(fail, "broken");
                                     co_await sleep_for(1h);
                                 }),
                                 "broken", std::runtime_error);
            CHECK_THROWS_WITH_AS(co_await *handle, "broken", std::runtime_error);
        }());
    }

    TEST_CASE("cancelling a handle, or dropping it, ends that child alone and fails nobody") {
        run_blocking([]() -> task<> {
            std::string log;
            int other = 0;
            co_await with_task_group([&](task_group& g) -> task<> {
                auto cancelled_one = g.submit(serve, std::ref(log));
                {
                    auto dropped = g.submit(serve, std::ref(log));
                    co_await checkpoint();
                }
                auto goes_on = g.submit(twice, 4);
                co_await checkpoint();
                cancelled_one.cancel(cancel_reason::shutdown);
                other = co_await goes_on;
                co_await g.join();
                CHECK_FALSE(g.cancelled());
            });
            CHECK(other == 8);
            CHECK((log == "usershutdown" || log == "shutdownuser"));
        }());
    }

    TEST_CASE("a handle cancelled before its child began stops it at its first await") {
        run_blocking([]() -> task<> {
            std::string log;
            co_await with_task_group([&](task_group& g) -> task<> {
                auto early = g.submit(serve, std::ref(log));
                early.cancel();
                co_await g.join();
                CHECK(early.done());
            });
            CHECK(log == "user");
        }());
    }
}

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

    TEST_CASE("a join that runs out of time leaves the children alone") {
        run_blocking([]() -> task<> {
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
        }());
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

TEST_SUITE("core/task_group: arguments") {
    TEST_CASE("what an argument is converted to lives as long as the child") {
        run_blocking([]() -> task<> {
            co_await with_task_group([](task_group& g) -> task<> {
                auto size = g.submit(length, "a literal that is too long for a small string");
                g.start(length, "another literal that is too long for a small string");
                const std::size_t n = co_await size;
                CHECK(n == 45);
            });
        }());
    }

    TEST_CASE("a member function is started on an object by reference, pointer or value") {
        run_blocking([]() -> task<> {
            counter shared;
            co_await with_task_group([&](task_group& g) -> task<> {
                g.start(&counter::add, std::ref(shared), "a literal that is too long for a small string");
                g.start(&counter::add, &shared, "another literal that is too long for a small string");
                g.start(&counter::add, std::make_unique<counter>(), "x");
                g.start(&counter::add, counter(), std::string("y"));
                co_return;
            });
            CHECK(shared.count == 45 + 51);
        }());
    }
}
