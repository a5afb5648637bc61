#pragma once
// The lock inside of every primitive: almost free for as long as only one home uses the primitive.

#include <braid/core/detail/home.hpp>
#include <braid/core/detail/short_mutex.hpp>

#include <atomic>
#include <mutex>

namespace braid::detail {

/// Lets one home, the first that comes, into a section without a lock: a home runs one thing at a time, so two plain
/// stores are all it takes. Anybody else takes a lock, and before the first time the bias back, for good: with a
/// barrier in all threads of the process, so that the favoured home needs none.
class bias {
public:
    /// True: inside, until `leave`. False: never again without the lock.
    [[nodiscard]] bool enter() noexcept {
        home* const here = this_driver.current;
        if (!here) return false;
        if (favoured_.load(std::memory_order_relaxed) == here) [[likely]]
            return come_in(here);
        return favour(here);
    }
    void leave() noexcept { inside_.store(false, std::memory_order_release); }

    /// To be called with the lock held, before anything else: returns when nobody is inside by favour any more.
    void end() noexcept {
        if (favoured_.load(std::memory_order_acquire) != nobody()) [[unlikely]]
            take_back();
    }

private:
    bool come_in(home* here) noexcept {
        inside_.store(true, std::memory_order_relaxed);
        std::atomic_signal_fence(std::memory_order_seq_cst);  // and for the processor: the barrier of take_back
        if (favoured_.load(std::memory_order_acquire) == here) [[likely]]
            return true;
        leave();
        return false;
    }
    /// Comes in if nobody came before.
    bool favour(home* first) noexcept;
    void take_back() noexcept;

    // Addresses that no home has.
    static home* nobody() noexcept { return reinterpret_cast<home*>(alignof(home)); }
    static home* being_taken_back() noexcept { return reinterpret_cast<home*>(2 * alignof(home)); }

    std::atomic<home*> favoured_ = nullptr;  // null: nobody came yet
    std::atomic<bool> inside_ = false;       // the favoured home is
};

/// Holds a lock, or the favour, for as long as it lives. Sections are short: they call nobody back and wake nobody.
class section {
public:
    section(bias& favour, short_mutex& lock) noexcept : favour_(favour), lock_(favour.enter() ? nullptr : &lock) {
        if (!lock_) return;
        lock_->lock();
        favour_.end();
    }
    section(const section&) = delete;
    section& operator=(const section&) = delete;
    ~section() {
        if (lock_) {
            lock_->unlock();
        } else {
            favour_.leave();
        }
    }

    /// Not by favour.
    [[nodiscard]] bool by_lock() const noexcept { return lock_ != nullptr; }

private:
    bias& favour_;
    short_mutex* const lock_;
};

/// A second lock under the same favour, which stands for both. To be taken in the same order everywhere.
class further_lock {
public:
    further_lock(short_mutex& lock, const section& first) : lock_(lock, std::defer_lock) {
        if (first.by_lock()) lock_.lock();
    }

private:
    std::unique_lock<short_mutex> lock_;
};

/// A lock of its own. Threads: any.
class biased_mutex {
public:
    /// `const section inside = m.enter();`
    [[nodiscard]] section enter() noexcept { return section(bias_, mutex_); }

private:
    bias bias_;
    short_mutex mutex_;
};

}  // namespace braid::detail
