#include <braid/thread/blocking_pool.hpp>

#include <fmt/format.h>

namespace braid {

namespace {

std::size_t checked_threads(const blocking_pool_options& options) {
    if (options.max_threads >= 1) return static_cast<std::size_t>(options.max_threads);
    throw usage_error(fmt::format("the blocking pool \"{}\" cannot have {} threads: it needs at least one",
                                  options.name, options.max_threads));
}

std::chrono::nanoseconds checked_time(const blocking_pool_options& options) {
    if (options.idle_time >= options.idle_time.zero()) return options.idle_time;
    throw usage_error(fmt::format("the threads of the blocking pool \"{}\" cannot be idle for {} ns", options.name,
                                  options.idle_time.count()));
}

}  // namespace

blocking_pool::blocking_pool(blocking_pool_options options)
    : workers_(std::make_shared<detail::elastic_workers>(checked_threads(options), checked_time(options),
                                                         std::move(options.name))) {}

// The threads are waited for here, by the owner: the last call that was abandoned may end anywhere.
blocking_pool::~blocking_pool() { workers_->shut_down(); }

blocking_pool& detail::default_blocking_pool() {
    static auto* const pool = new blocking_pool({.name = "braid-wait"});
    return *pool;
}

}  // namespace braid
