#pragma once
// A call of a coroutine that is begun later, or somewhere else: who keeps its callable and its arguments until then.

#include <braid/core/task.hpp>

#include <functional>
#include <type_traits>
#include <utility>

namespace braid::detail {

/// For functions that call a coroutine later. Its task, made too early, would refer to a callable and to arguments that
/// are gone when it runs.
template <class F>
consteval void require_uncalled() {
    static_assert(
        !is_task<std::decay_t<F>>::value,
        "braid: pass the coroutine and its arguments, f, args..., and not the task that it gives, f(args...): "
        "then they live as long as it does");
}

/// The call as a task that keeps the callable and the arguments. The callable is called in the very expression that
/// awaits it, not through std::invoke: a temporary that an argument is converted to, such as the string made of a
/// literal, would end inside of that.
template <class F, class... Args>
auto own_call(F f, Args... args) -> std::invoke_result_t<F, Args...> {
    co_return co_await std::move(f)(std::move(args)...);
}

/// The same for a member function, on an object, or what refers or points to one.
template <class Method, class Object, class... Args>
auto own_member_call(Method method, Object object, Args... args) -> std::invoke_result_t<Method, Object, Args...> {
    if constexpr (requires { (object.get().*method)(std::move(args)...); }) {
        co_return co_await (object.get().*method)(std::move(args)...);
    } else if constexpr (requires { ((*object).*method)(std::move(args)...); }) {
        co_return co_await ((*object).*method)(std::move(args)...);
    } else {
        co_return co_await (object.*method)(std::move(args)...);
    }
}

/// An argument that may be gone once a coroutine has been called with it: what it gives the parameter does not lie in
/// it.
template <class Parameter, class Arg>
inline constexpr bool passes_whole =
    std::is_same_v<Parameter, Arg> || (std::is_scalar_v<Arg> && !std::is_reference_v<Parameter>);
template <class Parameter, class T>
inline constexpr bool passes_whole<Parameter, std::reference_wrapper<T>> =
    std::is_same_v<Parameter, T&> || std::is_same_v<Parameter, const T&> ||
    std::is_same_v<Parameter, std::reference_wrapper<T>>;

/// The frame of such a function keeps all that it is called with, so that nobody else has to.
template <class F, class... Args>
inline constexpr bool keeps_its_arguments = false;
template <class T, class... Parameters, class... Args>
    requires(sizeof...(Parameters) == sizeof...(Args))
inline constexpr bool keeps_its_arguments<task<T> (*)(Parameters...), Args...> =
    (passes_whole<Parameters, Args> && ...);

/// The call `f(args...)` as a task that refers to nothing but what the caller passes by std::ref. `f` is called now if
/// it is a function, or a lambda without captures, whose frame then keeps what is needed; else when the task is
/// awaited.
template <class F, class... Args>
auto call_later(F&& f, Args&&... args) {
    using callable = std::decay_t<F>;
    if constexpr (std::is_member_function_pointer_v<callable>) {
        return own_member_call<callable, std::decay_t<Args>...>(f, std::forward<Args>(args)...);
    } else if constexpr (requires {
                             requires std::is_empty_v<callable> || std::is_pointer_v<callable>;
                             requires keeps_its_arguments<decltype(+f), std::decay_t<Args>...>;
                         }) {
        return (+f)(std::decay_t<Args>(std::forward<Args>(args))...);
    } else {
        return own_call<callable, std::decay_t<Args>...>(std::forward<F>(f), std::forward<Args>(args)...);
    }
}

}  // namespace braid::detail
