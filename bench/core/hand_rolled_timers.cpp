// The least that could do it: a binary heap of times and callbacks, the clock, and a sleep until the earliest is due.
// No cancellation out of the middle of the heap, no coroutines, no executor.

#include "core/timers.hpp"

#include <queue>
#include <thread>
#include <vector>

namespace {

struct entry;
using heap = std::priority_queue<entry>;

struct entry {
    bench::clock::time_point at;
    void (*fire)(heap&, void*);
    void* argument;
    friend bool operator<(const entry& a, const entry& b) { return b.at < a.at; }
};

void count(heap&, void* n) { ++*static_cast<std::uint64_t*>(n); }

void fire_again(heap& timers, bench::repeated_timer& times) {
    if (!times.again()) return;
    timers.push(
        {times.next(), [](heap& h, void* t) { fire_again(h, *static_cast<bench::repeated_timer*>(t)); }, &times});
}

void run(heap& timers) {
    while (!timers.empty()) {
        const auto now = bench::clock::now();
        if (timers.top().at > now) {
            std::this_thread::sleep_until(timers.top().at);
            continue;
        }
        while (!timers.empty() && timers.top().at <= now) {
            const entry due = timers.top();
            timers.pop();
            due.fire(timers, due.argument);
        }
    }
}

void already_due(std::uint64_t operations) {
    heap timers;
    std::uint64_t fired = 0;
    const auto past = bench::clock::now();
    for (std::uint64_t i = 0; i < operations; ++i) {
        timers.push({past, count, &fired});
        run(timers);
    }
    if (fired != operations) std::abort();
}

void armed_and_cancelled(std::uint64_t operations) {
    heap timers;
    std::uint64_t fired = 0;
    for (std::uint64_t i = 0; i < operations; ++i) {
        timers.push({bench::clock::now() + std::chrono::hours(1), count, &fired});
        timers.pop();
    }
    if (fired != 0) std::abort();
}

void many(bench::repeated_timer::schedule& schedule) {
    std::vector<bench::repeated_timer> timers;
    timers.reserve(bench::timers_at_a_time);
    heap set;
    for (std::uint64_t i = 0; i < bench::timers_at_a_time; ++i) timers.emplace_back(schedule, i);
    for (auto& timer : timers) {
        set.push(
            {timer.next(), [](heap& h, void* t) { fire_again(h, *static_cast<bench::repeated_timer*>(t)); }, &timer});
    }
    run(set);
}

}  // namespace

int main(int argc, char** argv) {
    const auto asked = bench::parse(argc, argv);
    if (asked.problem == "timer_due") {
        bench::report_each(asked.operations, already_due);
    } else if (asked.problem == "timer_cancelled") {
        bench::report_each(asked.operations, armed_and_cancelled);
    } else if (bench::repeated_timer::schedule::is_asked_for(asked)) {
        bench::repeated_timer::schedule schedule(asked);
        many(schedule);
        schedule.report();
    } else {
        return 77;
    }
}
