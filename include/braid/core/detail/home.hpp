#pragma once
// A home is the place where coroutines run: a queue of ready work in front of one Asio executor. Whatever the
// executor is, a home runs one thing at a time, like a strand; coroutines of one home share data without locks.

#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <braid/core/detail/list.hpp>
#include <braid/core/detail/timer_queue.hpp>
#include <braid/core/detail/spin.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace braid::detail {

class home;
struct environment;

/// Something that can be made ready: queued without an allocation, run once on its home.
struct work {
    work* next = nullptr;
    void (*run)(work*) noexcept = nullptr;
};

/// What this thread is doing right now.
struct driver {
    std::coroutine_handle<> next;  // resumed as soon as the stack has unwound to the driver
    home* current = nullptr;       // the home whose work is being run
    environment* env = nullptr;    // of the coroutine being run
    unsigned budget = 0;           // awaits that may still complete without giving way
};
inline constinit thread_local driver this_driver{};

/// Resumes what is to be resumed next, and whatever it hands over to.
inline void resume_next() noexcept {
    driver& d = this_driver;
    while (d.next) {
        const std::coroutine_handle<> next = d.next;
        d.next = nullptr;
        next.resume();
    }
}

/// Resumes a coroutine and whatever it hands over to. The only place from which coroutines are resumed: handing
/// over through `next` instead of recursing keeps the stack flat with every compiler, at every level of optimisation.
inline void resume(std::coroutine_handle<> coroutine) noexcept {
    coroutine.resume();
    resume_next();
}

/// A queue of work, first in, first out. Not thread-safe.
class work_list {
public:
    [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
    template <class Visit>
    void for_each(Visit visit) const {
        for (work* w = first_; w; w = w->next) visit(*w);
    }
    /// Takes out the one that `index` others are in front of. It must be there.
    work* take(std::size_t index) noexcept {
        if (index == 0) return pop();
        work* before = first_;
        while (--index != 0) before = before->next;
        work* taken = before->next;
        before->next = taken->next;
        if (last_ == taken) last_ = before;
        return taken;
    }
    void push(work* w) noexcept {
        w->next = nullptr;
        (first_ ? last_->next : first_) = w;
        last_ = w;
    }
    work* pop() noexcept {
        work* w = first_;
        first_ = w->next;
        return w;
    }

private:
    work* first_ = nullptr;
    work* last_ = nullptr;
};

/// Stands in for the clock, and for the order of what is ready, where both are simulated. See braid/testing.
class simulation {
public:
    virtual ~simulation() = default;
    [[nodiscard]] virtual clock::time_point now() const noexcept = 0;
    /// Takes out what runs next, of a queue that is not empty.
    virtual work* next(work_list& ready) noexcept = 0;
};

/// A root as its home knows it.
struct root_entry : list_node {
    environment* inside = nullptr;
    // Who started it, on the same home. That may have ended: to be compared, by its serial too, with who is there.
    const environment* starter = nullptr;
    std::uint32_t starter_serial = 0;
};

/// A home in the list of all that have roots.
struct home_entry : list_node {
    explicit home_entry(home& h) noexcept : where(h) {}
    home_entry(const home_entry&) = delete;
    home_entry& operator=(const home_entry&) = delete;
    ~home_entry() { leave(); }
    void join() noexcept;
    void leave() noexcept;
    home& where;
    bool joined = false;  // on the home
};

/// Where another process delivers: looked at before the home goes to sleep. On the home.
struct lookout : list_node {
    /// From now on whoever delivers need not wake the home.
    virtual void stays_awake() noexcept = 0;
    [[nodiscard]] virtual bool has_something() const noexcept = 0;
    /// From now on whoever delivers wakes the home. False: something has come, and nobody would.
    [[nodiscard]] virtual bool may_sleep() noexcept = 0;
    /// What there is to do when something has come. Once: then there is nothing until that has been done.
    [[nodiscard]] virtual work& found() noexcept = 0;

    clock::duration patience{};  // how long to look, while it may deliver any moment; else zero

protected:
    ~lookout() = default;
};

class context_watch;

class home : public std::enable_shared_from_this<home>, private list_node {
public:
    explicit home(boost::asio::any_io_executor executor, simulation* simulated = nullptr);
    virtual ~home();
    home(const home&) = delete;
    home& operator=(const home&) = delete;

    /// The home for new work on this executor: the current one if it is the same place, else a new one.
    static std::shared_ptr<home> of(const boost::asio::any_io_executor& executor);

    [[nodiscard]] const boost::asio::any_io_executor& executor() const noexcept { return executor_; }
    [[nodiscard]] bool is_current() const noexcept { return this_driver.current == this; }

    /// Makes work ready. Threads: any.
    void post(work* w) noexcept {
        if (is_current()) {
            ready_.push(w);
        } else {
            post_from_outside(w);
        }
    }

    /// The same from a completion handler, which may already be where the work has to run: then it runs at once.
    void post_from_handler(work* w) noexcept;

    /// The same for a function, at the price of an allocation.
    void post_function(std::function<void()> then);

