#pragma once
// run: the door from main into coroutines.
//     braid::task<> app(std::span<char*> args);
//     int main(int argc, char** argv) { return braid::run(argc, argv, app); }

#include <braid/core/task.hpp>

#include <functional>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

namespace braid {

struct run_options {
    /// Event loops, that of main and others on threads of their own, see `on_loop`; 0: one for each CPU that the
    /// process may use.
    int loops = 1;
    /// A signal, such as SIGUSR1, that makes the program write every task, and what it waits for, to standard error.
    std::optional<int> dump_on_signal = {};
};

/// Begins with `init`, then runs `app` on an event loop of this thread until it and everything it started has ended.
/// `app` takes nothing, or the arguments of main, as a span; it returns task<> or task<int>.
/// Gives what main should return: the value of a task<int>, else 0; 1 after an exception, which is printed to standard
/// error; 130 or 143 when SIGINT or SIGTERM cancelled it and it did not decide otherwise.
/// Signals: the first SIGINT or SIGTERM cancels `app` (reason user), the second ends the program at once.
template <class App>
    requires std::is_invocable_v<App&> || std::is_invocable_v<App&, std::span<char*>>
int run(int argc, char** argv, App app, run_options options = {});

// Implementation

namespace detail {

int run_app(int argc, char** argv, std::function<task<int>(std::span<char*>)> app, const run_options& options);

template <class App>
task<int> call_app(App& app, std::span<char*> args) {
    auto work = [&] {
        if constexpr (std::is_invocable_v<App&, std::span<char*>>) {
            return app(args);
        } else {
            return app();
        }
    };
    using result = typename decltype(work())::value_type;
    static_assert(std::is_void_v<result> || std::is_same_v<result, int>,
                  "braid: the function given to run has to return task<> or task<int>");
    if constexpr (std::is_void_v<result>) {
        co_await work();
        co_return 0;
    } else {
        co_return co_await work();
    }
}

}  // namespace detail

template <class App>
    requires std::is_invocable_v<App&> || std::is_invocable_v<App&, std::span<char*>>
int run(int argc, char** argv, App app, run_options options) {
    return detail::run_app(argc, argv, [&app](std::span<char*> args) { return detail::call_app(app, args); }, options);
}

}  // namespace braid
