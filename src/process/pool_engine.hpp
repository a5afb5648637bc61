#pragma once
// The inside of a process_pool: who does what next. It owns the queue and the workers, and every decision is made on
// its home; nothing is shared with other threads but the queue of that home.

#include "process/alarm.hpp"
#include "process/call_queue.hpp"
#include "process/queue_room.hpp"
#include "process/read_buffer.hpp"
#include "process/services.hpp"
#include "process/worker_death.hpp"
#include "process/worker_link.hpp"
#include "process/zygote_process.hpp"

#include <braid/core/detail/home.hpp>
#include <braid/process/process_pool.hpp>

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace braid::detail {

/// Lifetime: kept by the pool, by calls on their way, and by each worker it has.
class pool_engine : public std::enable_shared_from_this<pool_engine> {
public:
    /// Leaves the zygote when its last worker is gone: the options have no handle of it, and no initialiser.
    pool_engine(std::shared_ptr<home> where, process_pool_options options, std::vector<std::byte> initialiser,
                pd::process_services& services, std::shared_ptr<pd::zygote_process> zygote);

    [[nodiscard]] home& where() const noexcept { return *home_; }
    /// Whether `place` is the pool's home, which may be gone by now.
    [[nodiscard]] bool lives_on(const home* place) const noexcept { return place == home_address_; }
    [[nodiscard]] const process_pool_options& options() const noexcept { return options_; }
    /// The request of the call that each worker begins with. Empty if there is none.
    [[nodiscard]] std::span<const std::byte> initialiser() const noexcept { return initialiser_; }
    [[nodiscard]] pd::process_services& services() const noexcept { return services_; }
    /// Of which its workers are forked, if they are.
    [[nodiscard]] pd::zygote_process* zygote() const noexcept { return zygote_.get(); }
    /// Of the queue. Null if that has no limit.
    [[nodiscard]] queue_room* room() const noexcept { return room_.get(); }

    // On the home:
    void submit(call_base& call) noexcept;
    void cancel(call_base& call) noexcept;
    void begin_close() noexcept;
    /// Before anything else. Throws: std::system_error.
    void begin();
    void terminate() noexcept;
    /// Calls back once, on the home, when the pool is closed and its last worker gone.
    void when_gone(std::function<void()> then);
    /// The same when the pool object is gone too: then it lets the home go, while the context of that exists.
    void leave_when_gone(std::function<void()> then);
    [[nodiscard]] std::vector<int> worker_pids() const;
    [[nodiscard]] pool_stats stats() const;
    void resize(std::size_t workers) noexcept;

    /// From a thread that runs no coroutine: terminates, and waits until nothing is left.
    void terminate_blocking();

    // For the workers, on the home:
    void worker_ready() noexcept { plan(); }
    /// It has answered: workers as such are all right.
    void worker_works() noexcept { failed_starts_ = starts_in_vain_ = 0; }
    void call_ended(call_base& call) noexcept;
    /// Its worker died while it was running it, or so many items of it.
    void call_lost(call_base& call, worker_death death, std::uint32_t items) noexcept;
    /// Its worker has not begun it and never will: it is the next to run elsewhere.
    void call_returned(call_base& call) noexcept;
    void worker_has_room() noexcept { plan(); }
    /// It has no call any more. Before the last caller goes: a timer that is armed then keeps the context running.
    void worker_rests() {
        if (options_.heartbeat) expect_heartbeats();
    }
    void count_answer(clock::duration waited) noexcept {
        ++answered_;
        waited_.record(waited);
    }
    void count_travel(std::chrono::nanoseconds time, std::uint64_t calls) noexcept { travelled_.record(time, calls); }
    [[nodiscard]] std::span<std::byte> read_buffer() const noexcept { return read_buffer_.bytes(); }

    // A call of another home has ended here, and can be told so when its cancellation has arrived.
    void expect_cancellation() noexcept { ++cancellations_expected_; }
    void cancellation_arrived() noexcept;

    /// Runs `then` on the home, which is not left before. Threads: any, while the pool object is there or a worker.
    void post(std::function<void()> then);
    /// The same at any time. False: the pool is gone and has left its home, on which nobody waits for it.
    [[nodiscard]] bool post_unless_gone(std::function<void()> then);
    /// The same for a call that comes: it says when it has `arrived`.
    [[nodiscard]] bool post_unless_gone(work& w);
    /// The same from a handler of Asio's, where it may run at once.
    [[nodiscard]] bool post_from_handler(work& w, home& where);
    void arrived() noexcept;
    /// For a call that the pool has, or is to have: until that has ended there is a home.
    void post_for_call(work& w);
    /// A pool that is closed takes no call. Threads: the call's, if the pool is gone.
    void refuse(call_base& call) noexcept;
    /// The same for a thread that nobody waits for: what it held of pool and link goes along, so that their last
    /// moments are on the home, and it touches nothing of the home's context afterwards.
    using link_action = std::function<void(pool_engine&, const std::shared_ptr<worker_link>&)>;
    static void post_for(std::shared_ptr<worker_link> link, link_action then);

    void worker_started(const std::shared_ptr<worker_link>& link, pd::started_child child);
    /// It was tried as often as makes sense, unless `may_try_again`.
    void worker_not_started(const std::shared_ptr<worker_link>& link, const std::string& why, bool may_try_again);
    void worker_gone(const std::shared_ptr<worker_link>& link, const pd::exit_status& status);

private:
    enum class state : unsigned char { open, closing, terminated };
    static constexpr std::size_t read_buffer_size = 256 * 1024;
    struct engine_work : work {
        pool_engine* engine;
    };
    struct engine_timer : timer {
        pool_engine* engine;
    };
    /// Counts what is posted from outside, for terminate_blocking. It outlives the engine for those who post.
    struct inbox {
        std::mutex mutex;  // held while posting
        std::condition_variable posted;
        std::uint64_t posts = 0;
    };
    static void post_into(inbox& box, const std::function<void()>& post);
    /// Counts what comes, until it has `arrived`. False: the pool is gone.
    [[nodiscard]] bool post_counted(const std::function<void(home&)>& post);

    void make_alarm();
    void plan() noexcept;
    void carry_out() noexcept;
    void assign_queued(clock::time_point now);
    worker_link* least_busy() noexcept;
    worker_link* awake_or_least_busy() noexcept;
    void give(call_base& call, worker_link& worker, clock::time_point now) noexcept;
    void even_out(clock::time_point now) noexcept;
    void look_again_if_due();
    void look_for_stuck_workers() noexcept;
    void expect_heartbeats();
    void look_for_life() noexcept;
    void retire_workers();
    void retire_idle_workers(std::size_t staying);
    void count_end(const worker_link& link) noexcept;
    void start_workers_if_needed();
    void start_worker();
    [[nodiscard]] clock::time_point next_start() const noexcept;
    void wake_at(clock::time_point at);
    void failed_to_start(const std::string& why, bool may_try_again = true);
    [[nodiscard]] bool has_ready_worker() const noexcept;
    /// A worker fewer is a worker missing.
    [[nodiscard]] bool wants_workers() const noexcept {
        return !queue_.empty() ||
               (state_ == state::open && workers_.size() < static_cast<std::size_t>(options_.min_workers));
    }
    void remove(const std::shared_ptr<worker_link>& link);
    void enqueue(call_base& call) noexcept;
    void enqueue_again(call_base& call) noexcept;
    call_base* take_queued() noexcept;
    void remove_waiting(call_base& call) noexcept;
    void make_room() noexcept;
    /// Calls that no worker has.
    [[nodiscard]] std::size_t waiting() const noexcept;
    void fail_queued(const std::exception_ptr& error) noexcept;
    void settle_if_gone();
    [[nodiscard]] bool has_left_zygote();
    [[nodiscard]] bool leave_home() noexcept;

    std::shared_ptr<home> home_;  // null when it has been left, which happens under the inbox's mutex
    const home* const home_address_;
    const process_pool_options options_;
    const std::vector<std::byte> initialiser_;
    pd::process_services& services_;
    std::shared_ptr<pd::zygote_process> zygote_;  // null if there is none, or none any more
    bool leaving_zygote_ = false;

    state state_ = state::open;
    call_queue queue_;
    std::vector<std::shared_ptr<worker_link>> workers_;
    engine_work plan_work_;
    std::shared_ptr<pool_engine> planned_;  // this, while the work is queued
    engine_timer look_timer_;               // at workers that may be stuck in a long call
    engine_timer heartbeat_timer_;          // while some worker has to live
    engine_timer retry_timer_;              // of a start that failed, without an alarm
    std::optional<pd::alarm> alarm_;        // for what nobody waits for: of a pool with a minimum or an idle time
    std::size_t most_workers_;
    const std::unique_ptr<queue_room> room_;  // null without max_queued. Nobody is outside unless the queue is full
    clock::time_point turn_began_{};          // of this turn's first submission; zero: there was none
    std::uint64_t answered_ = 0;
    time_histogram waited_;
    time_histogram ran_;  // at workers that are gone
    time_histogram travelled_;
    std::uint64_t started_ = 0;
    worker_ends ended_{};
    unsigned failed_starts_ = 0;   // in a row, while calls wait; from zero on when those have failed for it
    unsigned starts_in_vain_ = 0;  // in a row, whoever waited
    clock::time_point last_failure_{};
    std::vector<std::function<void()>> gone_;
    bool leaves_ = false;  // its home, when everything is gone
    std::size_t cancellations_expected_ = 0;
    // Posted by whoever, and not yet run here. Grows under the inbox's mutex only, so that nothing is posted for a pool
    // that leaves when it is zero.
    std::atomic<std::size_t> on_their_way_ = 0;
    const pd::read_buffer read_buffer_{read_buffer_size};
    const std::shared_ptr<inbox> inbox_ = std::make_shared<inbox>();
};

}  // namespace braid::detail
