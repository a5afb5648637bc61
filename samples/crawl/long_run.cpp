#include "long_run.hpp"

#include <braid/core/shield.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/task_group.hpp>

#include <fmt/format.h>

#include <csignal>
#include <functional>
#include <utility>

namespace crawl {
namespace {

braid::task<> stop_when_cancelled(const long_run& run, console& screen) {
    try {
        co_await braid::sleep_until(braid::time_point::max());
    } catch (const braid::cancelled& c) {
        if (c.reason() == braid::cancel_reason::user) {
            run.stop();
            screen.print_for_people(fmt::format(
                "stopping when {} in flight are done; press Ctrl-C again to stop at once\n", run.now().in_flight));
        }
        throw;
    }
}

}  // namespace

braid::task<> show_meanwhile(braid::task<> work, const long_run& run, console& screen) {
    co_await braid::with_task_group([&](braid::task_group& group) -> braid::task<> {
        group.start(&console::show_on_signal, &screen, SIGUSR1, run.now, run.state);
        group.start(&console::show, &screen, run.now);
        co_await std::move(work);
        group.cancel();
    });
}

braid::task<> see_through(braid::task<> work, const long_run& run, console& screen) {
    co_await braid::with_task_group([&](braid::task_group& around) -> braid::task<> {
        around.start(stop_when_cancelled, std::cref(run), std::ref(screen));
        co_await braid::shield(std::move(work));
        around.cancel(braid::cancel_reason::shutdown);
    });
}

}  // namespace crawl
