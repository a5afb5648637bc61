// A program with a pool, for tests of how programs end:
// pool_program return|throw|exit|wait|block|calls|result|replaced, each also with forked- before it
// It has a worker that is idle and two that are busy; each of those says b on standard output when it is. With `result`
// it has one that says r and returns more than its parent takes, which is blocked by then. With `replaced` it puts
// another program under its own name, and says d when it has run calls in new workers all the same. With forked-
// workers are forked of a zygote.

#include <braid/app/run.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/task_group.hpp>
#include <braid/process/descriptor.hpp>
#include <braid/process/process_pool.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

using namespace braid;

namespace {

void say(char what) { std::ignore = ::write(STDOUT_FILENO, &what, 1); }

void hangs() {
    say('b');
    for (;;) ::pause();
}

int busy = 0;

task<> keep_busy(process_pool& pool) {
    co_await pool.run([] {});
    ++busy;
    co_await pool.run(hangs);
}

task<> wait_for_cancellation(bool block) {
    try {
        say('w');
        for (;;) co_await sleep_for(std::chrono::hours(1));
    } catch (const cancelled&) {
        say('c');
        if (!block) throw;
    }
    for (;;) ::pause();  // a loop that does not turn any more
}

std::string echo(const std::string& text) { return text; }

/// Calls of all sizes, and an orderly end.
task<> make_calls(zygote workers_of) {
    process_pool pool({.workers = 2, .initialise = [] {}, .zygote = std::move(workers_of), .calls_per_worker = 10});
    co_await with_task_group([&](task_group& g) -> task<> {
        for (std::size_t i = 0; i != 30; ++i) {
            g.start([](process_pool& p, std::size_t size) -> task<> { co_await p.run(echo, std::string(size, 'x')); },
                    std::ref(pool), i % 10 == 5 ? std::size_t{1'400'000} : i);
        }
        co_return;
    });
    co_await pool.close();
}

std::string large_result(descriptor go) {
    char byte = 0;
    std::ignore = ::read(go.get(), &byte, 1);
    say('r');
    return std::string(1'400'000, 'x');
}

task<> leave_a_result() {
    process_pool pool({.workers = 1, .spin = std::chrono::microseconds(100)});
    co_await pool.run([] {});
    std::array<int, 2> go{};
    std::ignore = ::pipe2(go.data(), O_CLOEXEC);
    descriptor read_end(go[0]);
    const auto job = pool.submit(large_result, std::move(read_end));
    co_await sleep_for(std::chrono::milliseconds(1));  // what was submitted is sent at the end of this turn
    std::ignore = ::write(go[1], "", 1);
    for (;;) ::pause();
}

/// As an update does: the old file goes on for whoever has it open.
void put_another_program_in_our_place() {
    const auto ours = std::filesystem::read_symlink("/proc/self/exe");
    const auto other = ours.string() + ".new";
    std::ofstream(other) << "#!/bin/sh\nexit 9\n";
    std::filesystem::permissions(other, std::filesystem::perms::owner_all);
    std::filesystem::rename(other, ours);
}

task<> go_on_when_replaced(const zygote& workers_of) {
    process_pool pool({.workers = 1, .zygote = workers_of, .calls_per_worker = 1});
    int last = co_await pool.run(::getpid);
    put_another_program_in_our_place();
    for (int i = 0; i != 5; ++i) {
        // Its successor is started of the file, too.
        if (const int warm = workers_of.pid(); warm > 0) ::kill(warm, SIGKILL);
        const int now = co_await pool.run(::getpid);
        if (now == last) throw std::runtime_error("that was no new worker");
        last = now;
    }
    co_await pool.close();
    say('d');
}

task<> app(std::span<char*> args) {
    std::string_view how = args[1];
    zygote workers_of;
    if (how.starts_with("forked-")) {
        workers_of = zygote([] {});
        how.remove_prefix(std::string_view("forked-").size());
    }
    if (how == "result") co_await leave_a_result();
    if (how == "calls") co_return co_await make_calls(workers_of);
    if (how == "replaced") co_return co_await go_on_when_replaced(workers_of);
    process_pool pool({.workers = 3, .grace = std::chrono::milliseconds(20), .zygote = workers_of});
    co_await with_task_group([&](task_group& g) -> task<> {
        g.start([](process_pool& p) -> task<> { co_await p.run([] {}); }, std::ref(pool));
        for (int i = 0; i < 2; ++i) g.start(keep_busy, std::ref(pool));
        while (busy != 2) co_await sleep_for(std::chrono::milliseconds(1));
        if (how == "return") g.cancel();
        if (how == "throw") throw std::runtime_error("on purpose");
        if (how == "exit") std::exit(7);
        if (how == "wait" || how == "block") co_await wait_for_cancellation(how == "block");
    });
}

}  // namespace

int main(int argc, char** argv) {
    std::printf("once\n");  // lies in the buffer while workers are started
    return run(argc, argv, app);
}
