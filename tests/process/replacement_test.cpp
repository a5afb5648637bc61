// A worker that dies is replaced as soon as that can be seen: its pipe ends before the reaper has a turn.

#include "process/services.hpp"

#include "support/children.hpp"
#include "support/gate.hpp"

#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/process/process_pool.hpp>

#include <doctest/doctest.h>

#include <csignal>
#include <functional>
#include <future>
#include <string>
#include <utility>

#include <unistd.h>

using namespace braid;
using namespace braid::testing;

// What the workers run.
namespace {

int pid() { return ::getpid(); }
int passes(const std::string& place) { return gate::pass(place); }

}  // namespace

namespace {

/// While there is one, nobody learns of the end of any child.
class kernel_is_silent {
public:
    kernel_is_silent() {
        process_detail::process_services& services = *process_detail::services();
        std::promise<void> begun;
        services.children.watch(start_or_throw(services.launcher, test_child({"exit", "0"})),
                                [&begun, over = over_.get_future().share()](auto, const auto&) {
                                    begun.set_value();
                                    over.wait();
                                });
        begun.get_future().wait();
    }
    kernel_is_silent(const kernel_is_silent&) = delete;
    kernel_is_silent& operator=(const kernel_is_silent&) = delete;
    ~kernel_is_silent() { over_.set_value(); }

private:
    std::promise<void> over_;
};

task<> expects_death(process_pool& pool, const std::string& place, bool& died) {
    try {
        co_await pool.run(passes, place);
    } catch (const worker_died& e) {
        died = e.signal() == SIGKILL;
    }
}

}  // namespace

TEST_SUITE("process/replacement") {
    TEST_CASE("what waits behind a call that dies runs in another worker while the reaper has no turn") {
        run_blocking([]() -> task<> {
            gate closed;
            process_pool pool({.workers = 1});
            bool died = false;
            co_await with_task_group([&](task_group& group) -> task<> {
                group.start(expects_death, std::ref(pool), closed.path(), std::ref(died));
                co_await closed.arrival();
                const int worker = (co_await pool.stats()).workers.front().pid;
                {
                    const kernel_is_silent until_the_next_has_answered;
                    ::kill(worker, SIGKILL);
                    CHECK(co_await pool.run(pid) != worker);
                    CHECK((co_await pool.stats()).started == 2);
                }
            });
            CHECK(died);
            const auto stats = co_await pool.stats();
            CHECK(stats.workers.size() == 1);
            CHECK(stats.ended.died_of_calls == 1);
        }());
    }
}
