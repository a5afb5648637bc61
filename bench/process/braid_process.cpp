// braid's process pool: the same problems as the other contenders, 2 workers, a function that does nothing.

#include <braid/app/run.hpp>
#include <braid/core/task_group.hpp>
#include <braid/process/process_pool.hpp>

#include <ranges>

#include "support/contender.hpp"

namespace {

void nothing() {}
int identity(int value) { return value; }

braid::task<> one_by_one(braid::process_pool& pool, std::uint64_t calls) {
    for (std::uint64_t i = 0; i < calls; ++i) co_await pool.run(nothing);
}

braid::task<> round_trips(braid::process_pool& pool, bench::laps& trips, std::uint64_t calls) {
    for (std::uint64_t i = 0; i < calls; ++i) {
        co_await pool.run(nothing);
        trips.lap();
    }
}

braid::task<> pipelined(braid::process_pool& pool, std::uint64_t calls, std::uint64_t in_flight) {
    co_await braid::with_task_group([&](braid::task_group& group) -> braid::task<> {
        for (std::uint64_t i = 0; i < in_flight; ++i) {
            group.start(one_by_one, std::ref(pool), calls / in_flight);
        }
        co_return;
    });
}

braid::task<int> app(std::span<char*> args) {
    const bench::request asked = bench::parse(static_cast<int>(args.size()), args.data());
    braid::process_pool_options options{.workers = 2};
    if (asked.problem == "round_trip_spinning") options.spin = std::chrono::microseconds(200);
    braid::process_pool pool(options);
    const std::uint64_t in_flight = asked.problem == "pipelined_64" ? 64 : 1'000;
    co_await pipelined(pool, 2 * in_flight, in_flight);  // both workers are up

    const bench::stopwatch watch;
    const auto calls = static_cast<double>(asked.operations);
    if (asked.problem.starts_with("round_trip")) {
        bench::laps trips(asked.operations);
        co_await round_trips(pool, trips, asked.operations);
        co_await pool.close();  // then the workers' CPU time counts
        bench::report(trips.median(), watch.cpu_seconds());
    } else if (asked.problem.starts_with("pipelined")) {
        co_await pipelined(pool, asked.operations, in_flight);
        const double wall = watch.wall_seconds();
        co_await pool.close();
        bench::report(calls / wall, watch.cpu_seconds());
    } else if (asked.problem == "map") {
        const auto values =
            co_await pool.map(identity, std::views::iota(0, static_cast<int>(asked.operations))).collect();
        const double wall = watch.wall_seconds();
        if (values.size() != asked.operations || values.back() + 1 != static_cast<int>(asked.operations)) co_return 1;
        co_await pool.close();
        bench::report(calls / wall, watch.cpu_seconds());
    } else {
        co_return 77;
    }
    co_return 0;
}

}  // namespace

int main(int argc, char** argv) { return braid::run(argc, argv, app); }
