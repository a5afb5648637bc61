// Timers as the sleeps and deadlines of tasks.

#include <braid/core/deadline.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include "core/timers.hpp"

using namespace braid;

namespace {

task<> already_due(std::uint64_t operations) {
    const auto past = bench::clock::now();
    for (std::uint64_t i = 0; i < operations; ++i) co_await sleep_until(past);
}

task<> nothing() { co_return; }

task<> armed_and_cancelled(std::uint64_t operations) {
    for (std::uint64_t i = 0; i < operations; ++i) co_await move_on_after(std::chrono::hours(1), nothing());
}

task<> sleep_again_and_again(bench::repeated_timer times) {
    do co_await sleep_until(times.next());
    while (times.again());
}

task<> many(bench::repeated_timer::schedule& schedule) {
    co_await with_task_group([&](task_group& group) -> task<> {
        for (std::uint64_t i = 0; i < bench::timers_at_a_time; ++i) {
            group.start(sleep_again_and_again, bench::repeated_timer(schedule, i));
        }
        co_return;
    });
}

}  // namespace

int main(int argc, char** argv) {
    const auto asked = bench::parse(argc, argv);
    if (asked.problem == "timer_due") {
        bench::report_each(asked.operations, [](std::uint64_t n) { run_blocking(already_due(n)); });
    } else if (asked.problem == "timer_cancelled") {
        bench::report_each(asked.operations, [](std::uint64_t n) { run_blocking(armed_and_cancelled(n)); });
    } else if (bench::repeated_timer::schedule::is_asked_for(asked)) {
        bench::repeated_timer::schedule schedule(asked);
        run_blocking(many(schedule));
        schedule.report();
    } else {
        return 77;
    }
}
