// A coroutine that awaits a leaf coroutine, again and again, with the least task that could do it: symmetric transfer
// and recycled frames, but no exceptions, no cancellation, no executor. Unit: nanoseconds for each await.
#include <array>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <new>
#include <utility>

#include "support/contender.hpp"

namespace {

/// Keeps one freed frame for each size class of 64 bytes, for this thread.
class frame_cache {
public:
    void* take(std::size_t size) {
        const std::size_t index = class_of(size);
        if (index < kept_.size() && kept_[index] != nullptr) return std::exchange(kept_[index], nullptr);
        return ::operator new((index + 1) * granule);
    }
    void give(void* frame, std::size_t size) {
        const std::size_t index = class_of(size);
        if (index < kept_.size() && kept_[index] == nullptr) {
            kept_[index] = frame;
        } else {
            ::operator delete(frame);
        }
    }
    frame_cache() = default;
    frame_cache(const frame_cache&) = delete;
    frame_cache& operator=(const frame_cache&) = delete;
    ~frame_cache() {
        for (void* frame : kept_) ::operator delete(frame);
    }

private:
    static constexpr std::size_t granule = 64;
    static std::size_t class_of(std::size_t size) { return (size - 1) / granule; }
    std::array<void*, 16> kept_{};
};

thread_local frame_cache frames;

class task {
public:
    struct promise_type {
        std::uint64_t value = 0;
        std::coroutine_handle<> continuation = std::noop_coroutine();

        static void* operator new(std::size_t size) { return frames.take(size); }
        static void operator delete(void* frame, std::size_t size) { frames.give(frame, size); }

        task get_return_object() { return task(std::coroutine_handle<promise_type>::from_promise(*this)); }
        std::suspend_always initial_suspend() noexcept { return {}; }
        auto final_suspend() noexcept {
            struct to_continuation {
                bool await_ready() noexcept { return false; }
                std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept {
                    return self.promise().continuation;
                }
                void await_resume() noexcept {}
            };
            return to_continuation{};
        }
        void return_value(std::uint64_t v) { value = v; }
        void unhandled_exception() { std::terminate(); }
    };

    task(const task&) = delete;
    task& operator=(const task&) = delete;
    ~task() { frame_.destroy(); }

    auto operator co_await() && {
        struct awaiter {
            std::coroutine_handle<promise_type> frame;
            bool await_ready() { return false; }
            std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) {
                frame.promise().continuation = caller;
                return frame;
            }
            std::uint64_t await_resume() { return frame.promise().value; }
        };
        return awaiter{frame_};
    }

    std::uint64_t run() {
        frame_.resume();
        return frame_.promise().value;
    }

private:
    explicit task(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
    std::coroutine_handle<promise_type> frame_;
};

[[gnu::noinline]] task leaf(std::uint64_t n) { co_return n + 1; }

task root(std::uint64_t operations) {
    std::uint64_t sum = 0;
    while (sum != operations) sum = co_await leaf(sum);
    co_return sum;
}

}  // namespace

int main(int argc, char** argv) {
    const auto asked = bench::parse(argc, argv);

    const bench::stopwatch watch;
    const std::uint64_t result = root(asked.operations).run();
    const double wall = watch.wall_seconds();

    if (result != asked.operations) return 1;
    bench::report(wall * 1e9 / static_cast<double>(asked.operations), watch.cpu_seconds());
}
