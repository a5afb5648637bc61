// Children started and joined, with the least that could do it: a queue of ready coroutines, a counter, recycled
// frames; no exceptions, no cancellation, no executor. Problems: start_join (one child at a time), fan_out (100 at a
// time). Unit: nanoseconds for each child.
#include <coroutine>
#include <cstdint>
#include <exception>

#include "core/hand_rolled_frames.hpp"
#include "support/contender.hpp"

namespace {

struct ready_node {
    ready_node* next = nullptr;
    std::coroutine_handle<> coroutine;
};

/// First in, first out.
class ready_queue {
public:
    void push(ready_node* node) {
        node->next = nullptr;
        (first_ ? last_->next : first_) = node;
        last_ = node;
    }
    void run() {
        while (first_) {
            ready_node* node = first_;
            first_ = node->next;
            node->coroutine.resume();
        }
    }

private:
    ready_node* first_ = nullptr;
    ready_node* last_ = nullptr;
};

ready_queue ready;

class group;

class child {
public:
    struct promise_type : bench::recycled, ready_node {
        group* owner = nullptr;

        child get_return_object() { return child(*this); }
        std::suspend_always initial_suspend() noexcept { return {}; }
        struct leave {
            bool await_ready() noexcept { return false; }
            void await_suspend(std::coroutine_handle<promise_type> self) noexcept;
            void await_resume() noexcept {}
        };
        leave final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { std::terminate(); }
    };
    promise_type& promise;

private:
    explicit child(promise_type& p) : promise(p) { p.coroutine = std::coroutine_handle<promise_type>::from_promise(p); }
};

class group {
public:
    void start(child c) {
        ++alive_;
        c.promise.owner = this;
        ready.push(&c.promise);
    }
    void child_ended() {
        if (--alive_ == 0 && joiner_.coroutine) ready.push(&joiner_);
    }
    auto join() {
        struct awaiter {
            group& joined;
            bool await_ready() { return joined.alive_ == 0; }
            void await_suspend(std::coroutine_handle<> caller) { joined.joiner_.coroutine = caller; }
            void await_resume() {}
        };
        return awaiter{*this};
    }

private:
    std::uint64_t alive_ = 0;
    ready_node joiner_;
};

void child::promise_type::leave::await_suspend(std::coroutine_handle<promise_type> self) noexcept {
    group* const owner = self.promise().owner;
    self.destroy();
    owner->child_ended();
}

[[gnu::noinline]] child add(std::uint64_t value, std::uint64_t& sum) {
    sum += value;
    co_return;
}

child start_and_join(std::uint64_t operations, std::uint64_t at_a_time, std::uint64_t& sum) {
    group children;
    for (std::uint64_t done = 0; done < operations; done += at_a_time) {
        for (std::uint64_t i = 0; i < at_a_time; ++i) children.start(add(1, sum));
        co_await children.join();
    }
}

}  // namespace

int main(int argc, char** argv) {
    const auto asked = bench::parse(argc, argv);
    const std::uint64_t at_a_time = asked.problem == "fan_out" ? 100 : 1;
    const bench::stopwatch watch;
    std::uint64_t sum = 0;
    group roots;
    roots.start(start_and_join(asked.operations, at_a_time, sum));
    ready.run();
    const double wall = watch.wall_seconds();

    if (sum < asked.operations) return 1;
    bench::report(wall * 1e9 / static_cast<double>(sum), watch.cpu_seconds());
}
