#pragma once
// use_task: the Asio completion token that makes any asynchronous operation awaitable in a task:
//     std::size_t n = co_await socket.async_read_some(buffer, use_task);
// The operation starts when it is awaited. Its state lies in the awaiting frame, its memory is recycled.

#include <braid/core/detail/frame_memory.hpp>
#include <braid/core/detail/home_executor.hpp>
#include <braid/core/detail/scoped.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace braid {

/// Gives the operation's result without its error code; an error is thrown as boost::system::system_error.
/// `asio::as_tuple(use_task)` gives the code as a value instead.
/// Cancellation: reaches the operation through its cancellation slot; an operation that was stopped by it throws
/// `cancelled`, one that ended with a value all the same gives that.
/// Lifetime: the I/O object and its context must outlive the await.
/// Threads: each step of the operation runs on the task's home, even if several threads run the executor of the I/O
/// object. `bind_executor` around use_task would undo that: its handler would race with cancellation.
struct use_task_t {};
inline constexpr use_task_t use_task{};

namespace detail {

/// Memory for the steps of an operation: recycled, and so most often that of an operation which has just ended, still
/// warm in the cache.
template <class T>
struct frame_allocator {
    using value_type = T;

    frame_allocator() = default;
    template <class U>
    frame_allocator(const frame_allocator<U>&) noexcept {}
    T* allocate(std::size_t n) {
        static_assert(alignof(T) <= alignof(std::max_align_t));
        return static_cast<T*>(allocate_frame(n * sizeof(T)));
    }
    void deallocate(T* memory, std::size_t n) noexcept { release_frame(memory, n * sizeof(T)); }
    friend bool operator==(const frame_allocator&, const frame_allocator&) = default;
};

/// Splits what a completion handler is called with into failure and values.
template <class... Args>
struct completion {
    using values = std::tuple<Args...>;
    static std::exception_ptr failure(const values&) noexcept { return nullptr; }
    static bool aborted(const values& v) noexcept {
        // as_tuple passes everything as one tuple, with the error code in front.
        if constexpr (sizeof...(Args) == 1) {
            using first = std::tuple_element_t<0, values>;
            if constexpr (requires { std::tuple_size<first>::value; }) {
                if constexpr (std::tuple_size_v < first >> 0) {
                    using inner = std::tuple_element_t<0, first>;
                    if constexpr (std::is_same_v<inner, boost::system::error_code>) {
                        return std::get<0>(std::get<0>(v)) == boost::asio::error::operation_aborted;
                    }
                }
            }
        }
        return false;
    }
    static decltype(auto) result(values&& v) {
        if constexpr (sizeof...(Args) == 1) {
            return std::tuple_element_t<0, values>(std::get<0>(std::move(v)));
        } else if constexpr (sizeof...(Args) > 1) {
            return values(std::move(v));
        }
    }
};

template <class... Args>
struct completion<boost::system::error_code, Args...> : private completion<Args...> {
    using values = std::tuple<boost::system::error_code, Args...>;
    static std::exception_ptr failure(const values& v) {
        return std::get<0>(v) ? std::make_exception_ptr(boost::system::system_error(std::get<0>(v))) : nullptr;
    }
    static bool aborted(const values& v) noexcept { return std::get<0>(v) == boost::asio::error::operation_aborted; }
    static decltype(auto) result(values&& v) {
        return std::apply(
            [](boost::system::error_code&, Args&... rest) {
                return completion<Args...>::result(std::tuple<Args...>(std::move(rest)...));
            },
            v);
    }
};

template <class... Args>
struct completion<std::exception_ptr, Args...> : private completion<Args...> {
    using values = std::tuple<std::exception_ptr, Args...>;
    static std::exception_ptr failure(const values& v) { return std::get<0>(v); }
    /// Work that reports by exception, another coroutine for instance, echoes the request to stop in its own way.
    static bool aborted(const values& v) noexcept {
        try {
            if (std::get<0>(v)) std::rethrow_exception(std::get<0>(v));
        } catch (const cancelled&) {
            return true;
        } catch (const boost::system::system_error& e) {
            return e.code() == boost::asio::error::operation_aborted;
        } catch (...) {
        }
        return false;
    }
    static decltype(auto) result(values&& v) {
        return std::apply(
            [](std::exception_ptr&, Args&... rest) {
                return completion<Args...>::result(std::tuple<Args...>(std::move(rest)...));
            },
            v);
    }
};

[[nodiscard]] std::string describe_asio_operation(const std::type_info& initiation);

template <class Signature, class Initiation, class... Args>
class asio_operation;

template <class... Results, class Initiation, class... Args>
class [[nodiscard]] asio_operation<void(Results...), Initiation, Args...> : public operation {
    using traits = completion<std::decay_t<Results>...>;

public:
    asio_operation(Initiation initiation, std::tuple<Args...> arguments)
        : initiation_(std::move(initiation)), arguments_(std::move(arguments)) {}

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        if (!enter(h)) return false;
        listen();
        std::apply([this](Args&... args) { std::move(initiation_)(handler{*this}, std::move(args)...); }, arguments_);
        return true;
    }
    decltype(auto) await_resume() {
        throw_if_refused();
        if (to_stop_ && traits::aborted(*values_)) throw_cancelled();
        if (std::exception_ptr failure = traits::failure(*values_)) std::rethrow_exception(std::move(failure));
        return traits::result(std::move(*values_));
    }
    [[nodiscard]] std::string describe() const override { return describe_asio_operation(typeid(Initiation)); }

private:
    /// What Asio calls when the operation has ended.
    class handler {
    public:
        using allocator_type = frame_allocator<std::byte>;
        using cancellation_slot_type = boost::asio::cancellation_slot;
        using executor_type = home_executor<>;

        explicit handler(asio_operation& op) noexcept : op_(&op) {}
        allocator_type get_allocator() const noexcept { return {}; }
        executor_type get_executor() const noexcept { return executor_type(op_->env().where); }
        cancellation_slot_type get_cancellation_slot() const noexcept { return op_->signal_.slot(); }

        template <class... Values>
        void operator()(Values&&... values) {
            op_->values_.emplace(std::forward<Values>(values)...);
            op_->env().where->post_from_handler(op_);
        }

    private:
        asio_operation* op_;
    };

    void on_cancel() noexcept override {
        if (values_) return;
        to_stop_ = true;
        signal_.emit(boost::asio::cancellation_type::all);
    }

    Initiation initiation_;
    std::tuple<Args...> arguments_;
    boost::asio::cancellation_signal signal_;
    std::optional<typename traits::values> values_;
    bool to_stop_ = false;
};

/// What an initiating function returns for use_task: it starts when it is awaited.
template <class Signature, class Initiation, class... Args>
struct [[nodiscard("an operation started with use_task does nothing until it is awaited")]] asio_awaitable {
    Initiation initiation;
    std::tuple<Args...> arguments;

    asio_operation<Signature, Initiation, Args...> operator co_await() && {
        return {std::move(initiation), std::move(arguments)};
    }
};

}  // namespace detail
}  // namespace braid

template <class Result, class... Results>
class boost::asio::async_result<braid::use_task_t, Result(Results...)> {
public:
    using return_type = void;  // unused: what `initiate` returns counts; Boost 1.81's bind_allocator names it

    template <class Initiation, class... Args>
    static auto initiate(Initiation initiation, braid::use_task_t, Args... args) {
        return braid::detail::asio_awaitable<void(Results...), Initiation, Args...>{std::move(initiation),
                                                                                    {std::move(args)...}};
    }
};
