#include <braid/flow/retry.hpp>

#include <fmt/format.h>

#include <cmath>
#include <random>

namespace braid {

bool is_retryable(const std::exception_ptr& error) noexcept {
    return is_one_of<std::exception>(error) && !is_one_of<usage_error>(error);
}

namespace detail {

std::chrono::nanoseconds longest_pause(const retry_options& options, unsigned failed) noexcept {
    if (options.first_delay.count() == 0) return options.first_delay;  // zero times infinity is no number
    const auto growth = std::pow(options.factor, static_cast<double>(failed) - 1);
    const auto limit = static_cast<double>(options.first_delay.count()) * growth;
    // Not a minimum of counts: what has grown beyond the clock's range, or to infinity, does not fit into one.
    if (limit >= static_cast<double>(options.longest_delay.count())) return options.longest_delay;
    return std::chrono::nanoseconds(static_cast<std::chrono::nanoseconds::rep>(limit));
}

std::chrono::nanoseconds pause_after(const retry_options& options, unsigned failed) {
    const auto limit = longest_pause(options, failed);
    if (!options.jitter) return limit;
    thread_local std::minstd_rand random{std::random_device{}()};
    return std::chrono::nanoseconds(
        std::uniform_int_distribution<std::chrono::nanoseconds::rep>(0, limit.count())(random));
}

void require_sound(const retry_options& options) {
    if (options.attempts == 0) throw usage_error("retry with 0 attempts would do nothing: allow at least one");
    if (options.first_delay.count() < 0 || options.longest_delay.count() < 0)
        throw usage_error("retry with a negative delay: pauses are zero or longer");
    if (!(options.factor >= 1))
        throw usage_error(fmt::format("retry with a factor of {}: pauses grow, so it is 1 or more", options.factor));
    if (!options.retry_if) throw usage_error("retry without a retry_if: leave it out for the default");
}

}  // namespace detail

}  // namespace braid
