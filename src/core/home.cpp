#include <braid/core/detail/home.hpp>

#include <braid/core/observe.hpp>

#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>

#include <algorithm>
#include <ctime>
#include <thread>
#include <utility>

namespace braid::detail {

namespace {

// A turn runs so many, and as many again, so often, while they are quick: what is done once a turn, such as writing to
// a worker what it was given, should be worth it, and timers should not have to wait for long.
constexpr unsigned works_at_a_time = 256;
constexpr unsigned most_times_a_turn = 4;
// Awaits that complete without suspending, between two looks at the ready queue.
constexpr unsigned ready_awaits_a_work = 128;

/// A few nanoseconds instead of the twenty of an exact one.
clock::time_point coarse_now() noexcept {
    timespec t{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return clock::time_point(std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec));
}

work idle_mark;  // an address that no work can have
work* const idle = &idle_mark;

}  // namespace

/// Tells the homes of a context that it is about to go: what is posted to them later must not reach it any more.
/// Shared by the context, as a service of it, and by its homes, which may outlive it.
class context_watch {
public:
    class service : public boost::asio::execution_context::service {
    public:
        using key_type = service;
        static inline boost::asio::execution_context::id id;
        explicit service(boost::asio::execution_context& context) : boost::asio::execution_context::service(context) {}
        std::shared_ptr<context_watch> watch = std::make_shared<context_watch>();

    private:
        void shutdown() override { watch->context_goes(); }
    };

    void add(home& h) {
        const std::lock_guard lock(mutex_);
        homes_.push_back(h);
    }
    void remove(home& h) noexcept {
        const std::lock_guard lock(mutex_);
        static_cast<list_node&>(h).unlink();
    }

private:
    void context_goes() noexcept {
        const std::lock_guard lock(mutex_);
        while (home* h = homes_.pop_front()) h->context_goes();
    }

