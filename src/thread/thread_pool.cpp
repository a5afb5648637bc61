#include <braid/thread/thread_pool.hpp>

#include <braid/core/cpu_count.hpp>

#include <fmt/format.h>

namespace braid {

namespace {

int checked_threads(const thread_pool_options& options) {
    const int threads = options.threads ? *options.threads : usable_cpus();
    if (threads >= 1) return threads;
    throw usage_error(
        fmt::format("the thread pool \"{}\" cannot have {} threads: it needs at least one", options.name, threads));
}

}  // namespace

thread_pool::thread_pool(thread_pool_options options)
    : workers_(std::make_shared<detail::thread_workers>(checked_threads(options), std::move(options.name))) {}

// The threads are joined here, by the owner: the last handle of a job may go away anywhere.
thread_pool::~thread_pool() {
    workers_->terminate();
    workers_->join();
}

}  // namespace braid
