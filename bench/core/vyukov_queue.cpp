// Values through a bounded queue of D. Vyukov's kind between plain threads, which yield when it is full or empty.
// Unit: nanoseconds for each value.
// Source: https://www.1024cores.net/home/lock-free-algorithms/queues/bounded-mpmc-queue
#include <array>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include "support/contender.hpp"

namespace {

class queue {
public:
    queue() {
        for (std::size_t i = 0; i < cells_.size(); ++i) cells_[i].turn.store(i, std::memory_order_relaxed);
    }
    bool push(std::uint64_t value) {
        std::size_t place = 0;
        cell* const c = claim(pushed_, 0, place);
        if (!c) return false;
        c->value = value;
        c->turn.store(place + 1, std::memory_order_release);
        return true;
    }
    bool pop(std::uint64_t& value) {
        std::size_t place = 0;
        cell* const c = claim(popped_, 1, place);
        if (!c) return false;
        value = c->value;
        c->turn.store(place + cells_.size(), std::memory_order_release);
        return true;
    }

private:
    struct cell {
        std::atomic<std::size_t> turn;
        std::uint64_t value = 0;
    };

    /// The next cell whose turn it is, `ahead` of its place; null when there is none.
    cell* claim(std::atomic<std::size_t>& counter, std::size_t ahead, std::size_t& place) {
        place = counter.load(std::memory_order_relaxed);
        for (;;) {
            cell& c = cells_[place % cells_.size()];
            const auto late = static_cast<std::ptrdiff_t>(c.turn.load(std::memory_order_acquire) - (place + ahead));
            if (late < 0) return nullptr;
            if (late > 0) {
                place = counter.load(std::memory_order_relaxed);
            } else if (counter.compare_exchange_weak(place, place + 1, std::memory_order_relaxed)) {
                return &c;
            }
        }
    }

    std::array<cell, 1024> cells_;
    alignas(64) std::atomic<std::size_t> pushed_ = 0;
    alignas(64) std::atomic<std::size_t> popped_ = 0;
};

void produce(queue& into, std::uint64_t count) {
    for (std::uint64_t i = 1; i <= count; ++i) {
        while (!into.push(i)) std::this_thread::yield();
    }
}

void consume(queue& from, std::uint64_t count, std::atomic<std::uint64_t>& sum) {
    std::uint64_t mine = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        std::uint64_t value = 0;
        while (!from.pop(value)) std::this_thread::yield();
        mine += value;
    }
    sum += mine;
}

}  // namespace

int main(int argc, char** argv) {
    bench::request asked = bench::parse(argc, argv);
    asked.operations = (asked.operations + 3) / 4 * 4;
    const std::uint64_t pairs = asked.problem == "channel_threads_4_4" ? 4 : 1;
    static queue values;
    std::atomic<std::uint64_t> sum = 0;
    std::vector<std::thread> threads;
    const bench::stopwatch watch;
    for (std::uint64_t i = 0; i < pairs; ++i) {
        threads.emplace_back([&] { produce(values, asked.operations / pairs); });
        threads.emplace_back([&] { consume(values, asked.operations / pairs, sum); });
    }
    for (auto& t : threads) t.join();
    const double wall = watch.wall_seconds();
    if (sum == 0) return 1;
    bench::report(wall / static_cast<double>(asked.operations) * 1e9, watch.cpu_seconds());
}