    std::mutex mutex_;
    list<home> homes_;
};

/// The handler that is in the executor's queue while work is waiting. Destroyed without being called, it takes
/// nothing along: what was ready is released with its frames.
struct home::drain_handler {
    std::shared_ptr<home> target;
    void operator()() const { target->drain(); }
};

home::home(boost::asio::any_io_executor executor, simulation* simulated)
    : executor_(std::move(executor)),
      native_(executor_.target<boost::asio::io_context::executor_type>()),
      simulation_(simulated),
      outside_(idle) {
    timer_work_.owner = this;
    timer_work_.run = [](work* w) noexcept { static_cast<timer_work*>(w)->owner->timers_due(); };
    auto& context = boost::asio::query(executor_, boost::asio::execution::context);
    watch_ = boost::asio::use_service<context_watch::service>(context).watch;
    watch_->add(*this);
}

home::~home() { watch_->remove(*this); }

// Work that is or comes into the queues stays there: nobody is left to run it.
void home::context_goes() noexcept {
    entry_.leave();
    context_gone_ = true;
    outside_.store(nullptr);  // never idle again, so that nobody wakes the executor
    asio_timer_.reset();
}

std::shared_ptr<home> home::of(const boost::asio::any_io_executor& executor) {
    if (home* here = this_driver.current; here && here->executor_ == executor) return here->shared_from_this();
    return std::make_shared<home>(executor);
}

void home::root_leaves() noexcept {
    if (roots_.empty()) {
        entry_.leave();
        while (posting_.load(std::memory_order_acquire) != 0)
            std::this_thread::yield();  // for the end of a system call
    }
    drop_asio_timer();
}

// Without a root and a timer of ours, Asio's is not to keep the context busy.
void home::drop_asio_timer() noexcept {
    if (!roots_.empty() || !timers_.empty()) return;
    asio_timer_at_ = clock::time_point::max();
    asio_timer_.reset();
}

void home::schedule_drain() noexcept { boost::asio::post(executor_, drain_handler{shared_from_this()}); }

void home::post_from_outside(work* w) noexcept {
    work* top = outside_.load(std::memory_order_relaxed);
    do {
        w->next = top == idle ? nullptr : top;
    } while (!outside_.compare_exchange_weak(top, w, std::memory_order_acq_rel, std::memory_order_relaxed));
    if (top != idle) return;
    // What was woken may end its root, and with it this home's context, while this thread is still inside of
    // asio::post.
    const auto keep = shared_from_this();
    posting_.fetch_add(1, std::memory_order_relaxed);
    schedule_drain();
    posting_.fetch_sub(1, std::memory_order_release);
}

void home::post_from_handler(work* w) noexcept {
    if (is_current()) return ready_.push(w);
    // Not into what is ready: a thread that sees something through here may be at that, though the home is idle.
    work* expected = idle;
    w->next = nullptr;
    if (native_ && native_->running_in_this_thread()) {
        const auto keep = shared_from_this();
        if (outside_.compare_exchange_strong(expected, w, std::memory_order_acq_rel)) return drain();
    }
    post_from_outside(w);
}

bool home::take_outside() noexcept {
    work* top = outside_.load(std::memory_order_relaxed);
    if (!top || top == idle) return false;  // an idle home, drained out of turn, stays so
    top = outside_.exchange(nullptr, std::memory_order_acquire);
    work* in_order = nullptr;
    while (top) {
        work* next = top->next;
        top->next = in_order;
        in_order = top;
        top = next;
    }
    while (in_order) {
        work* next = in_order->next;
        ready_.push(in_order);
        in_order = next;
    }
    return true;
}

void home::run_ready(unsigned count) noexcept {
    if (simulation_ || the_work_observer.load(std::memory_order_relaxed)) [[unlikely]]
        return run_ready_watched(count);
    while (count != 0 && (!ready_.empty() || take_outside())) {
        work* w = ready_.pop();
        this_driver.budget = ready_awaits_a_work;
        w->run(w);
        --count;
    }
}

/// The same with somebody who looks on, or decides what comes next.
void home::run_ready_watched(unsigned count) noexcept {
    while (count != 0 && (take_outside() || !ready_.empty())) {
        work* w = simulation_ ? simulation_->next(ready_) : ready_.pop();
        this_driver.budget = ready_awaits_a_work;
        work_observer* observer = the_work_observer.load(std::memory_order_acquire);
        if (observer) observer->begins(*w);
        w->run(w);
        if (observer) observer->ended();
        --count;
    }
}

/// Runs what is ready, then what is due once a turn. True when there is more.
bool home::turn() noexcept {
    turn_time_ = simulation_ ? simulation_->now() : coarse_now();
    take_outside();  // though the queue may never be empty: timers and other threads get their turn too
    run_ready(works_at_a_time);
    // The clock's ticks are a few ms apart. Simulated time stands still in a turn, however many works that has.
    const auto is_quick = [this] { return !simulation_ && coarse_now() == turn_time_; };
    for (unsigned times = 1; times != most_times_a_turn && !ready_.empty() && is_quick(); ++times) {
        run_ready(works_at_a_time);
    }
    const bool more = !ready_.empty();
    // What is done once a turn may make new things ready, but is not repeated for them in this turn.
    for (work_list due = std::exchange(turn_end_, {}); !due.empty();) {
        work* w = due.pop();
        w->run(w);
    }
    return more || !ready_.empty() || !turn_end_.empty();
}

bool home::look_out() noexcept {
    const auto has_work_from_outside = [this] { return outside_.load(std::memory_order_relaxed) != nullptr; };
    if (const auto patience = begin_to_look(); patience != clock::duration::zero()) {
        return spinner_.wait_for(patience, [&] { return look_at_lookouts() || has_work_from_outside(); });
    }
    return calls_away_ != 0 && spinner_.wait(has_work_from_outside);
}

/// For how long it is worth it.
clock::duration home::begin_to_look() noexcept {
    clock::duration patience{};
    lookouts_.for_each([&](lookout& place) {
        if (place.patience == clock::duration::zero()) return;
        place.stays_awake();
        patience = std::max(patience, place.patience);
    });
    return patience;
}

/// True when something has come, which is ready now.
bool home::look_at_lookouts() noexcept {
    bool found = false;
    lookouts_.for_each([&](lookout& place) {
        if (!place.has_something()) return;
        ready_.push(&place.found());
        found = true;
    });
    return found;
}

/// False when something has come, which is ready now.
bool home::may_sleep() noexcept {
    bool may = true;
    lookouts_.for_each([&](lookout& place) {
        if (place.may_sleep()) return;
        ready_.push(&place.found());
        may = false;
    });
    return may;
}

void home::drain() noexcept {
    constexpr unsigned turns_a_drain = 8;  // then the executor's sockets and timers have their turn
    const std::lock_guard only_one(draining_);
    const driver outer = std::exchange(this_driver, driver{nullptr, this, nullptr, 0});
    for (unsigned turns = 1;; ++turns) {
        const bool more = turn();
        if (!more && turns < turns_a_drain && look_out()) continue;
        if (more || (turns >= turns_a_drain && begin_to_look() != clock::duration::zero())) {
            schedule_drain();
            break;
        }
        if (!may_sleep()) continue;
        work* none = nullptr;
        if (outside_.compare_exchange_strong(none, idle, std::memory_order_release, std::memory_order_relaxed)) break;
    }
    this_driver = outer;
}

bool home::rest() noexcept {
    if (!may_sleep()) return false;
    work* none = nullptr;
    return outside_.compare_exchange_strong(none, idle, std::memory_order_acq_rel, std::memory_order_relaxed);
}

void home::stop_resting() noexcept {
    work* expected = idle;
    outside_.compare_exchange_strong(expected, nullptr, std::memory_order_acquire, std::memory_order_relaxed);
}

void home::run_here(const std::function<void()>& first) {
    const auto keep = shared_from_this();
    const std::lock_guard only_one(draining_);
    const driver outer = std::exchange(this_driver, driver{nullptr, this, nullptr, 0});
    first();
    while (turn() || !may_sleep()) {
    }
    this_driver = outer;
}

void home::post_function(std::function<void()> then) {
    struct posted : work {
        std::function<void()> then;
    };
    auto* w = new posted;
    w->then = std::move(then);
    w->run = [](work* self) noexcept {
        const std::unique_ptr<posted> owned(static_cast<posted*>(self));
        owned->then();
    };
    post(w);
}

// --- timers: a heap of our own in front of one Asio timer, which costs fifty times as much to arm.

void home::arm(timer& t) {
    timers_.arm(t);
    if (t.at < asio_timer_at_) arm_asio_timer(t.at);
}

// An Asio timer that is too early is harmless: it finds nothing due and is armed again. So only an earlier
// deadline than all before arms it anew, and disarming never touches it while there are tasks.
void home::arm_asio_timer(clock::time_point at) {
    if (context_gone_ || simulation_) return;
    asio_timer_at_ = at;
    if (!asio_timer_) asio_timer_.emplace(executor_);
    asio_timer_->expires_at(asio_timer_at_);
    asio_timer_->async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        if (error) return;
        const auto self = weak.lock();
        if (self && !self->timer_work_.posted.exchange(true)) self->post_from_handler(&self->timer_work_);
    });
}

void home::fire_due() noexcept {
    if (!timer_work_.posted.exchange(true)) post(&timer_work_);
}

void home::timers_due() noexcept {
    timer_work_.posted = false;
    asio_timer_at_ = clock::time_point::min();  // what is armed meanwhile is looked at in the end
    if (!timers_.fire_due(now())) {
        // What has been made ready runs first, while it is still in the cache.
        timer_work_.posted = true;
        return ready_.push(&timer_work_);
    }
    asio_timer_at_ = clock::time_point::max();
    // A wait without end, until time_point::max(), needs no timer.
    if (const auto next = timers_.earliest(); next < asio_timer_at_) arm_asio_timer(next);
}

}  // namespace braid::detail
