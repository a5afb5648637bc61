// Values through a plain ring between two coroutines of one loop: the least that could do it, without locks, closing or
// cancellation. Unit: nanoseconds for each value.
#include <array>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

#include "support/contender.hpp"

namespace {

/// Starts at once, and keeps its frame until it is destroyed.
class coroutine {
public:
    struct promise_type {
        coroutine get_return_object() { return coroutine(std::coroutine_handle<promise_type>::from_promise(*this)); }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { std::terminate(); }
    };
    coroutine(const coroutine&) = delete;
    coroutine& operator=(const coroutine&) = delete;
    ~coroutine() { frame_.destroy(); }

private:
    explicit coroutine(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
    std::coroutine_handle<promise_type> frame_;
};

/// The loop: at most one of the two is ready besides the one that runs.
std::coroutine_handle<> ready;

/// One side waits at a time: the producer when it is full, the consumer when it is empty.
template <std::size_t Capacity>
struct ring {
    std::array<std::uint64_t, Capacity> values;
    std::size_t pushed = 0;
    std::size_t popped = 0;
    std::coroutine_handle<> producer{};
    std::coroutine_handle<> consumer{};

    auto push(std::uint64_t value) {
        struct awaiter {
            ring& r;
            std::uint64_t value;
            bool await_ready() { return r.pushed - r.popped < Capacity; }
            void await_suspend(std::coroutine_handle<> h) { r.producer = h; }
            void await_resume() {
                r.values[r.pushed++ % Capacity] = value;
                if (r.consumer) ready = std::exchange(r.consumer, nullptr);
            }
        };
        return awaiter{*this, value};
    }
    auto pop() {
        struct awaiter {
            ring& r;
            bool await_ready() { return r.pushed != r.popped; }
            void await_suspend(std::coroutine_handle<> h) { r.consumer = h; }
            std::uint64_t await_resume() {
                const std::uint64_t value = r.values[r.popped++ % Capacity];
                if (r.producer) ready = std::exchange(r.producer, nullptr);
                return value;
            }
        };
        return awaiter{*this};
    }
};

template <std::size_t Capacity>
coroutine produce(ring<Capacity>& into, std::uint64_t count) {
    for (std::uint64_t i = 1; i <= count; ++i) co_await into.push(i);
}

template <std::size_t Capacity>
coroutine consume(ring<Capacity>& from, std::uint64_t count, std::uint64_t& sum) {
    for (std::uint64_t i = 0; i < count; ++i) sum += co_await from.pop();
}

template <std::size_t Capacity>
std::uint64_t run(std::uint64_t count) {
    ring<Capacity> values;
    std::uint64_t sum = 0;
    const coroutine consumer = consume(values, count, sum);
    const coroutine producer = produce(values, count);
    while (ready) std::exchange(ready, nullptr).resume();
    return sum;
}

}  // namespace

int main(int argc, char** argv) {
    const bench::request asked = bench::parse(argc, argv);
    const bench::stopwatch watch;
    const bool buffered = asked.problem == "channel_buffered";
    const std::uint64_t sum = buffered ? run<64>(asked.operations) : run<1>(asked.operations);
    const double wall = watch.wall_seconds();
    if (sum != asked.operations * (asked.operations + 1) / 2) return 1;
    bench::report(wall / static_cast<double>(asked.operations) * 1e9, watch.cpu_seconds());
}
