#include "patience.hpp"

#include <braid/flow/retry.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <exception>
#include <string>
#include <variant>

namespace crawl {
namespace {

constexpr std::array passing_statuses{408, 429, 500, 502, 503, 504};

bool is_passing(int status) {
    return std::find(passing_statuses.begin(), passing_statuses.end(), status) != passing_statuses.end();
}

}  // namespace

/// Tells `retry` of an outcome that is a value here.
struct patient_fetcher::try_again : std::exception {};

braid::task<fetch_result> patient_fetcher::fetch(url target, fetch_terms terms) {
    unsigned left = options_.attempts;
    const braid::retry_options pauses{.attempts = options_.attempts,
                                      .first_delay = options_.first_delay,
                                      .longest_delay = options_.longest_wait,
                                      .retry_if = braid::is_one_of<try_again>};
    const auto once = [this, &target, &terms, &left] { return attempt(target, terms, left); };
    co_return co_await braid::retry(pauses, once);
}

braid::task<fetch_result> patient_fetcher::attempt(const url& target, const fetch_terms& terms, unsigned& left) {
    co_await pacer_.turn(target);
    const auto age = throttle_ != nullptr ? throttle_->begin(target) : 0;
    const auto began = std::chrono::steady_clock::now();
    fetch_result result = co_await fetcher_.fetch(target, terms);
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began);
    std::visit([took](auto& of_its_kind) { of_its_kind.took = took; }, result);
    if (throttle_ != nullptr) throttle_->end(target, age, result);
    if (--left > 0 && worth_another(result, target)) throw try_again();
    co_return result;
}

bool patient_fetcher::worth_another(const fetch_result& result, const url& target) {
    if (const auto* failure = std::get_if<fetch_failure>(&result)) return failure->passing;
    const auto& response = std::get<fetched>(result);
    if (!is_passing(response.status)) return false;
    const auto wait = parse_retry_after(response.retry_after, std::chrono::system_clock::now());
    if (!wait) return true;
    if (*wait > options_.longest_wait) return false;
    pacer_.pause(target, *wait);
    return true;
}

std::optional<std::chrono::seconds> parse_retry_after(std::string_view value,
                                                      std::chrono::system_clock::time_point now) {
    std::uint32_t seconds = 0;
    const char* const end = value.data() + value.size();
    const auto [rest, error] = std::from_chars(value.data(), end, seconds);
    if (error == std::errc() && rest == end) return std::chrono::seconds(seconds);
    std::tm date{};
    // Source: RFC 9110, 5.6.7; the two older forms are left to history. No locale is set: the names are English.
    const std::string text(value);
    const char* const parsed = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
    if (parsed == nullptr || *parsed != '\0') return std::nullopt;
    const auto when = std::chrono::system_clock::from_time_t(::timegm(&date));
    return std::max(std::chrono::ceil<std::chrono::seconds>(when - now), std::chrono::seconds(0));
}

}  // namespace crawl
