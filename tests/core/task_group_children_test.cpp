// Children of a group with a handle, and what they are started with.

#include <braid/core/task_group.hpp>

#include "support/child_tasks.hpp"

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
using namespace braid::testing;
using namespace std::chrono_literals;

namespace {

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
