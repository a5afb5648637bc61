#include "patience.hpp"

#include <braid/flow/retry.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <ctime>
#include <exception>
#include <string>
#include <variant>

#include "iso_time.hpp"

namespace crawl {
namespace {

constexpr std::array passing_statuses{408, 429, 500, 502, 503, 504};

/// 52x is what a proxy before the server says of it.
bool is_passing(int status) {
    return status / 10 == 52 ||
           std::find(passing_statuses.begin(), passing_statuses.end(), status) != passing_statuses.end();
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
    if (!co_await pacer_.turn(target)) co_return fetch_failure{outcome::cancelled, "the crawl was stopped first"};
    const auto age = throttle_ != nullptr ? throttle_->begin(target) : 0;
    const auto began = std::chrono::steady_clock::now();
    fetch_result result = co_await fetcher_.fetch(target, terms);
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began);
    std::visit([took](auto& of_its_kind) { of_its_kind.took = took; }, result);
    if (throttle_ != nullptr) throttle_->end(target, age, result);
    const bool again = worth_another(result, target);
    if (--left > 0 && again) throw try_again();
    co_return result;
}

bool patient_fetcher::worth_another(const fetch_result& result, const url& target) {
    if (const auto* failure = std::get_if<fetch_failure>(&result)) return failure->passing;
    const auto& response = std::get<fetched>(result);
    if (!is_passing(response.status)) return false;
    const auto wait = parse_retry_after(response.retry_after, std::chrono::system_clock::now());
    if (!wait) return true;
    // The host has its rest all the same; it may be that its URLs are never to be had.
    pacer_.pause(target, std::min<std::chrono::milliseconds>(*wait, options_.longest_wait));
    if (*wait <= options_.longest_wait) return true;
    note_cut(target, *wait);
    return false;
}

void patient_fetcher::note_cut(const url& target, std::chrono::seconds asked) {
    if (!tell_ || !cut_.insert(target.origin()).second) return;
    const std::chrono::duration<double> given = options_.longest_wait;
    tell_(fmt::format("{} asks for a pause of {} s by Retry-After, and gets {:g} s", target.origin(), asked.count(),
                      given.count()));
}

std::optional<std::chrono::seconds> parse_retry_after(std::string_view value,
                                                      std::chrono::system_clock::time_point now) {
    std::uint32_t seconds = 0;
    const char* const end = value.data() + value.size();
    const auto [rest, error] = std::from_chars(value.data(), end, seconds);
    if (rest == end && error == std::errc::result_out_of_range) return std::chrono::seconds(UINT32_MAX);
    if (error == std::errc() && rest == end) return std::chrono::seconds(seconds);
    std::tm date{};
    // Source: RFC 9110, 5.6.7; the two older forms are left to history. No locale is set: the names are English.
    const std::string text(value);
    const char* const parsed = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
    if (parsed == nullptr || *parsed != '\0') return std::nullopt;
    const auto when = time_of_seconds(::timegm(&date));
    return when > now ? std::chrono::ceil<std::chrono::seconds>(when - now) : std::chrono::seconds(0);
}

}  // namespace crawl
