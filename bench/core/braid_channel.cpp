// Values through a braid::channel. Unit: nanoseconds for each value.

#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/sync/channel.hpp>

#include <functional>
#include <thread>
#include <vector>

#include "support/contender.hpp"

namespace {

using values = braid::channel<std::uint64_t>;

braid::task<> produce(values& into, std::uint64_t count) {
    for (std::uint64_t i = 1; i <= count; ++i) co_await into.push(i);
}

braid::task<> consume(values& from, std::uint64_t count, std::uint64_t& sum) {
    for (std::uint64_t i = 0; i < count; ++i) sum += *co_await from.pop();
}

braid::task<> one_loop(std::size_t capacity, std::uint64_t count, std::uint64_t& sum) {
    values ch(capacity);
    co_await braid::with_task_group([&](braid::task_group& g) -> braid::task<> {
        g.start(produce, std::ref(ch), count);
        g.start(consume, std::ref(ch), count, std::ref(sum));
        co_return;
    });
}

braid::task<> all_produce(values& into, int tasks, std::uint64_t count) {
    co_await braid::with_task_group([&](braid::task_group& g) -> braid::task<> {
        for (int i = 0; i < tasks; ++i) g.start(produce, std::ref(into), count / static_cast<unsigned>(tasks));
        co_return;
    });
}

braid::task<> all_consume(values& from, int tasks, std::uint64_t count, std::uint64_t& sum) {
    co_await braid::with_task_group([&](braid::task_group& g) -> braid::task<> {
        for (int i = 0; i < tasks; ++i) {
            g.start(consume, std::ref(from), count / static_cast<unsigned>(tasks), std::ref(sum));
        }
        co_return;
    });
}

void two_threads(int tasks, std::uint64_t count, std::uint64_t& sum) {
    values ch(1024);
    std::thread producer([&] { braid::run_blocking(all_produce(ch, tasks, count)); });
    braid::run_blocking(all_consume(ch, tasks, count, sum));
    producer.join();
}

}  // namespace

int main(int argc, char** argv) {
    bench::request asked = bench::parse(argc, argv);
    asked.operations = (asked.operations + 3) / 4 * 4;
    std::uint64_t sum = 0;
    const bench::stopwatch watch;
    if (asked.problem == "channel_rendezvous") {
        braid::run_blocking(one_loop(0, asked.operations, sum));
    } else if (asked.problem == "channel_buffered") {
        braid::run_blocking(one_loop(64, asked.operations, sum));
    } else {
        two_threads(asked.problem == "channel_threads_4_4" ? 4 : 1, asked.operations, sum);
    }
    const double wall = watch.wall_seconds();
    if (sum == 0) return 1;
    bench::report(wall / static_cast<double>(asked.operations) * 1e9, watch.cpu_seconds());
}
