#pragma once
// retry: once more, after a while, when work failed.
//     auto page = co_await retry({.attempts = 5}, fetch, url);

#include <braid/core/sleep.hpp>

#include <chrono>
#include <exception>
#include <type_traits>
#include <utility>

namespace braid {

/// Every `std::exception` but a `usage_error`, which would only repeat itself.
[[nodiscard]] bool is_retryable(const std::exception_ptr& error) noexcept;

/// One of these exceptions, or of a type derived from one: `.retry_if = is_one_of<timed_out,
/// boost::system::system_error>`.
template <class... Errors>
[[nodiscard]] bool is_one_of(const std::exception_ptr& error) noexcept;

struct retry_options {
    unsigned attempts = 5;                                                  ///< at most, the first included
    std::chrono::nanoseconds first_delay = std::chrono::milliseconds(100);  ///< upper limit of the first pause
    double factor = 2;  ///< by which that limit grows from pause to pause
    std::chrono::nanoseconds longest_delay = std::chrono::seconds(30);  ///< where it stops growing
    bool jitter = true;  ///< a pause is drawn evenly from zero to its limit, so that clients which failed together part
    bool (*retry_if)(const std::exception_ptr& error) = is_retryable;  ///< never asked about `cancelled`
};

/// Runs `f(args...)`, a coroutine, until it gives a value. The callable and the arguments are kept, and passed to each
/// attempt as lvalues.
/// Throws: what the last attempt threw; what `retry_if` rejects, or throws; `usage_error` for zero attempts, a negative
/// delay or a factor below one.
/// Cancellation: ends the attempt, or the pause, that is under way; `cancelled` is never retried.
template <class F, class... Args>
auto retry(retry_options options, F f, Args... args) -> std::invoke_result_t<F&, Args&...>;

// Implementation

namespace detail {

/// How long to pause at most after so many failed attempts, and how long this time.
[[nodiscard]] std::chrono::nanoseconds longest_pause(const retry_options& options, unsigned failed) noexcept;
[[nodiscard]] std::chrono::nanoseconds pause_after(const retry_options& options, unsigned failed);

void require_sound(const retry_options& options);

template <class Error>
bool is_a(const std::exception_ptr& error) noexcept {
    try {
        std::rethrow_exception(error);
    } catch (const Error&) {
        return true;
    } catch (...) {
        return false;
    }
}

}  // namespace detail

template <class... Errors>
bool is_one_of(const std::exception_ptr& error) noexcept {
    return (detail::is_a<Errors>(error) || ...);
}

template <class F, class... Args>
auto retry(retry_options options, F f, Args... args) -> std::invoke_result_t<F&, Args&...> {
    BRAID_REQUIRE_SAFE_CALLABLE(F);
    detail::require_sound(options);
    for (unsigned failed = 1;; ++failed) {
        std::exception_ptr error;
        try {
            co_return co_await f(args...);
        } catch (const cancelled&) {
            throw;
        } catch (...) {
            error = std::current_exception();
        }
        if (failed == options.attempts || !options.retry_if(error)) std::rethrow_exception(error);
        co_await sleep_for(detail::pause_after(options, failed));
    }
}

}  // namespace braid
