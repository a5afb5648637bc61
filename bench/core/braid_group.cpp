// Children started and joined in a braid::task_group. Problems: start_join (one child at a time), fan_out (100 at a
// time). Unit: nanoseconds for each child.
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include <functional>

#include "support/contender.hpp"

namespace {

[[gnu::noinline]] braid::task<> add(std::uint64_t value, std::uint64_t& sum) {
    sum += value;
    co_return;
}

braid::task<std::uint64_t> start_and_join(std::uint64_t operations, std::uint64_t at_a_time) {
    std::uint64_t sum = 0;
    co_await braid::with_task_group([&](braid::task_group& children) -> braid::task<> {
        for (std::uint64_t done = 0; done < operations; done += at_a_time) {
            for (std::uint64_t i = 0; i < at_a_time; ++i) children.start(add, std::uint64_t{1}, std::ref(sum));
            co_await children.join();
        }
    });
    co_return sum;
}

}  // namespace

int main(int argc, char** argv) {
    const bench::request asked = bench::parse(argc, argv);
    const bench::stopwatch watch;
    const std::uint64_t sum =
        braid::run_blocking(start_and_join(asked.operations, asked.problem == "fan_out" ? 100 : 1));
    const double wall = watch.wall_seconds();

    if (sum < asked.operations) return 1;
    bench::report(wall * 1e9 / static_cast<double>(sum), watch.cpu_seconds());
}
