#pragma once
// Which callables can travel, and what their arguments are kept in.

#include <braid/wire/detail/function_pointer.hpp>
#include <braid/wire/storage.hpp>
#include <concepts>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace braid::wire {

template <auto F>
struct constant;

namespace detail {

template <class F>
concept plain_function = function_pointer<F>;

template <class F>
concept stateless_callable = std::is_class_v<F> && std::is_empty_v<F> && std::default_initializable<F>;

template <class F>
constexpr bool check_callable() {
    static_assert(!std::is_class_v<F> || stateless_callable<F>,
                  "braid: a callable with state (a lambda that captures, a functor with members) cannot travel to a "
                  "worker: pass what it captured as an argument");
    static_assert(!std::is_member_pointer_v<F>,
                  "braid: a pointer to a member cannot travel to a worker: write a captureless lambda that calls it");
    return plain_function<F> || stateless_callable<F>;
}

template <class Parameter>
constexpr void check_parameter() {
    static_assert(!std::is_lvalue_reference_v<Parameter> || std::is_const_v<std::remove_reference_t<Parameter>>,
                  "braid: a worker cannot write into the caller's object through a reference: return the result");
}

/// Hands a stored argument to a parameter. It is not needed afterwards.
template <class Parameter, class Stored>
decltype(auto) hand_over(Stored& stored) {
    if constexpr (std::is_same_v<std::remove_cvref_t<Parameter>, const char*> ||
                  std::is_same_v<std::remove_cvref_t<Parameter>, char*>) {
        return static_cast<std::remove_cvref_t<Parameter>>(stored.data());
    } else {
        return std::move(stored);
    }
}

/// A function of known parameters: arguments become these before they travel.
template <class Returned, class... Parameters>
struct declared_shape {
    using stored = std::tuple<storage_for_t<Parameters>...>;
    using returned = Returned;

    template <class F>
    static Returned apply(F& function, stored& arguments) {
        (check_parameter<Parameters>(), ...);
        return std::apply(
            [&](storage_for_t<Parameters>&... each) -> Returned {
                return std::invoke(function, hand_over<Parameters>(each)...);
            },
            arguments);
    }
};

/// A callable that may be generic: arguments travel as what they are.
template <class F, class... Args>
struct deduced_shape {
    static_assert(std::is_invocable_v<F&, storage_for_t<Args>...>,
                  "braid: the callable cannot be called with these arguments, as they arrive in a worker: owned and as "
                  "rvalues (strings as std::string, spans as std::vector)");
    using stored = std::tuple<storage_for_t<Args>...>;
    using returned = std::invoke_result_t<F&, storage_for_t<Args>...>;

    static returned apply(F& function, stored& arguments) {
        return std::apply(
            [&](storage_for_t<Args>&... each) -> returned { return std::invoke(function, std::move(each)...); },
            arguments);
    }
};

template <class F, class... Args>
struct call_shape : deduced_shape<F, Args...> {
    static_assert(check_callable<F>());
};

template <class R, class... Parameters, class... Args>
struct call_shape<R (*)(Parameters...), Args...> : declared_shape<R, Parameters...> {
    static_assert(sizeof...(Parameters) == sizeof...(Args), "braid: the function takes another number of arguments");
};
template <class R, class... Parameters, class... Args>
struct call_shape<R (*)(Parameters...) noexcept, Args...> : call_shape<R (*)(Parameters...), Args...> {};

template <auto F, class... Args>
    requires plain_function<decltype(F)>
struct call_shape<constant<F>, Args...> : call_shape<decltype(F), Args...> {};

}  // namespace detail

}  // namespace braid::wire
