// What the library calls back may throw anywhere, and nothing breaks.

#include <braid/core/as_result.hpp>
#include <braid/core/deadline.hpp>
#include <braid/core/shield.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/when_all.hpp>
#include <braid/core/when_any.hpp>

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <stdexcept>
#include <utility>
#include <vector>

using namespace braid;
using namespace std::chrono_literals;

namespace {

struct thrown : std::runtime_error {
    thrown() : std::runtime_error("thrown by a callback") {}
};

/// Counts its copies, and throws instead of being copied or moved once the budget is spent.
class fragile {
public:
    explicit fragile(int& budget) : budget_(&budget) {}
    fragile(const fragile& other) : budget_(other.budget_) { spend(); }
    fragile(fragile&& other) : budget_(other.budget_) { spend(); }
    fragile& operator=(const fragile&) = delete;
    ~fragile() = default;

private:
    void spend() {
        if ((*budget_)-- == 0) throw thrown();
    }
    int* budget_;
};

task<> take(fragile) { co_await checkpoint(); }
task<fragile> give(int& budget) {
    fragile value(budget);
    co_await checkpoint();
    co_return value;
}
/// Not a coroutine: throws before there is a task.
task<int> throws_at_once(int) { throw thrown(); }
task<> body_throws_at_once(task_group&) { throw thrown(); }

/// Runs `scenario(budget)` with a budget of 0 copies, of 1, and so on until it is enough: the failure must be `thrown`.
template <class Scenario>
void with_every_budget(Scenario scenario) {
    int failures = 0;
    for (int copies = 0; copies < 100; ++copies) {
        bool failed = false;
        run_blocking([](Scenario& run, int budget, bool& did_fail) -> task<> {
            try {
                co_await run(budget);
            } catch (const thrown&) {
                did_fail = true;
            }
            co_await checkpoint();
        }(scenario, copies, failed));
        if (!failed) break;
        ++failures;
    }
    CHECK(failures > 0);
    CHECK(failures < 100);
}

}  // namespace

TEST_SUITE("core/callbacks that throw") {
    TEST_CASE("a callable that throws before it gives a task fails its group like any child") {
        run_blocking([]() -> task<> {
            CHECK_THROWS_AS(co_await with_task_group(body_throws_at_once), thrown);
            CHECK_THROWS_AS(co_await with_task_group([](task_group& g) -> task<> {
                                g.start(throws_at_once, 1);
                                co_await sleep_for(1h);
                            }),
                            thrown);
            CHECK_THROWS_AS(co_await with_task_group([](task_group& g) -> task<> {
                                g.start_daemon(throws_at_once, 1);
                                co_await sleep_for(1h);
                            }),
                            thrown);
            co_await with_task_group([](task_group& g) -> task<> {
                auto refuse = [](ready_signal<>) -> task<> { throw thrown(); };
                CHECK_THROWS_AS(co_await g.start_ready(refuse), thrown);
            });
        }());
    }

    TEST_CASE("arguments that throw while they are copied into a child leave the group as it was") {
        with_every_budget([](int& budget) -> task<> {
            co_await with_task_group([&](task_group& g) -> task<> {
                g.start(take, fragile(budget));
                g.start_daemon(take, fragile(budget));
                auto handle = g.submit(take, fragile(budget));
                co_await handle;
            });
        });
    }

    TEST_CASE("results that throw while they are moved are failures of their tasks") {
        with_every_budget([](int& budget) -> task<> {
            co_await give(budget);
            static_cast<void>(co_await as_result(give(budget)));
            co_await shield(give(budget));
            co_await fail_after(1h, give(budget));
            co_await when_all(give(budget), give(budget));
            co_await when_all_settled(give(budget), give(budget));
            co_await when_any(give(budget), give(budget));
            std::vector<task<fragile>> many;
            many.push_back(give(budget));
            co_await when_all(std::move(many));
            co_await with_task_group([&](task_group& g) -> task<> {
                auto handle = g.submit(give, std::ref(budget));
                co_await handle;
            });
        });
    }

    TEST_CASE("a completion handler that throws does so out of the loop's run, which can go on") {
        boost::asio::io_context context(1);
        int completed = 0;
        for (int i = 0; i < 2; ++i) {
            spawn(
                context, []() -> task<> { co_await checkpoint(); }(),
                [&](std::exception_ptr) {
                    ++completed;
                    throw thrown();
                });
        }
        CHECK_THROWS_AS(context.run(), thrown);
        CHECK_THROWS_AS(context.run(), thrown);
        context.run();
        CHECK(completed == 2);
    }
}
