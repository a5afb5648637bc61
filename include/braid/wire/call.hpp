#pragma once
// Calls as bytes: which function, with which arguments, and what came of it.
//
// A request is the address of a typed thunk inside an image, that of the function if it is a plain function pointer,
// and the arguments. The thunk knows all types: it decodes, invokes and encodes the result. What can be called is a
// plain function, a callable without state (a captureless lambda), or a constant (`wire::constant<f>`).

#include <braid/core/detail/stoppable.hpp>
#include <braid/wire/archive.hpp>
#include <braid/wire/detail/callable.hpp>
#include <braid/wire/exception.hpp>
#include <braid/wire/image.hpp>
#include <braid/wire/storage.hpp>
#include <cstdint>
#include <cstddef>
#include <functional>
#include <span>
#include <tuple>
#include <utility>

namespace braid::wire {

/// A function that is known when compiling, as a callable without state.
template <auto F>
struct constant {
    template <class... Args>
    decltype(auto) operator()(Args&&... args) const {
        return std::invoke(F, std::forward<Args>(args)...);
    }
};

/// Of the code of a plain function or a constant one; null for other callables, which have a type of their own.
template <class F>
[[nodiscard]] const void* address_of(const F& function) noexcept {
    if constexpr (detail::plain_function<F>) {
        return reinterpret_cast<const void*>(function);
    } else {
        return nullptr;
    }
}
template <auto F>
[[nodiscard]] const void* address_of(const constant<F>&) noexcept {
    return address_of(F);
}

/// What the caller gets from a function that returns R: to be specialised where R is a promise of the result.
template <class R>
struct unwrapped_result {
    using type = std::remove_cvref_t<R>;
};

template <class T>
struct unwrapped_result<task<T>> {
    using type = std::remove_cvref_t<T>;
};

/// A call of F with arguments of these types.
template <class F, class... Args>
struct call_traits {
    using function = std::decay_t<F>;
    using shape = detail::call_shape<function, Args...>;
    using arguments = typename shape::stored;  ///< std::tuple of what travels: parameter types, owned
    using returned = typename shape::returned;
    using result = typename unwrapped_result<returned>::type;
};

template <class F, class... Args>
using call_result_t = typename call_traits<F, Args...>::result;

/// How a call ended, as the first byte of a reply says.
enum class outcome : std::uint8_t {
    value,
    exception,           ///< the function threw
    arguments_rejected,  ///< the request could not be decoded: the function was not called
    result_rejected,     ///< the function returned, but its result could not be encoded
};

/// The arguments of a call did not arrive: its function was not called.
class argument_error : public error, public remote_origin {
public:
    argument_error(const std::string& message, place where) : error(message), remote_origin(std::move(where)) {}
};

/// A function was called and returned, but its result has no representation as bytes.
class result_error : public error, public remote_origin {
public:
    result_error(const std::string& message, place where) : error(message), remote_origin(std::move(where)) {}
};

/// What a thunk works on.
struct invocation {
    enum class stage : std::uint8_t { arguments, function, result };
    reader& arguments;
    writer& result;
    stage at = stage::arguments;  ///< how far it came: tells what an exception out of the thunk means
};
using thunk = void (*)(invocation&);

/// Appends the request of a call. Nothing stays in the writer when it throws.
/// Throws: image_error, encode_error, and whatever the arguments' own cereal functions throw.
template <class F, class... Args>
void encode_call(writer& request, F&& function, const Args&... args);

/// Worker: runs the call that the request describes and appends the reply. What goes wrong with the call becomes part
/// of the reply; what it throws itself (std::bad_alloc) concerns this process.
outcome run_call(reader& request, writer& reply);

/// Appends the reply of a call that ended with the exception being one of the three failures.
void encode_failure(writer& reply, outcome failure, const std::exception_ptr& thrown);

/// Caller: whether the reply holds no value.
[[nodiscard]] inline bool is_failure(std::span<const std::byte> reply) noexcept {
    return reply.empty() || reply[0] != static_cast<std::byte>(outcome::value);
}

/// Caller: the value of a reply, or its failure as an exception. Throws also: decode_error.
template <class R>
R decode_reply(reader& reply, const remote_origin::place& where);

// Implementation

namespace detail {

/// Writes the reply of a call that `run` makes.
outcome reply_of(void (*run)(void* what, invocation& in), void* what, invocation& in);
void encode_failure_at(writer& reply, invocation::stage at, const std::exception_ptr& thrown);

/// Reads the outcome, and throws unless it is a value.
void expect_value(reader& reply, const remote_origin::place& where);

/// Invokes the function and encodes what it returns. The one place to branch on what kind of function it is.
template <class Returned, class Invoke>
void invoke_and_encode(invocation& in, Invoke&& invoke) {
    if constexpr (braid::detail::is_task<Returned>::value) {
        // Run to its end here: what it refers to, the arguments, lies below us on the stack.
        invoke_and_encode<typename Returned::value_type>(
            in, [&]() -> typename Returned::value_type { return braid::detail::run_stoppable(invoke()); });
    } else if constexpr (std::is_void_v<Returned>) {
        invoke();
        in.at = invocation::stage::result;
    } else {
        auto&& result = invoke();
        in.at = invocation::stage::result;
        encode<std::remove_cvref_t<Returned>>(in.result, result);
    }
}

template <class... Stored>
std::tuple<Stored...> decode_arguments(reader& r, std::type_identity<std::tuple<Stored...>>) {
    return std::tuple<Stored...>{decode<Stored>(r)...};  // in this order, as these are braces
}

/// The function of a call, where its arguments begin.
template <class F>
F decode_callable(reader& r) {
    if constexpr (plain_function<F>) {
        return decode<F>(r);
    } else {
        return F{};
    }
}

template <class F, class... Args>
void invoke_decoded(F& function, invocation& in) {
    using shape = typename call_traits<F, Args...>::shape;
    auto arguments = decode_arguments(in.arguments, std::type_identity<typename shape::stored>{});
    in.arguments.expect_end();
    in.at = invocation::stage::function;
    invoke_and_encode<typename shape::returned>(
        in, [&]() -> typename shape::returned { return shape::apply(function, arguments); });
}

template <class F, class... Args>
void call_thunk(invocation& in) {
    F function = decode_callable<F>(in.arguments);
    invoke_decoded<F, Args...>(function, in);
}

template <class F, class... Args>
std::uint64_t thunk_address() {
    static const std::uint64_t address = pack(to_address(reinterpret_cast<const void*>(&call_thunk<F, Args...>)));
    return address;
}

template <class... Stored, class... Args>
void encode_arguments(writer& w, std::type_identity<std::tuple<Stored...>>, const Args&... args) {
    (encode_as<Stored>(w, args), ...);
}

}  // namespace detail

template <class F, class... Args>
void encode_call(writer& request, F&& function, const Args&... args) {
    using callable = std::decay_t<F>;
    using traits = call_traits<callable, std::decay_t<Args>...>;
    if constexpr (!std::is_void_v<typename traits::result>) detail::check_travel<typename traits::result>();

    const std::size_t before = request.position();
    request.begin_message();
    try {
        request.scalar(detail::thunk_address<callable, std::decay_t<Args>...>());
        if constexpr (detail::plain_function<callable>) encode<callable>(request, function);
        detail::encode_arguments(request, std::type_identity<typename traits::arguments>{}, args...);
    } catch (...) {
        request.rewind(before);
        throw;
    }
}

template <class R>
R decode_reply(reader& reply, const remote_origin::place& where) {
    detail::expect_value(reply, where);
    if constexpr (std::is_void_v<R>) {
        reply.expect_end();
    } else {
        R result = decode<R>(reply);
        reply.expect_end();
        return result;
    }
}

}  // namespace braid::wire
