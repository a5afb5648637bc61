#pragma once
// on_thread: a plain function on another thread, with nothing to set up.

#include <braid/thread/thread_pool.hpp>

#include <utility>

namespace braid {

namespace detail {

/// The pool behind `on_thread`: made at the first use, never destroyed, so that nobody can come too late. Its threads
/// end with the process; code that runs on them during `exit` may still see static objects go.
[[nodiscard]] thread_pool& default_thread_pool();

}  // namespace detail

/// `co_await on_thread(f, args...)`: runs `f` on the default pool, as `thread_pool::run` does.
template <class F, class... Args>
auto on_thread(F&& f, Args&&... args) {
    return detail::default_thread_pool().run(std::forward<F>(f), std::forward<Args>(args)...);
}

}  // namespace braid
