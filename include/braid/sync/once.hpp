#pragma once
// once: something is done once, whoever comes first, and the others wait until it is done.

#include <braid/core/detail/scoped.hpp>
#include <braid/sync/detail/queued.hpp>

#include <functional>
#include <type_traits>
#include <utility>

namespace braid {

/// Threads: any. Lifetime: it must outlive those who call it.
class once {
    struct turn;
    struct entering;
    class attempt;

public:
    once() = default;
    once(const once&) = delete;
    once& operator=(const once&) = delete;

    /// `co_await o.call(f, args...)`: returns when it has been done. If it throws, cancellation included, that is told
    /// to whoever tried; the next in the queue tries then. `f` may give a task, which is awaited; its result is
    /// dropped.
    template <class F, class... Args>
    task<> call(F f, Args... args);
    /// For plain threads, and plain functions.
    template <class F, class... Args>
    void call_blocking(F&& f, Args&&... args);

    [[nodiscard]] bool is_done() const noexcept;

private:
    bool take(bool& mine, turn* to_queue) noexcept;
    bool enter_blocking();
    void end_attempt(bool done) noexcept;

    mutable detail::waiting_room<turn> room_;
    bool done_ = false;   // inside room_
    bool tried_ = false;  // inside room_: somebody is at it
};

// Implementation

struct once::turn : detail::waiter {
    bool* mine = nullptr;  // written before the wake-up: to try it now, not to find it done

protected:
    ~turn() = default;
};

struct once::entering {
    once* what;
    bool mine = false;

    using node = turn;
    bool take(node* to_queue) noexcept { return what->take(mine, to_queue); }
    bool forget(node& w) const noexcept { return what->room_.leave(w); }
    bool result() const noexcept { return mine; }
};

class once::attempt {
public:
    explicit attempt(once& what) noexcept : what_(what) {}
    attempt(const attempt&) = delete;
    attempt& operator=(const attempt&) = delete;
    ~attempt() { what_.end_attempt(done); }

    bool done = false;

private:
    once& what_;
};

template <class F, class... Args>
task<> once::call(F f, Args... args) {
    BRAID_REQUIRE_SAFE_CALLABLE(F);
    const bool mine = co_await detail::queued(entering{this});
    if (!mine) co_return;
    attempt trying(*this);
    if constexpr (awaitable<std::invoke_result_t<F, Args...>>) {
        static_cast<void>(co_await std::invoke(std::move(f), std::move(args)...));
    } else {
        static_cast<void>(std::invoke(std::move(f), std::move(args)...));
    }
    trying.done = true;
}

template <class F, class... Args>
void once::call_blocking(F&& f, Args&&... args) {
    if (!enter_blocking()) return;
    attempt trying(*this);
    static_cast<void>(std::invoke(std::forward<F>(f), std::forward<Args>(args)...));
    trying.done = true;
}

}  // namespace braid
