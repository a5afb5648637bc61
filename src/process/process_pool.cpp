#include <braid/process/process_pool.hpp>

#include "process/message_limit.hpp"
#include "process/pool_engine.hpp"

#include <braid/core/cpu_count.hpp>
#include <braid/core/detail/scoped.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <limits>
#include <tuple>
#include <utility>

#include <sched.h>

namespace braid {

namespace {

using namespace detail;

/// Waits until a pool has done what it was given and its workers have gone.
class closing : public operation {
public:
    explicit closing(pool_engine& pool) noexcept : pool_(pool) {}

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> h) {
        stopped_ = !enter(h);
        if (!stopped_) listen();
        const bool is_there = pool_.post_unless_gone([this, at_once = stopped_] {
            at_once ? pool_.terminate() : pool_.begin_close();
            pool_.when_gone([this] { complete(); });
        });
        if (!is_there) complete();
    }
    void await_resume() const {
        if (stopped_) throw_cancelled();
    }

private:
    void on_cancel() noexcept override {
        stopped_ = true;
        std::ignore = pool_.post_unless_gone([engine = pool_.shared_from_this()] { engine->terminate(); });
    }

    pool_engine& pool_;
    bool stopped_ = false;
};

/// Takes the statistics on the pool's home.
class asking : public operation {
public:
    explicit asking(pool_engine& pool) noexcept : pool_(pool) {}

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        if (!enter(h)) return false;
        const bool is_there = pool_.post_unless_gone([this] {
            answer_ = pool_.stats();
            complete();
        });
        if (is_there) return true;  // and this may be gone already
        pool_is_gone_ = true;
        return false;
    }
    pool_stats await_resume() {
        throw_if_refused();
        if (pool_is_gone_) throw closed(fmt::format("the pool {} is gone: it has no statistics", pool_.options().name));
        return std::move(answer_);
    }

private:
    pool_engine& pool_;
    pool_stats answer_;
    bool pool_is_gone_ = false;
};

// These begin when they are awaited, and the pool object may be gone by then.
task<> close_engine(std::shared_ptr<pool_engine> engine) { co_await closing(*engine); }
task<pool_stats> stats_of(std::shared_ptr<pool_engine> engine) { co_return co_await asking(*engine); }

void check_messages(const process_pool_options& options) {
    if (options.max_message_size < process_detail::least_message_limit) {
        throw usage_error(fmt::format("a process_pool's max_message_size cannot be {} bytes, less than {}",
                                      options.max_message_size, process_detail::least_message_limit));
    }
    if (options.max_message_size > process_detail::most_message_limit) {
        throw usage_error(fmt::format("a process_pool's max_message_size cannot be {} bytes, more than {}",
                                      options.max_message_size, process_detail::most_message_limit));
    }
}

void check_processes(const process_pool_options& options) {
    if (options.limits.cpu_time && options.limits.cpu_time->count() <= 0) {
        throw usage_error(fmt::format("the CPU time of a process_pool's workers cannot be limited to {} s",
                                      options.limits.cpu_time->count()));
    }
    if (options.limits.memory == 0U) {
        throw usage_error("the memory of a process_pool's workers cannot be limited to 0 bytes");
    }
    for (const int cpu : options.cpus) {
        if (cpu >= 0 && cpu < CPU_SETSIZE) continue;
        throw usage_error(
            fmt::format("a process_pool's workers cannot run on CPU {}: there are at most {}", cpu, CPU_SETSIZE));
    }
    for (const std::string& entry : options.environment) {
        if (const auto equals = entry.find('='); equals != std::string::npos && equals != 0) continue;
        throw usage_error(fmt::format("a variable of a process_pool's environment is NAME=value, not \"{}\"", entry));
    }
}

