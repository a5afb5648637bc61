#pragma once
// held: a mutex that is held, given up at the end of the scope.

#include <utility>

namespace braid {

/// What `co_await m.lock()` gives. Move-only.
/// Throws: its destructor ends the program if the mutex turns out not to be held (by this owner): see `Mutex::unlock`.
template <class Mutex, bool Shared = false>
class [[nodiscard("a lock that is dropped is given up at once: keep it while it is needed")]] held {
public:
    held() noexcept = default;
    held(held&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
    held& operator=(held&& other) noexcept {
        held(std::move(other)).swap(*this);
        return *this;
    }
    ~held() { unlock(); }
    void swap(held& other) noexcept { std::swap(mutex_, other.mutex_); }

    /// Gives it up now; no effect when there is nothing to give up.
    void unlock() {
        Mutex* m = std::exchange(mutex_, nullptr);
        if (!m) return;
        if constexpr (Shared) {
            m->unlock_shared();
        } else {
            m->unlock();
        }
    }
    /// Leaves it locked: somebody will unlock the mutex by hand.
    void detach() noexcept { mutex_ = nullptr; }

    [[nodiscard]] explicit operator bool() const noexcept { return mutex_ != nullptr; }
    /// The mutex that is held, or null.
    [[nodiscard]] Mutex* mutex() const noexcept { return mutex_; }

private:
    friend Mutex;
    explicit held(Mutex& m) noexcept : mutex_(&m) {}

    Mutex* mutex_ = nullptr;
};

}  // namespace braid
