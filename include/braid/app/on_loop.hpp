#pragma once
// on_loop: a coroutine on another of the event loops that `run` drives, when it was asked for several:
//     int main(int argc, char** argv) { return braid::run(argc, argv, app, {.loops = 0}); }  // one for each CPU
//     task<> app() { co_await on_each_loop(serve, 8080); }

#include <braid/core/task_group.hpp>
#include <braid/thread/start_on.hpp>

#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>

namespace braid {

/// `co_await on_loop(f, args...)` runs `f(args...)`, a coroutine, on the loop beside that of main that has been without
/// work for longest, and gives what it gives; the caller goes on where it was. Its home is that loop, with all that it
/// awaits: make its sockets there, and their events come there. The loops are a pool, on which `fork_join` works.
/// What it takes, throws, and how it is cancelled, is as with `start_on`. Where there is no other loop, because `run`
/// was not asked for it or is not running, it runs on the caller's.
template <class F, class... Args>
auto on_loop(F f, Args... args) -> task<detail::child_result_t<F, Args...>>;

/// `co_await on_each_loop(f, args...)` runs `f(args...)` on every loop of the run at the same time, the caller's, which
/// is that of main, included; each has a copy of the arguments. The first failure cancels the others and is rethrown
/// once all have ended. For servers: each loop listens for itself, on one port with the socket option SO_REUSEPORT.
/// Throws: `usage_error` on another loop than that of main.
template <class F, class... Args>
task<> on_each_loop(F f, Args... args);

// Implementation

namespace detail {

/// Null when there are none.
[[nodiscard]] thread_pool* loops_beside_main() noexcept;

/// Throws: `usage_error` on a thread of a pool.
void require_main_loop();

}  // namespace detail

template <class F, class... Args>
auto on_loop(F f, Args... args) -> task<detail::child_result_t<F, Args...>> {
    BRAID_REQUIRE_SAFE_CALLABLE(F);
    detail::require_child<F, Args...>();
    thread_pool* const others = detail::loops_beside_main();
    if (!others) co_return co_await detail::call_later(std::move(f), std::move(args)...);
    co_return co_await start_on(*others, std::move(f), std::move(args)...);
}

template <class F, class... Args>
task<> on_each_loop(F f, Args... args) {
    BRAID_REQUIRE_SAFE_CALLABLE(F);
    detail::require_child<F, Args...>();
    detail::require_main_loop();
    co_await with_task_group([&](task_group& group) -> task<> {
        thread_pool* const others = detail::loops_beside_main();
        const std::size_t count = others ? static_cast<std::size_t>(others->size()) : 0;
        for (std::size_t i = 0; i < count; ++i) {
            group.start(
                [](thread_pool& loops, std::size_t place, F function, Args... arguments) -> task<> {
                    co_await detail::start_at(loops, place, std::move(function), std::move(arguments)...);
                },
                std::ref(*others), i, f, args...);
        }
        group.start(f, args...);
        co_return;
    });
}

}  // namespace braid
