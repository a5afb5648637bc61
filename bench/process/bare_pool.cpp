// The least that can be called a pool: one worker behind two blocking pipes, a table of functions, a slot for each
// reply. Each call is awaited on its own; all requests of a turn go out in one write. No errors, no arguments, no
// results, no cancellation, and a worker that dies ends the program. Unit: calls a second.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <coroutine>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <span>
#include <vector>

#include "support/contender.hpp"
#include "support/echo_child.hpp"

namespace {

void nothing() {}
constexpr std::array<void (*)(), 1> functions{nothing};

struct message {
    std::uint32_t slot;
    std::uint32_t function;  // of a reply: what it was
};

std::span<const std::byte> bytes_of(const std::vector<message>& messages) { return std::as_bytes(std::span(messages)); }

/// Whole messages, as many as there are. Empty: the other end is closed.
std::span<const message> read_some(int descriptor, std::span<message> room) {
    const auto bytes = std::as_writable_bytes(room);
    const ssize_t got = ::read(descriptor, bytes.data(), bytes.size());
    if (got <= 0) return {};
    const std::size_t begun = static_cast<std::size_t>(got) % sizeof(message);
    if (begun != 0) bench::read_all(descriptor, bytes.subspan(static_cast<std::size_t>(got), sizeof(message) - begun));
    return room.first((static_cast<std::size_t>(got) + sizeof(message) - 1) / sizeof(message));
}

class bare_pool {
public:
    explicit bare_pool(std::size_t most_in_flight) : waiting_(most_in_flight), room_(most_in_flight) {
        if (::pipe(requests_.data()) != 0 || ::pipe(replies_.data()) != 0) fail("make a pipe");
        child_ = ::fork();
        if (child_ < 0) fail("fork");
        if (child_ == 0) work();
        ::close(requests_[0]);
        ::close(replies_[1]);
        for (std::uint32_t slot = 0; slot < most_in_flight; ++slot) free_.push_back(slot);
    }

    struct call {
        bare_pool& pool;
        std::uint32_t function;
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> caller) {
            const std::uint32_t slot = pool.free_.back();
            pool.free_.pop_back();
            pool.waiting_[slot] = caller;
            pool.out_.push_back({slot, function});
        }
        void await_resume() const noexcept {}
    };
    call run(std::uint32_t function) { return {*this, function}; }

    /// False: nobody calls any more.
    bool turn() {
        if (!out_.empty()) bench::write_all(requests_[1], bytes_of(out_));
        out_.clear();
        if (free_.size() == waiting_.size()) return false;
        const auto replies = read_some(replies_[0], room_);
        if (replies.empty()) fail("hear from the worker");
        for (const message& reply : replies) {
            free_.push_back(reply.slot);
            waiting_[reply.slot].resume();
        }
        return true;
    }

    /// Then the worker's CPU time counts.
    void close() {
        ::close(requests_[1]);
        ::waitpid(child_, nullptr, 0);
    }

private:
    [[noreturn]] static void fail(const char* what) {
        std::fprintf(stderr, "bare_pool: cannot %s\n", what);
        std::_Exit(1);
    }

    [[noreturn]] void work() {
        ::close(requests_[1]);
        std::vector<message> replies;
        for (;;) {
            const auto asked = read_some(requests_[0], room_);
            if (asked.empty()) std::_Exit(0);
            for (const message& request : asked) {
                functions[request.function]();
                replies.push_back(request);
            }
            bench::write_all(replies_[1], bytes_of(replies));
            replies.clear();
        }
    }

    std::array<int, 2> requests_{};
    std::array<int, 2> replies_{};
    pid_t child_ = -1;
    std::vector<std::coroutine_handle<>> waiting_;
    std::vector<std::uint32_t> free_;
    std::vector<message> out_;
    std::vector<message> room_;
};

struct detached {
    struct promise_type {
        detached get_return_object() const noexcept { return {}; }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
    };
};

detached one_by_one(bare_pool& pool, std::uint64_t calls) {
    for (std::uint64_t i = 0; i < calls; ++i) co_await pool.run(0);
}

}  // namespace

int main(int argc, char** argv) {
    const auto asked = bench::parse(argc, argv);
    const std::uint64_t in_flight = asked.problem == "pipelined_64" ? 64 : 1'000;
    bare_pool pool(in_flight);

    const bench::stopwatch watch;
    const std::uint64_t calls = asked.operations / in_flight;
    for (std::uint64_t i = 0; i < in_flight; ++i) one_by_one(pool, calls);
    while (pool.turn()) {
    }
    const double wall = watch.wall_seconds();

    pool.close();
    bench::report(static_cast<double>(calls * in_flight) / wall, watch.cpu_seconds());
}
