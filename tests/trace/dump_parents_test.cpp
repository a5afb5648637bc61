// Who is below whom in a dump, where there is no group: forks, streams of results, other threads.

#include <braid/trace/dump.hpp>

#include <braid/core/named.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/when_all.hpp>
#include <braid/flow/as_completed.hpp>
#include <braid/flow/map_concurrent.hpp>
#include <braid/sync/event.hpp>
#include <braid/testing/co_test_case.hpp>
#include <braid/thread/fork_join.hpp>
#include <braid/thread/start_on.hpp>

#include <support/look_around.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace braid;
using namespace std::chrono_literals;
using braid_test::find;
using braid_test::look_around;

namespace {

task<> wait_named(std::string name, event& e) { co_await named(std::move(name), e.wait()); }

task<> fork_two(event& e) { co_await fork_join(wait_named("left", e), wait_named("right", e)); }

task<> consume_all(event& e) {
    std::vector<task<>> work;
    work.push_back(wait_named("first", e));
    work.push_back(wait_named("second", e));
    co_await as_completed(std::move(work)).collect();
}

task<> consume_a_map(event& e) {
    const std::vector<std::string> names{"first", "second", "third"};
    co_await map_concurrent(2, names, [&e](std::string name) { return wait_named(std::move(name), e); }).collect();
}

/// What is seen while `work` waits for the event; then it is let go.
template <class Look>
task<> look_while(task<> work, event& e, Look look) {
    co_await with_task_group([&](task_group& g) -> task<> {
        g.start([](task<> w) { return w; }, std::move(work));
        co_await sleep_for(1s);
        look(look_around());
        e.set();
    });
}

/// The dump of the whole process, once it says all of these words.
std::string dump_with(const std::vector<std::string>& words) {
    for (;;) {
        std::string text = dump_tasks_blocking(std::chrono::minutes(1)).text();
        bool all = true;
        for (const std::string& word : words) all = all && text.find(word) != std::string::npos;
        if (all) return text;
    }
}

}  // namespace

TEST_SUITE("trace/dump: parents") {
    CO_TEST_CASE("forked children are shown below who forked them, and what that waits for") {
        event e;
        co_await look_while(named("parent", fork_two(e)), e, [](const home_info& here) {
            const task_info* parent = find(here.roots, "parent");
            REQUIRE(parent);
            CHECK(parent->waits_for == "forked children");
            CHECK(parent->children.size() == 2);
            CHECK(find(parent->children, "left"));
            CHECK(find(parent->children, "right"));
        });
    }

    CO_TEST_CASE("the tasks of as_completed and map_concurrent are shown below who consumes their results") {
        event e;
        co_await look_while(named("consumer", consume_all(e)), e, [](const home_info& here) {
            const task_info* consumer = find(here.roots, "consumer");
            REQUIRE(consumer);
            CHECK(find(consumer->children, "first"));
            CHECK(find(consumer->children, "second"));
        });
        event f;
        co_await look_while(named("consumer", consume_a_map(f)), f, [](const home_info& here) {
            const task_info* consumer = find(here.roots, "consumer");
            REQUIRE(consumer);
            CHECK(find(consumer->children, "first"));
            CHECK(find(consumer->children, "second"));
            CHECK_FALSE(find(here.roots, "third"));  // one at a time, and two of them
        });
    }

    CO_TEST_CASE("a child that has not begun is shown") {
        event e;
        co_await with_task_group([&](task_group& g) -> task<> {
            co_await checkpoint();
            g.start(wait_named, "later", std::ref(e));
            const home_info here = look_around();
            REQUIRE(here.roots.size() == 1);
            CHECK(here.roots[0].waits_for == "its turn to begin");
            REQUIRE(here.roots[0].awaits.size() == 1);
            CHECK(std::string(here.roots[0].awaits[0].function_name()).find("wait_named") != std::string::npos);
            g.cancel();
        });
    }

    CO_TEST_CASE("who is started by a task that has ended meanwhile is below nobody") {
        event e;
        job<> kept;
        const auto starter = [](job<>& to, event& for_it) -> task<> {
            to = detail::start_job(wait_named("left behind", for_it));
            co_return;
        };
        co_await with_task_group([&](task_group& g) -> task<> {
            g.start(starter, std::ref(kept), std::ref(e));
            co_await g.join();
            for (int i = 0; i < 3; ++i) g.start(wait_named, "another", std::ref(e));  // where the starter has been
            co_await sleep_for(1s);
            const home_info here = look_around();
            CHECK(find(here.roots, "left behind"));
            for (const task_info& root : here.roots) CHECK((root.name == "left behind" || root.children.empty()));
            e.set();
        });
        co_await kept;
    }

    TEST_CASE("who waits for another thread says so, and what is there is shown on its home, stolen children too") {
        thread_pool lived_on({.threads = 2, .name = "lived on"});
        thread_pool called({.threads = 1, .name = "called"});
        event e;
        std::promise<void> looked;
        std::jthread looking([&] {
            const std::string text = dump_with({"elsewhere", "left", "right", "a plain call"});
            CHECK(text.find("waits for a coroutine on the threads of \"lived on\"") != std::string::npos);
            CHECK(text.find("waits for a call on the threads of \"called\"") != std::string::npos);
            CHECK(text.find("waits for forked children") != std::string::npos);
            e.set();
            looked.set_value();
        });
        auto fork = [&]() -> task<> { co_await named("elsewhere", start_on(lived_on, fork_two, std::ref(e))); };
        auto call = [&]() -> task<> {
            co_await named("a plain call",
                           called.run([](std::promise<void>& until) { until.get_future().wait(); }, std::ref(looked)));
        };
        run_blocking([](auto& f, auto& c) -> task<> { co_await when_all(f(), c()); }(fork, call));
    }
}
