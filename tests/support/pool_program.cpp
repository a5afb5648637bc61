// A program with a pool, for tests of how programs end: pool_program
// return|throw|exit|wait|block|calls|forked-calls|forked-wait The workers of the last two are forked. It has a worker
// that is idle and two that are busy; each of those says b on standard output when it is.

#include <braid/app/run.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/task_group.hpp>
#include <braid/process/process_pool.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

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

task<> app(std::span<char*> args) {
    std::string_view how = args[1];
    zygote workers_of;
    if (how.starts_with("forked-")) {
        workers_of = zygote([] {});
        how.remove_prefix(std::string_view("forked-").size());
    }
    if (how == "calls") co_return co_await make_calls(workers_of);
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
