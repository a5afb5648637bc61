// A program with a pool, for tests of how programs end:
// pool_program return|throw|exit|wait|block|calls|beside|split|result|replaced, each also with forked- or spinning-
// before it
// It has a worker that is idle and two that are busy; each of those says b on standard output when it is. With `result`
// it has one that says r and returns more than its parent takes, which is blocked by then. With `replaced` it puts
// another program under its own name, and says d when it has run calls in new workers all the same. With `beside` calls
// and items have descriptors and shared memory beside them; with `split` a batch has to be split. With forked- workers
// are forked of a zygote, with spinning- they and their pool look out for each other.

#include <braid/app/run.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/task_group.hpp>
#include <braid/process/descriptor.hpp>
#include <braid/process/process_pool.hpp>
#include <braid/process/shared_bytes.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <fcntl.h>
#include <sched.h>
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
task<> make_calls(process_pool_options options) {
    options.initialise = [] {};
    options.calls_per_worker = 10;
    process_pool pool(options);
    co_await with_task_group([&](task_group& g) -> task<> {
        for (std::size_t i = 0; i != 30; ++i) {
            g.start([](process_pool& p, std::size_t size) -> task<> { co_await p.run(echo, std::string(size, 'x')); },
                    std::ref(pool), i % 10 == 5 ? std::size_t{1'400'000} : i);
        }
        co_return;
    });
    co_await pool.close();
}

descriptor same_file(descriptor file) { return file; }
shared_bytes same_memory(shared_bytes memory) { return memory; }
shared_bytes new_memory() { return shared_bytes(4'096); }
descriptor open_nothing() { return descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

/// Calls and items with something beside them, there and back.
task<> send_things_beside(process_pool_options options) {
    process_pool pool(options);
    const shared_bytes memory(4'096);
    for (int i = 0; i != 4; ++i) {
        co_await pool.run(same_file, open_nothing());
        co_await pool.run(same_memory, memory);
        co_await pool.run(new_memory);
    }
    auto items = std::views::iota(0, 8) | std::views::transform([](int) { return open_nothing(); });
    auto files = pool.map(same_file, items, {.batch = 4});
    while (co_await files.next()) {
    }
    co_await pool.close();
}

/// The first item of a batch waits for the last.
void wait_for_the_last(int item, const shared_bytes& memory) {
    const std::atomic_ref last_has_run(memory.as<int>()[0]);
    if (item == 7) last_has_run = 1;
    while (item == 0 && last_has_run == 0) ::sched_yield();
}

task<> make_a_batch_split(process_pool_options options) {
    process_pool pool(options);
    const shared_bytes memory(4'096);
    auto items =
        std::views::iota(0, 8) | std::views::transform([&](int i) { return std::tuple<int, shared_bytes>(i, memory); });
    auto ends = pool.map(wait_for_the_last, items, {.batch = 8});
    while (co_await ends.next()) {
    }
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

bool take_prefix(std::string_view& how, std::string_view prefix) {
    if (!how.starts_with(prefix)) return false;
    how.remove_prefix(prefix.size());
    return true;
}

task<> app(std::span<char*> args) {
    std::string_view how = args[1];
    zygote workers_of;
    if (take_prefix(how, "forked-")) workers_of = zygote([] {});
    process_pool_options options{.workers = 2, .zygote = workers_of, .spin = std::chrono::microseconds(0)};
    if (take_prefix(how, "spinning-")) options.spin = std::chrono::microseconds(100);
    if (how == "result") co_await leave_a_result();
    if (how == "calls") co_return co_await make_calls(options);
    if (how == "beside") co_return co_await send_things_beside(options);
    if (how == "split") co_return co_await make_a_batch_split(options);
    if (how == "replaced") co_return co_await go_on_when_replaced(workers_of);
    options.workers = 3;
    options.grace = std::chrono::milliseconds(20);
    process_pool pool(options);
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
