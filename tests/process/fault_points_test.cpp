// Workers that die at every step of their talk with the parent, after every so many bytes.

#include <braid/process/descriptor.hpp>
#include <braid/process/process_pool.hpp>

#include "process/services.hpp"
#include "support/faults.hpp"
#include "support/leftovers.hpp"
#include "support/run_counter.hpp"

#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
#include <functional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>

#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace braid;
using namespace braid::testing;
using braid::process_detail::step;

namespace {

constexpr std::size_t calls = 12;
// At so many points at least. A sanitizer's build goes to a fifth of them.
constexpr int many = braid_test::sanitized ? 6 : 32;
constexpr int several = braid_test::sanitized ? 2 : 6;
// Beyond the pipe and beyond the buffer that outlives the worker.
constexpr std::size_t large = 1'400'000;

// What the workers run.
std::string repeated(const std::string& counter, std::size_t call, const std::string& text, std::size_t times) {
    run_counter::ran(counter, call);
    std::string all;
    while (times-- != 0) all += text;
    return all;
}
void nothing() {}
descriptor pipe_with(char byte) {
    int both[2];
    if (::pipe2(both, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "make a pipe");
    const descriptor write(both[1]);
    if (::write(write.get(), &byte, 1) != 1) throw std::runtime_error("no write");
    return descriptor(both[0]);
}
char read_byte(const descriptor& from) {
    char byte = 0;
    if (::read(from.get(), &byte, 1) != 1) throw std::runtime_error("no read");
    return byte;
}
descriptor next_letter(const std::string& counter, std::size_t item, const descriptor& from) {
    run_counter::ran(counter, item);
    return pipe_with(static_cast<char>(read_byte(from) + 1));
}

int pid() { return ::getpid(); }

std::atomic<bool> worker_waits = false;
std::atomic<bool> start_may_be_told = false;

/// For a request: it has said hello by then. Where the kernel does not tell what a process waits for, or the process is
/// gone, nothing is waited for here.
bool waits_for_requests(const std::string& process) {
    std::ifstream file("/proc/" + process + "/syscall");
    std::string first;
    if (!(file >> first)) return true;
    int from = 0;
    file >> std::hex >> from;
    return first == std::to_string(SYS_read) && from == braid::process_detail::request_descriptor;
}

void hold_a_start_until_the_worker_waits(step at) {
    if (at != step::starts_process) return;
    std::string child;
    std::ifstream("/proc/thread-self/children") >> child;
    while (!waits_for_requests(child)) ::sched_yield();
    worker_waits = true;
    start_may_be_told.wait(false);
}

struct ends {
    std::size_t values = 0;
    std::size_t died = 0;
    std::size_t wrong = 0;
    std::size_t died_later = 0;
};

task<> make_call(process_pool& pool, run_counter& counter, std::size_t call, ends& seen) {
    const std::string text = call % 4 == 1 ? std::string(large, 'x') : "abc";
    const std::size_t times = call % 4 == 3 ? large / 3 : 1;
    try {
        const std::string all = co_await pool.run(repeated, counter.path(), call, text, times);
        const bool right = all.size() == text.size() * times && all.starts_with(text) && all.ends_with(text);
        ++(right && counter.runs_of(call) == 1 ? seen.values : seen.wrong);
    } catch (const worker_died& e) {
        ++(e.signal() == SIGKILL && counter.runs_of(call) <= 1 ? seen.died : seen.wrong);
    }
}

task<ends> make_calls(process_pool& pool, run_counter& counter) {
    ends seen;
    co_await with_task_group([&](task_group& g) -> task<> {
        for (std::size_t i = 0; i != calls; ++i)
            g.start(make_call, std::ref(pool), std::ref(counter), i, std::ref(seen));
        co_return;
    });
    co_return seen;
}

/// A call to a pool whose other calls have ended. The worker that is to die may have waited for this one.
task<> call_later(process_pool& pool, run_counter& counter, ends& seen) {
    for (std::size_t attempt = 0; attempt != 2; ++attempt) {
        try {
            const std::string again =
                co_await pool.run(repeated, counter.path(), calls, std::string("z"), std::size_t{2});
            CHECK(again == "zz");
            co_return;
        } catch (const worker_died&) {
            ++seen.died_later;
        }
    }
}

/// A pool's life with one worker that dies there. How its calls ended.
ends live_with(int workers, std::chrono::microseconds spin) {
    run_counter counter(calls + 1);
    return run_blocking([](run_counter& c, int n, std::chrono::microseconds looks) -> task<ends> {
        process_pool pool({.workers = n, .initialise = nothing, .spin = looks});
        ends seen = co_await make_calls(pool, c);
        co_await call_later(pool, c, seen);
        co_await pool.close();
        co_return seen;
    }(counter, workers, spin));
}
ends live_through(int workers) { return live_with(workers, {}); }
ends spin_through(int workers) { return live_with(workers, std::chrono::microseconds(50)); }

/// The same with items of a map, which take a descriptor and give one.
ends map_through(int workers) {
    run_counter counter(calls);
    return run_blocking([](run_counter& c, int n) -> task<ends> {
        process_pool pool({.workers = n, .spin = std::chrono::microseconds(0)});
        auto items = std::views::iota(std::size_t{0}, calls) | std::views::transform([&](std::size_t i) {
                         return std::tuple<std::string, std::size_t, descriptor>(c.path(), i,
                                                                                 pipe_with(static_cast<char>('a' + i)));
                     });
        auto outcomes = pool.map_outcomes(next_letter, items, {.batch = 4});
        ends seen;
        for (std::size_t i = 0; i != calls; ++i) {
            auto each = co_await outcomes.next();
            try {
                const descriptor given = std::move(*each).value();
                const bool right = read_byte(given) == static_cast<char>('b' + i);
                ++(right && c.runs_of(i) == 1 ? seen.values : seen.wrong);
            } catch (const worker_died& e) {
                ++(e.signal() == SIGKILL && e.item() == i && c.runs_of(i) <= 1 ? seen.died : seen.wrong);
            }
        }
        co_return seen;
    }(counter, workers));
}

/// From the first byte on until no worker comes so far. Returns how often one died.
int die_everywhere(step at, std::size_t calls_that_may_die, ends (*life)(int) = live_through) {
    int deaths = 0;
    for (long bytes = 0;; bytes = braid_test::next_point(bytes)) {
        CAPTURE(bytes);
        const braid_test::fault_at fault(at, bytes);
        const ends seen = life(1 + deaths % 2);
        CHECK(seen.wrong == 0);
        CHECK(seen.died + seen.died_later <= calls_that_may_die);
        CHECK(seen.values + seen.died == calls);
        if (!fault.happened()) return deaths;
        ++deaths;
    }
}

}  // namespace

TEST_SUITE("process/fault_points") {
    TEST_CASE("a worker that dies while it reads costs no call but the one it was running") {
        CHECK(die_everywhere(step::reads_requests, 1) > many);
        CHECK(has_no_child());
    }

    TEST_CASE("a worker that dies while it commits or writes what it says costs one call at most, whatever the byte") {
        CHECK(die_everywhere(step::commits_reply, 1) > many);
        CHECK(die_everywhere(step::writes_replies, 1) > many);
        CHECK(has_no_child());
    }

    TEST_CASE("a worker that looks out for its parent and dies while it reads costs no other call") {
        CHECK(die_everywhere(step::reads_requests, 1, spin_through) > several);
        CHECK(has_no_child());
    }

    TEST_CASE("a worker that looks out for its parent and dies while it commits or calls costs one call at most") {
        CHECK(die_everywhere(step::commits_reply, 1, spin_through) > many);
        CHECK(die_everywhere(step::writes_replies, 1, spin_through) > 0);  // it may be called once in its life
        CHECK(has_no_child());
    }

    TEST_CASE("a worker that dies when a call is marked as running costs that call") {
        CHECK(die_everywhere(step::starts_call, 1) >= several);
        CHECK(has_no_child());
    }

    TEST_CASE("a call whose reply is committed has it, though its worker dies before it says that it is done") {
        CHECK(die_everywhere(step::finishes_call, 0) >= several);
        CHECK(die_everywhere(step::finished_call, 0) >= several);
        CHECK(has_no_child());
    }

    TEST_CASE(
        "a worker that dies while it gives results of a map with descriptors beside them costs one item at most") {
        const belongings before;
        CHECK(die_everywhere(step::reads_requests, 1, map_through) >= several);
        CHECK(die_everywhere(step::commits_reply, 1, map_through) >= several);
        CHECK(die_everywhere(step::writes_replies, 1, map_through) >= several);
        CHECK(die_everywhere(step::gives_beside, 1, map_through) >= several);
        CHECK(has_no_child());
        CHECK(belongings() == before);
    }

    TEST_CASE("a worker that is quicker with its first words than the word of its start is not heard before that") {
        braid_test::at_each_step = hold_a_start_until_the_worker_waits;
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            auto first = pool.submit(pid);
            while (!worker_waits) co_await sleep_for(std::chrono::milliseconds(1));
            // Rings are looked at before a loop sleeps.
            for (int turn = 0; turn != 3; ++turn) co_await sleep_for(std::chrono::milliseconds(1));
            const pool_stats early = co_await pool.stats();
            start_may_be_told = true;
            start_may_be_told.notify_all();
            const int worker = co_await std::move(first);
            REQUIRE(early.workers.size() == 1);
            CHECK(early.workers[0].at == worker_stats::state::starting);
            CHECK(early.workers[0].pid == -1);
            CHECK((co_await pool.stats()).workers.at(0).pid == worker);
        }());
        braid_test::at_each_step = nullptr;
    }

    TEST_CASE("a worker that dies on its way out costs nothing") {
        CHECK(die_everywhere(step::leaves, 0) >= 1);
        CHECK(has_no_child());
    }
}
