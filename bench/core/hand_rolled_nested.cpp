// A coroutine that awaits a leaf coroutine, again and again, with the least task that could do it: symmetric transfer
// and recycled frames, but no exceptions, no cancellation, no executor. Unit: nanoseconds for each await.
// Problems: nested_await (a leaf, again and again), chain (1,000 deep, for each level).
#include <coroutine>
#include <exception>

#include "core/hand_rolled_frames.hpp"
#include "support/contender.hpp"

namespace {

class task {
public:
    struct promise_type : bench::recycled {
        std::uint64_t value = 0;
        std::coroutine_handle<> continuation = std::noop_coroutine();

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

task down(std::uint64_t depth) {
    if (depth == 0) co_return 0;
    co_return 1 + co_await down(depth - 1);
}

task chains(std::uint64_t operations) {
    constexpr std::uint64_t depth = 1000;
    std::uint64_t levels = 0;
    while (levels < operations) levels += co_await down(depth);
    co_return levels;
}

}  // namespace

int main(int argc, char** argv) {
    const auto asked = bench::parse(argc, argv);

    const bench::stopwatch watch;
    const bool is_chain = asked.problem == "chain";
    const std::uint64_t result = is_chain ? chains(asked.operations).run() : root(asked.operations).run();
    const double wall = watch.wall_seconds();

    if (result < asked.operations) return 1;
    bench::report(wall * 1e9 / static_cast<double>(result), watch.cpu_seconds());
}