void check(const process_pool_options& options) {
    if (*options.workers <= 0) {
        throw usage_error(fmt::format("a process_pool needs at least one worker, not {}", *options.workers));
    }
    if (options.min_workers < 0 || options.min_workers > *options.workers) {
        throw usage_error(fmt::format("a process_pool of {} workers cannot have a minimum of {}", *options.workers,
                                      options.min_workers));
    }
    if (options.max_queued == 0U) {
        throw usage_error("a process_pool's queue needs room for at least one call: max_queued cannot be 0");
    }
    if (options.max_queued && *options.max_queued > std::numeric_limits<std::ptrdiff_t>::max()) {
        throw usage_error(fmt::format("a process_pool's max_queued cannot be negative, as {} is",
                                      static_cast<std::ptrdiff_t>(*options.max_queued)));
    }
    if (options.grace.count() < 0) {
        throw usage_error(
            fmt::format("a process_pool's grace period cannot be negative, as {} ms is", options.grace.count()));
    }
    if (options.start_limit.count() <= 0) {
        throw usage_error(fmt::format("a process_pool's workers cannot start within {} ms, as start_limit demands",
                                      options.start_limit.count()));
    }
    if (options.initialise_limit.count() <= 0) {
        throw usage_error(
            fmt::format("a process_pool's initialiser cannot return within {} ms, as initialise_limit "
                        "demands",
                        options.initialise_limit.count()));
    }
    if (options.heartbeat && options.heartbeat->count() <= 0) {
        throw usage_error(fmt::format("a process_pool's heartbeat takes time, not {} ms", options.heartbeat->count()));
    }
    if (options.spin.count() < 0) {
        throw usage_error(fmt::format("a process_pool cannot spin for {} us", options.spin.count()));
    }
    if (options.idle_time && options.idle_time->count() < 0) {
        throw usage_error(
            fmt::format("a process_pool's idle time cannot be negative, as {} ms is", options.idle_time->count()));
    }
    if ((options.output == worker_output::lines) != static_cast<bool>(options.on_line)) {
        throw usage_error(
            "a process_pool gives lines with .output = worker_output::lines and an .on_line for them, "
            "and not with one of these alone");
    }
    check_messages(options);
    check_processes(options);
}

std::vector<std::byte> encoded(const worker_initialiser& initialiser, const process_pool_options& options) {
    if (!initialiser) return {};
    std::vector<std::byte> request = initialiser.encoded();
    if (request.size() > options.max_message_size) {
        throw wire::encode_error(
            fmt::format("the arguments of the initialiser of the pool {} take {} bytes, and a worker takes no more "
                        "than {} (max_message_size)",
                        options.name, request.size(), options.max_message_size));
    }
    return request;
}

std::shared_ptr<pool_engine> make_engine(std::shared_ptr<home> where, process_pool_options options) {
    process_detail::process_services* services = process_detail::services();
    if (!services) {
        throw usage_error(
            "a process_pool needs main to begin with braid::run(argc, argv, app) or braid::init(argc, argv): "
            "its workers are this program, started again");
    }
    process_detail::check_depth(*services);
    if (!options.workers) options.workers = usable_cpus();
    check(options);
    process_detail::ignore_sigpipe();
    const zygote forked_of = std::exchange(options.zygote, {});
    std::vector<std::byte> initialiser = encoded(std::exchange(options.initialise, {}), options);
    const auto engine = std::make_shared<pool_engine>(std::move(where), std::move(options), std::move(initialiser),
                                                      *services, forked_of.process());
    engine->begin();
    return engine;
}

std::shared_ptr<home> current_home() {
    if (!this_driver.current) {
        throw usage_error(
            "outside of a coroutine a process_pool needs to be told its executor: process_pool(executor, options)");
    }
    return this_driver.current->shared_from_this();
}

}  // namespace

std::shared_ptr<home> detail::home_for_submit(pool_engine& engine) {
    return this_driver.current ? this_driver.current->shared_from_this() : engine.where().shared_from_this();
}

process_pool::process_pool(process_pool_options options) : engine_(make_engine(current_home(), std::move(options))) {}

process_pool::process_pool(boost::asio::any_io_executor executor, process_pool_options options)
    : engine_(make_engine(home::of(executor), std::move(options))) {}

process_pool::~process_pool() {
    environment* scope = this_driver.env;
    if (!scope) {
        engine_->terminate_blocking();
        return;
    }
    ++scope->adopted.count;
    engine_->post([engine = engine_, scope] {
        engine->terminate();
        engine->leave_when_gone([scope] { scope->where->post_function([scope] { adopted_ended(*scope); }); });
    });
}

task<> process_pool::close() { return close_engine(engine_); }

void process_pool::terminate() noexcept {
    engine_->post([engine = engine_] { engine->terminate(); });
}

void process_pool::resize(int workers) {
    if (workers <= 0) throw usage_error(fmt::format("a process_pool needs at least one worker, not {}", workers));
    engine_->post([engine = engine_, workers] { engine->resize(static_cast<std::size_t>(workers)); });
}

task<pool_stats> process_pool::stats() const { return stats_of(engine_); }

std::vector<int> process_pool::worker_pids() const { return engine_->worker_pids(); }

}  // namespace braid
