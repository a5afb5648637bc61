#include <braid/app/on_loop.hpp>

#include "app/loops_of_run.hpp"

#include <braid/core/cpu_count.hpp>
#include <braid/core/error.hpp>
#include <braid/thread/detail/worker.hpp>

#include <fmt/format.h>

namespace braid::detail {

namespace {

// Written by run before its loops begin and after they have ended.
thread_pool* the_loops = nullptr;

}  // namespace

thread_pool* loops_beside_main() noexcept { return the_loops; }

void require_main_loop() {
    if (this_worker)
        throw usage_error(
            "on_each_loop was called on a thread of a pool: it includes its caller, and so is for the loop of main");
}

loops_of_run::loops_of_run(int wanted) {
    if (wanted < 0) throw usage_error(fmt::format("a run cannot have {} loops: it needs at least one", wanted));
    const int loops = wanted == 0 ? usable_cpus() : wanted;
    if (loops == 1) return;
    pool_.emplace(thread_pool_options{.threads = loops - 1, .name = "loop"});
    the_loops = &*pool_;
}

// The program's main task has ended, and with it whatever it had on the loops.
loops_of_run::~loops_of_run() { the_loops = nullptr; }

}  // namespace braid::detail
