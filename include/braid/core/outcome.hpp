#pragma once
// outcome<T>: how work ended, as a value: with a T or with an exception.

#include <braid/core/error.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace braid {

namespace detail {

template <class T>
struct storable {
    using type = T;
};
template <>
struct storable<void> {
    using type = std::monostate;
};
template <class T>
struct storable<T&> {
    using type = std::reference_wrapper<T>;
};
/// What stands for a result where a value is needed: for void, and for references, which cannot be stored.
template <class T>
using value_or_monostate = typename storable<T>::type;

}  // namespace detail

template <class T>
class outcome;

namespace detail {

/// Where a coroutine leaves its result. Empty, then a value or an error, taken once.
template <class T>
class result_slot {
    using stored = std::conditional_t<std::is_reference_v<T>, std::add_pointer_t<T>, T>;
    enum class state : unsigned char { empty, value, error };

public:
    result_slot() noexcept {}
    result_slot(const result_slot&) = delete;
    result_slot& operator=(const result_slot&) = delete;
    ~result_slot() {
        if (state_ == state::value) std::destroy_at(&value_);
        if (state_ == state::error) std::destroy_at(&error_);
    }

    template <class U = T>
        requires std::is_convertible_v<U&&, T> || std::is_constructible_v<T, U&&>
    void return_value(U&& value) {
        if constexpr (std::is_reference_v<T>) {
            T reference = std::forward<U>(value);
            std::construct_at(&value_, std::addressof(reference));
        } else {
            std::construct_at(&value_, std::forward<U>(value));
        }
        state_ = state::value;
    }
    void set_error(std::exception_ptr error) noexcept {
        // A value may be there already: the destructor of a local threw after co_return.
        if (state_ == state::value) std::destroy_at(&value_);
        std::construct_at(&error_, std::move(error));
        state_ = state::error;
    }
    /// Null when there is none.
    [[nodiscard]] std::exception_ptr error() const noexcept { return state_ == state::error ? error_ : nullptr; }
    T take() {
        if (state_ == state::error) [[unlikely]]
            std::rethrow_exception(std::exchange(error_, {}));
        if constexpr (std::is_reference_v<T>) {
            return static_cast<T>(*value_);
        } else {
            return std::move(value_);
        }
    }
    outcome<T> take_outcome();
    /// Null when there is none; drops a value.
    std::exception_ptr take_error() noexcept { return state_ == state::error ? std::exchange(error_, {}) : nullptr; }
    /// What was taken lies in `other` then. Gives the error, which may come from moving the value.
    std::exception_ptr move_to(result_slot& other) noexcept {
        std::exception_ptr error = take_error();
        try {
            if (!error) other.return_value(take());
        } catch (...) {
            error = std::current_exception();
        }
        if (error) other.set_error(error);
        return error;
    }

private:
    union {
        stored value_;
        std::exception_ptr error_;
    };
    state state_ = state::empty;
};

template <>
class result_slot<void> {
public:
    void return_void() const noexcept {}
    void set_error(std::exception_ptr error) noexcept { error_ = std::move(error); }
    [[nodiscard]] std::exception_ptr error() const noexcept { return error_; }
    void take() {
        if (error_) [[unlikely]]
            std::rethrow_exception(std::exchange(error_, {}));
    }
    outcome<void> take_outcome() noexcept;
    std::exception_ptr take_error() noexcept { return std::exchange(error_, {}); }
    std::exception_ptr move_to(result_slot& other) noexcept {
        other.error_ = error_;
        return take_error();
    }

private:
    std::exception_ptr error_;
};

}  // namespace detail

/// How work ended: with a value, or with an exception (`cancelled` among them). Never empty.
template <class T>
class [[nodiscard]] outcome {
public:
    using value_type = T;

    template <class... Args>
    explicit outcome(std::in_place_t, Args&&... args) : state_(std::in_place_index<0>, std::forward<Args>(args)...) {}
    explicit outcome(std::exception_ptr error) noexcept : state_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }
    /// Null when there is a value.
    [[nodiscard]] std::exception_ptr error() const noexcept {
        return has_value() ? std::exception_ptr() : std::get<1>(state_);
    }

    /// Why the work was cancelled; empty when it ended otherwise.
    [[nodiscard]] std::optional<cancel_reason> cancelled() const noexcept {
        return has_value() ? std::nullopt : why_cancelled(std::get<1>(state_));
    }

    /// The value. Throws: the exception with which the work ended.
    T value() && {
        if (!has_value()) std::rethrow_exception(std::get<1>(state_));
        if constexpr (!std::is_void_v<T>) return std::move(std::get<0>(state_));
    }
    std::add_lvalue_reference_t<T> value() & {
        if (!has_value()) std::rethrow_exception(std::get<1>(state_));
        if constexpr (!std::is_void_v<T>) return std::get<0>(state_);
    }

private:
    std::variant<detail::value_or_monostate<T>, std::exception_ptr> state_;
};

// Implementation

namespace detail {

template <class T>
outcome<T> result_slot<T>::take_outcome() {
    if (state_ == state::error) return outcome<T>(std::exchange(error_, {}));
    if constexpr (std::is_reference_v<T>) {
        return outcome<T>(std::in_place, *value_);
    } else {
        return outcome<T>(std::in_place, std::move(value_));
    }
}

inline outcome<void> result_slot<void>::take_outcome() noexcept {
    return error_ ? outcome<void>(std::exchange(error_, {})) : outcome<void>(std::in_place);
}

}  // namespace detail

}  // namespace braid
