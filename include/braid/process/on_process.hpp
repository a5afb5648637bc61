#pragma once
// on_process: a function in another process, with nothing to set up.
//     const auto page = co_await on_process(parse, text);

#include <braid/process/process_pool.hpp>

#include <utility>

namespace braid {

namespace detail {

/// The pool behind `on_process`: one for each event loop, made at its first use there, with as many workers as this
/// process may use CPUs. It ends with the loop's context. Throws: as process_pool's constructor.
[[nodiscard]] process_pool& default_process_pool();

}  // namespace detail

/// `co_await on_process(f, args...)`: runs `f` on the default pool of this event loop, as `process_pool::run` does.
/// Each loop has one of its own, with a worker for each CPU: a program with several loops shares a process_pool
/// instead.
template <class F, class... Args>
auto on_process(F&& function, Args&&... args) {
    return detail::default_process_pool().run(std::forward<F>(function), std::forward<Args>(args)...);
}

/// The same for a function that is known when compiling: `on_process<f>(args...)`.
template <auto Function, class... Args>
auto on_process(Args&&... args) {
    return detail::default_process_pool().run(wire::constant<Function>(), std::forward<Args>(args)...);
}

}  // namespace braid
