#pragma once
// The inside of a process_pool: who does what next. It owns the queue and the workers, and every decision is made on
// its home; nothing is shared with other threads but the queue of that home.

#include "process/services.hpp"
#include "process/worker_link.hpp"

#include <braid/core/detail/home.hpp>
#include <braid/process/process_pool.hpp>

#include <array>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace braid::detail {

/// Lifetime: kept by the pool, by calls on their way, and by itself while a worker process exists.
class pool_engine : public std::enable_shared_from_this<pool_engine> {
public:
    pool_engine(std::shared_ptr<home> where, process_pool_options options, pd::process_services& services);

    [[nodiscard]] home& where() const noexcept { return *home_; }
    [[nodiscard]] const process_pool_options& options() const noexcept { return options_; }
    [[nodiscard]] pd::process_services& services() const noexcept { return services_; }

    // On the home:
    void submit(call_base& call) noexcept;
    void cancel(call_base& call) noexcept;
    void begin_close() noexcept;
    void terminate() noexcept;
    /// Calls back once, on the home, when the pool is closed and its last worker gone.
    void when_gone(std::function<void()> then);
    [[nodiscard]] std::vector<int> worker_pids() const;

    /// From a thread that runs no coroutine: terminates, and waits until nothing is left.
    void terminate_blocking();

    // For the workers, on the home:
    void worker_ready() noexcept;
    void call_ended(call_base& call) noexcept;
    /// Its worker died while it was running it.
    void call_lost(call_base& call, std::exception_ptr error) noexcept;
    void worker_has_room() noexcept { plan(); }
    [[nodiscard]] std::span<std::byte> read_buffer() noexcept { return read_buffer_; }

    /// Runs `then` on the home. Threads: any.
    void post(std::function<void()> then);

    void worker_started(const std::shared_ptr<worker_link>& link, pd::spawn_result result);
    void worker_gone(const std::shared_ptr<worker_link>& link, const pd::exit_status& status);

private:
    enum class state : unsigned char { open, closing, terminated };
    struct engine_work : work {
        pool_engine* engine;
    };
    struct engine_timer : timer {
        pool_engine* engine;
    };

    void plan() noexcept;
    void carry_out() noexcept;
    void assign_queued();
    worker_link* least_busy() noexcept;
    void even_out() noexcept;
    void look_again_if_due();
    void look_for_stuck_workers() noexcept;
    void start_workers_if_needed();
    void start_worker();
    void failed_to_start(const std::string& why);
    void remove(const std::shared_ptr<worker_link>& link);
    void fail_queued(const std::exception_ptr& error) noexcept;
    void settle_if_gone();

    const std::shared_ptr<home> home_;
    const process_pool_options options_;
    pd::process_services& services_;

    state state_ = state::open;
    list<call_entry> queue_;
    std::size_t queued_ = 0;
    std::vector<std::shared_ptr<worker_link>> workers_;
    engine_work plan_work_;
    std::shared_ptr<pool_engine> planned_;  // this, while the work is queued
    engine_timer look_timer_;   // at workers that may be stuck in a long call
    engine_timer retry_timer_;  // of a start that failed
    unsigned failed_starts_ = 0;
    std::vector<std::function<void()>> gone_;
    std::shared_ptr<pool_engine> self_;  // while there are workers
    std::vector<std::byte> read_buffer_;

    // For terminate_blocking: how much work was ever posted from outside.
    std::mutex mutex_;
    std::condition_variable posted_;
    std::uint64_t posts_ = 0;  // under mutex_
};

}  // namespace braid::detail
