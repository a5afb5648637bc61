#include <braid/core/ready_signal.hpp>

#include <braid/core/deadline.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include <braid/testing/co_test_case.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

using namespace braid;
using namespace std::chrono_literals;

namespace {

/// Needs a while to begin, and then runs until it is stopped.
task<> serve(ready_signal<int> ready, int port, std::string& log) {
    co_await checkpoint();
    log += "bound ";
    ready(port);
    try {
        co_await sleep_for(1h);
    } catch (const cancelled& c) {
        log += to_string(c.reason());
        throw;
    }
}

}  // namespace

TEST_SUITE("core/ready_signal") {
    TEST_CASE("start_ready returns, with the value, when the child says that it is ready, the child goes on") {
        run_blocking([]() -> task<> {
            std::string log;
            co_await with_task_group([&](task_group& g) -> task<> {
                const int port = co_await g.start_ready<int>(serve, 80, std::ref(log));
                CHECK(port == 80);
                CHECK(log == "bound ");
                CHECK(g.size() == 1);
                g.cancel();
            });
            CHECK(log == "bound user");
        }());
    }

    TEST_CASE("a child may be ready without a value, before its first await, and end at once") {
        run_blocking([]() -> task<> {
            co_await with_task_group([](task_group& g) -> task<> {
                co_await g.start_ready([](ready_signal<> ready) -> task<> {
                    ready();
                    co_return;
                });
                auto owner = co_await g.start_ready<std::unique_ptr<int>>(
                    [](ready_signal<std::unique_ptr<int>> ready) -> task<> {
                        ready(std::make_unique<int>(3));
                        co_return;
                    });
                CHECK(*owner == 3);
            });
        }());
    }

    TEST_CASE("what a child throws before it is ready goes to its starter, and does not fail the group") {
        run_blocking([]() -> task<> {
            co_await with_task_group([](task_group& g) -> task<> {
                auto refuse = [](ready_signal<int>) -> task<> {
                    co_await checkpoint();
                    throw std::runtime_error("the port is taken");
                };
                CHECK_THROWS_WITH_AS(co_await g.start_ready<int>(refuse), "the port is taken", std::runtime_error);
                CHECK(g.size() == 0);
                CHECK_FALSE(g.cancelled());
            });
        }());
    }

    TEST_CASE("what a child throws after it was ready is a failure of the group") {
        run_blocking([]() -> task<> {
            CHECK_THROWS_WITH_AS(co_await with_task_group([](task_group& g) -> task<> {
                                     co_await g.start_ready([](ready_signal<> ready) -> task<> {
                                         ready();
                                         co_await checkpoint();
                                         throw std::runtime_error("the line is dead");
                                     });
                                     co_await sleep_for(1h);
                                 }),
                                 "the line is dead", std::runtime_error);
        }());
    }

    TEST_CASE("a child that ends without a word is an error, and so is one that says it twice") {
        run_blocking([]() -> task<> {
            co_await with_task_group([](task_group& g) -> task<> {
                auto silent = [](ready_signal<>) -> task<> { co_await checkpoint(); };
                CHECK_THROWS_AS(co_await g.start_ready(silent), usage_error);
            });
            auto twice = [](ready_signal<int> ready) -> task<> {
                ready(1);
                ready(2);
                co_return;
            };
            CHECK_THROWS_AS(co_await with_task_group([&](task_group& g) -> task<> {
                                const int first = co_await g.start_ready<int>(twice);
                                CHECK(first == 1);
                                co_await sleep_for(1h);
                            }),
                            usage_error);
        }());
    }

    CO_TEST_CASE("a start that runs out of time has ended the child, and the group goes on") {
        co_await with_task_group([](task_group& g) -> task<> {
            std::string log;
            auto slow = [](ready_signal<int> ready, std::string& l) -> task<> {
                try {
                    co_await sleep_for(1h);
                } catch (const cancelled& c) {
                    l += to_string(c.reason());
                    ready(1);  // too late
                    throw;
                }
            };
            const auto port = co_await move_on_after(1ms, g.start_ready<int>(slow, std::ref(log)));
            CHECK_FALSE(port.has_value());
            CHECK(log == "deadline");
            CHECK(g.size() == 0);
            CHECK_FALSE(g.cancelled());
        });
    }

    TEST_CASE("a signal that outlives its child and its group does no harm") {
        run_blocking([]() -> task<> {
            std::optional<ready_signal<int>> kept;
            co_await with_task_group([&](task_group& g) -> task<> {
                auto leak = [](ready_signal<int> ready, std::optional<ready_signal<int>>& out) -> task<> {
                    out = ready;
                    co_return;
                };
                CHECK_THROWS_AS(co_await g.start_ready<int>(leak, std::ref(kept)), usage_error);
            });
            (*kept)(5);
            CHECK_THROWS_AS((*kept)(6), usage_error);
        }());
    }
}
