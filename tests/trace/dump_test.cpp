#include <braid/trace/dump.hpp>

#include <braid/core/deadline.hpp>
#include <braid/core/job.hpp>
#include <braid/core/named.hpp>
#include <braid/core/shield.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/this_executor.hpp>
#include <braid/core/use_task.hpp>
#include <braid/sync/channel.hpp>
#include <braid/sync/semaphore.hpp>
#include <braid/testing/co_test_case.hpp>

#include <boost/asio/steady_timer.hpp>

#include <support/look_around.hpp>

#include <doctest/doctest.h>

#include <future>
#include <string_view>
#include <thread>

using namespace braid;
using namespace std::chrono_literals;
using braid_test::find;
using braid_test::look_around;

namespace {

task<> innermost() { co_await sleep_for(1h); }
task<> middle() { co_await innermost(); }

/// The function names of a chain, as they come, are the compiler's: whether they contain these words, in this order.
bool goes_through(const task_info& info, const std::vector<std::string_view>& functions) {
    std::size_t next = 0;
    for (const auto& await : info.awaits) {
        if (next < functions.size() &&
            std::string_view(await.function_name()).find(functions[next]) != std::string::npos)
            ++next;
    }
    return next == functions.size();
}

/// What `work` waits for once nothing else is ready.
std::string waits_for(task<> work) {
    std::string found;
    testing::run_virtual([](task<> waiting, std::string& words) -> task<> {
        auto job = detail::start_job(named("it", std::move(waiting)));
        co_await sleep_for(1s);
        const home_info here = look_around();
        if (const task_info* it = find(here.roots, "it")) words = it->waits_for;
        job.cancel();
        try {
            co_await job;
        } catch (const cancelled&) {
        }
    }(std::move(work), found));
    return found;
}

}  // namespace

TEST_SUITE("trace/dump") {
    CO_TEST_CASE("a task is shown with every await on its way, down to what it waits for, and since when") {
        auto job = detail::start_job(named("sleeper", middle()));
        co_await sleep_for(20min);
        const home_info here = look_around();
        REQUIRE(here.roots.size() == 1);  // the one that looks is running
        const task_info& sleeper = here.roots[0];
        CHECK(sleeper.name == "sleeper");
        CHECK(goes_through(sleeper, {"middle", "innermost"}));
        CHECK(sleeper.awaits.size() == 2);
        CHECK(sleeper.awaits[1].line() == 32);
        CHECK(sleeper.waits_for == "a sleep that has 2400.000 s to go");
        CHECK(here.at - sleeper.since == 20min);
    }

    CO_TEST_CASE("children are shown below the task that started them, through groups in groups and deadlines") {
        const auto grandchildren = []() -> task<> {
            co_await with_task_group([](task_group& g) -> task<> {
                g.start(named<task<>>, "first", middle());
                g.start(named<task<>>, "second", middle());
                co_return;
            });
        };
        const auto family = [&]() -> task<> {
            co_await with_task_group([&](task_group& g) -> task<> {
                g.start(named<task<>>, "child", fail_after(10h, grandchildren()));
                co_await sleep_for(1h);
            });
        };
        auto job = detail::start_job(named("parent", family()));
        co_await sleep_for(1s);
        const home_info here = look_around();
        REQUIRE(here.roots.size() == 1);
        CHECK(here.roots[0].name == "parent");
        REQUIRE(here.roots[0].children.size() == 1);
        const task_info& child = here.roots[0].children[0];
        CHECK(child.name == "child");
        CHECK(child.waits_for == "the children of a group");
        REQUIRE(child.children.size() == 2);
        CHECK(find(child.children, "first"));
        CHECK(find(child.children, "second"));
    }

    TEST_CASE("each kind of wait has its words") {
        channel<int> queue(1);
        semaphore none(0, 1);
        const auto pop = [&]() -> task<> { co_await queue.pop(); };
        const auto acquire = [&]() -> task<> { const permit taken = co_await none.acquire(); };
        const auto asio = []() -> task<> {
            boost::asio::steady_timer timer(co_await this_executor(), 1h);
            co_await timer.async_wait(use_task);
        };
        const auto job = []() -> task<> {
            auto inner = detail::start_job(middle());
            co_await inner;
        };
        CHECK(waits_for(pop()) == "channel<int>::popping");
        CHECK(waits_for(acquire()) == "semaphore::acquiring");
        CHECK(waits_for(job()) == "a job");
        CHECK(waits_for(asio()) == "Asio's async_wait");
    }

    CO_TEST_CASE("what is shielded is shown too, and what has become ready is said to be ready") {
        channel<int> queue(1);
        const auto pop = [](channel<int>& from) -> task<> { co_await from.pop(); };
        auto job = detail::start_job(named("shielded", shield(pop(queue))));
        co_await sleep_for(1s);
        const home_info before = look_around();
        REQUIRE(find(before.roots, "shielded"));
        CHECK_FALSE(find(before.roots, "shielded")->waits_for.empty());
        const bool pushed = queue.try_push(1);
        CHECK(pushed);
        const home_info after = look_around();
        REQUIRE(find(after.roots, "shielded"));
        CHECK(find(after.roots, "shielded")->waits_for.empty());
    }

    TEST_CASE("all loops of the process are asked, and one that does not answer is said to be stalled") {
        std::promise<void> held;
        std::promise<void> let_go;
        std::jthread busy([&] {
            run_blocking([](std::promise<void>& in, std::promise<void>& out) -> task<> {
                in.set_value();
                out.get_future().wait();  // as no coroutine should
                co_return;
            }(held, let_go));
        });
        held.get_future().wait();
        const task_dump dump = run_blocking([]() -> task<task_dump> {
            const auto own_home = [](auto) -> task<task_dump> { co_return co_await dump_tasks(500ms); };
            co_return co_await named("who asks", own_home(0));
        }());
        let_go.set_value();
        REQUIRE(dump.homes.size() == 2);
        CHECK(dump.homes[0].stalled);
        CHECK_FALSE(dump.homes[1].stalled);
        REQUIRE(find(dump.homes[1].roots, "who asks"));
        CHECK(dump.text().find("home 1 of 2: it does not answer") == 0);
        CHECK(dump.text().find("- who asks\n") != std::string::npos);
    }

    TEST_CASE("a plain thread asks by blocking; in a coroutine that is refused") {
        CHECK(dump_tasks_blocking().homes.empty());
        run_blocking([]() -> task<> {
            CHECK_THROWS_AS(static_cast<void>(dump_tasks_blocking()), usage_error);
            co_return;
        }());
    }

    TEST_CASE("a deadlock in virtual time says who waits for what") {
        channel<int> queue(1);
        const auto stuck = [](channel<int>& from) -> task<> { co_await from.pop(); };
        CHECK_THROWS_WITH_AS(testing::run_virtual(named("the stuck one", stuck(queue))),
                             doctest::Contains("the stuck one"), testing::deadlock);
    }
}
