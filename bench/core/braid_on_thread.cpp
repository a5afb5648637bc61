// An empty function on another thread, awaited. Problems: on_thread_1, _64, _1000: so many calls are in flight. Unit:
// nanoseconds a call; with one in flight the median of the calls.

#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/thread/on_thread.hpp>

#include "core/hops.hpp"

namespace {

void empty() {}

braid::task<> calls(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) co_await braid::on_thread(empty);
}

braid::task<> timed_calls(bench::hop_times& times, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
        times.begin();
        co_await braid::on_thread(empty);
        times.end();
    }
}

braid::task<> side_by_side(std::uint64_t in_flight, std::uint64_t each) {
    co_await braid::with_task_group([&](braid::task_group& group) -> braid::task<> {
        for (std::uint64_t i = 0; i < in_flight; ++i) group.start(calls, each);
        co_return;
    });
}

}  // namespace

int main(int argc, char** argv) {
    return bench::measure_hops(
        bench::parse(argc, argv),
        [](bench::hop_times& times, std::uint64_t count) { braid::run_blocking(timed_calls(times, count)); },
        [](std::uint64_t in_flight, std::uint64_t each) { braid::run_blocking(side_by_side(in_flight, each)); });
}
