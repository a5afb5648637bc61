// Children of a braid::task_group that all wait for a timer. Unit: bytes of the heap for each.
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include "support/contender.hpp"
#include "support/heap.hpp"

namespace {

[[gnu::noinline]] braid::task<> wait() { co_await braid::sleep_for(std::chrono::hours(1)); }

braid::task<std::size_t> bytes_of(std::uint64_t operations) {
    std::size_t used = 0;
    co_await braid::with_task_group([&](braid::task_group& children) -> braid::task<> {
        const std::size_t before = bench::heap_bytes();
        for (std::uint64_t i = 0; i < operations; ++i) children.start(wait);
        co_await braid::checkpoint();  // every child goes first, and is suspended then
        used = bench::heap_bytes() - before;
        children.cancel();
    });
    co_return used;
}

}  // namespace

int main(int argc, char** argv) {
    const bench::request asked = bench::parse(argc, argv);
    const bench::stopwatch watch;
    const std::size_t used = braid::run_blocking(bytes_of(asked.operations));
    bench::report(static_cast<double>(used) / static_cast<double>(asked.operations), watch.cpu_seconds());
}