    /// Runs `first` and whatever is ready on this thread, now: for threads that have to see something through though
    /// nobody may be running the executor any more. Waits if another thread is at it. Not from within a home.
    void run_here(const std::function<void()>& first);

    /// Runs `w` when nothing else is ready: to do once what everything of one turn asked for. On this home only.
    void post_at_turn_end(work* w) noexcept { turn_end_.push(w); }

    /// On this home only.
    void arm(timer& t);
    void disarm(timer& t) noexcept {
        timers_.disarm(t);
        if (roots_.empty()) [[unlikely]]
            drop_asio_timer();
    }

    /// A call on another thread is under way, whose end may be near: worth a look before going to sleep. On this home.
    void call_begins() noexcept { ++calls_away_; }
    void call_ends() noexcept { --calls_away_; }
    /// The same for another process, until it is unlinked.
    void add(lookout& place) noexcept { lookouts_.push_back(place); }

    /// The time as it is here.
    [[nodiscard]] clock::time_point now() const noexcept { return simulation_ ? simulation_->now() : clock::now(); }
    /// The time when this turn began, to some milliseconds, for the price of a load.
    [[nodiscard]] clock::time_point turn_time() const noexcept { return turn_time_; }

    /// For a simulation, whose time only moves when it is told to. `earliest` is `time_point::max()` when no timer is
    /// armed; `fire_due` runs, at the next turn, what is due by then.
    [[nodiscard]] clock::time_point earliest_timer() noexcept { return timers_.earliest(); }
    void fire_due() noexcept;

    /// A root lives here. The last one to leave stops the Asio timer, which would keep the context running, and sees to
    /// it that no thread is still waking the context, which may be destroyed next.
    void root_joins(root_entry& root) noexcept {
        if (roots_.empty()) entry_.join();
        roots_.push_back(root);
    }
    void root_leaves() noexcept;  // after its entry has gone

    /// For those who look at what there is. On this home, or while nobody runs it.
    [[nodiscard]] list<root_entry>& roots() noexcept { return roots_; }
    [[nodiscard]] const work_list& ready() const noexcept { return ready_; }

protected:
    // For a home that drains itself on a thread of its own, see worker_home.

    /// Runs `work()` and what is ready, as this home's. True when there is more to do.
    template <class Work>
    bool drive(Work work) noexcept {
        const std::lock_guard only_one(draining_);
        const driver outer = std::exchange(this_driver, driver{nullptr, this, nullptr, 0});
        work();
        const bool more = turn();
        this_driver = outer;
        return more;
    }
    [[nodiscard]] bool has_work() const noexcept {
        return !ready_.empty() || outside_.load(std::memory_order_acquire) != nullptr;
    }
    /// From now on whoever posts calls schedule_drain. False, and it does not, when there is work.
    [[nodiscard]] bool rest() noexcept;
    /// From now on nobody does.
    void stop_resting() noexcept;
    /// Threads that are still inside of `post`.
    [[nodiscard]] bool posting() const noexcept { return posting_.load(std::memory_order_acquire) != 0; }

    /// Sees to it that the home is drained soon. Threads: any.
    virtual void schedule_drain() noexcept;

private:
    friend class context_watch;
    template <class>
    friend class list;

    struct drain_handler;
    struct timer_work : work {
        home* owner;
        std::atomic<bool> posted = false;  // it can be in the queue once, however many expiries were under way
    };

    void context_goes() noexcept;
    void post_from_outside(work* w) noexcept;
    void drain() noexcept;
    bool turn() noexcept;
    bool take_outside() noexcept;
    bool look_out() noexcept;
    clock::duration begin_to_look() noexcept;
    bool look_at_lookouts() noexcept;
    bool may_sleep() noexcept;
    void run_ready(unsigned count) noexcept;
    void run_ready_watched(unsigned count) noexcept;
    void timers_due() noexcept;
    void arm_asio_timer(clock::time_point at);
    void drop_asio_timer() noexcept;

    boost::asio::any_io_executor executor_;
    const boost::asio::io_context::executor_type* native_;  // into executor_, null when it is of another kind

    simulation* const simulation_;

    std::shared_ptr<context_watch> watch_;

    std::mutex draining_;

    // Touched by whoever drains.
    work_list ready_;
    work_list turn_end_;
    timer_queue timers_;
    std::optional<boost::asio::steady_timer> asio_timer_;  // while it is of use: a home may outlive its context
    clock::time_point asio_timer_at_ = clock::time_point::max();
    clock::time_point turn_time_;
    list<root_entry> roots_;
    std::size_t calls_away_ = 0;
    list<lookout> lookouts_;
    spinner spinner_;
    bool context_gone_ = false;
    timer_work timer_work_;

    // Work from other threads, last in first; or `idle`, when nobody drains or is about to.
    std::atomic<work*> outside_;
    std::atomic<unsigned> posting_ = 0;  // threads on their way out of waking the executor

    home_entry entry_{*this};  // last: whoever finds it finds all of the home
};

/// The time as it is for the work that is being run.
inline clock::time_point now() noexcept {
    const home* here = this_driver.current;
    return here ? here->now() : clock::now();
}

}  // namespace braid::detail
