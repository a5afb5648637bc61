// The way of an exception from one thread to another.

#include <braid/core/await_chain.hpp>

#include <braid/core/job.hpp>
#include <braid/core/spawn.hpp>
#include <braid/thread/fork_join.hpp>
#include <braid/thread/start_on.hpp>

#include <doctest/doctest.h>

#include <latch>
#include <stdexcept>
#include <string>

using namespace braid;

namespace {

task<> throws() {
    throw std::runtime_error("broken");
    co_return;
}
task<> lives_elsewhere() { co_await throws(); }
task<> awaits_elsewhere(thread_pool& pool) { co_await start_on(pool, lives_elsewhere); }

/// Only another thread can begin it while its sibling waits for that.
task<> is_stolen(std::latch& begun) {
    begun.count_down();
    co_await throws();
}
task<> waits_for_the_thief(std::latch& begun) {
    begun.wait();
    co_return;
}
task<> forks() {
    std::latch begun(1);
    co_await fork_join(is_stolen(begun), waits_for_the_thief(begun));
}
task<> forks_elsewhere(thread_pool& pool) { co_await start_on(pool, forks); }

/// The job belongs to this loop, and another one awaits it.
task<> awaits_job(job<void> other) { co_await std::move(other); }
task<> gives_job_away(thread_pool& pool) { co_await start_on(pool, awaits_job, detail::start_job(lives_elsewhere())); }
task<> calls_coroutine(thread_pool& pool) { co_await pool.run(lives_elsewhere); }
task<> submits_coroutine(thread_pool& pool) { co_await pool.submit(lives_elsewhere); }

/// The chain of what `work` throws, in words, without the lines.
std::string way_out_of(task<> work) {
    try {
        run_blocking(std::move(work));
    } catch (const std::runtime_error&) {
        std::string text = await_chain_text(std::current_exception());
        for (std::size_t at; (at = text.find(" (")) != std::string::npos;) text.erase(at, text.find('\n', at) - at);
        return text;
    }
    return "no exception";
}

}  // namespace

TEST_SUITE("thread/await_chain") {
    TEST_CASE("it leads from a coroutine that lives on a pool on to the one that awaits it") {
        thread_pool pool({.threads = 1});
        CHECK(way_out_of(awaits_elsewhere(pool)) == "throws\nlives_elsewhere\nawaits_elsewhere\n");
    }

    TEST_CASE("it leads from a child that was forked and stolen on to its parent") {
        thread_pool pool({.threads = 2});
        CHECK(way_out_of(forks_elsewhere(pool)) == "throws\nis_stolen\nforks\nforks_elsewhere\n");
    }

    TEST_CASE("it leads from a job on one loop to the loop that awaits it") {
        thread_pool pool({.threads = 1});
        CHECK(way_out_of(gives_job_away(pool)) == "throws\nlives_elsewhere\nawaits_job\ngives_job_away\n");
    }

    TEST_CASE("it leads from a coroutine that a pool runs to its end on to its caller, awaited or submitted") {
        thread_pool pool({.threads = 1});
        CHECK(way_out_of(calls_coroutine(pool)) == "throws\nlives_elsewhere\ncalls_coroutine\n");
        CHECK(way_out_of(submits_coroutine(pool)) == "throws\nlives_elsewhere\nsubmits_coroutine\n");
        std::string blocking;
        try {
            pool.submit(lives_elsewhere).get_blocking();
        } catch (const std::runtime_error&) {
            blocking = await_chain_text(std::current_exception());
        }
        CHECK(blocking.starts_with("throws ("));
    }
}
