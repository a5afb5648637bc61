#include "traps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "hash.hpp"

namespace crawl {
namespace {

/// Scheme, host and port of a canonical URL.
std::string_view origin_of(std::string_view url) {
    constexpr std::size_t longest_scheme = 8;  // https://
    return url.substr(0, std::min(url.find('/', longest_scheme), url.size()));
}

/// Everything before the query.
std::string_view without_query(std::string_view url) { return url.substr(0, std::min(url.find('?'), url.size())); }

/// What is between the separators, empty pieces left out.
std::vector<std::string_view> pieces_of(std::string_view text, char separator) {
    std::vector<std::string_view> pieces;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(separator), text.size());
        if (end > 0) pieces.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return pieces;
}

/// One that is there more often than `most` times; empty if none is.
std::string_view frequent(std::vector<std::string_view>& pieces, std::size_t most) {
    if (pieces.size() <= most) return {};
    std::sort(pieces.begin(), pieces.end());
    for (std::size_t i = most; i < pieces.size(); ++i) {
        if (pieces[i] == pieces[i - most]) return pieces[i];
    }
    return {};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int number(std::string_view digits) {
    int value = 0;
    for (const char c : digits) value = value * 10 + (c - '0');
    return value;
}

std::string_view digits_at(std::string_view text, std::size_t at) {
    std::size_t end = at;
    while (end < text.size() && is_digit(text[end])) ++end;
    return text.substr(std::min(at, text.size()), end - std::min(at, end));
}

/// Does a month follow, as in `/05`, `-5` or `.12`?
bool is_before_month(std::string_view rest) {
    constexpr std::string_view separators = "/-._";
    if (rest.empty() || separators.find(rest.front()) == std::string_view::npos) return false;
    const std::string_view month = digits_at(rest, 1);
    return (month.size() == 1 || month.size() == 2) && number(month) >= 1 && number(month) <= 12;
}

bool is_after_year(std::string_view before) { return before.ends_with("year=") || before.ends_with("year/"); }

}  // namespace

std::optional<years> years_in(std::string_view url) {
    constexpr std::size_t digits_of_year = 4;
    std::optional<years> found;
    for (std::size_t at = origin_of(url).size(); at < url.size();) {
        const std::string_view digits = digits_at(url, at);
        if (digits.size() == digits_of_year) {
            const bool is_year = is_before_month(url.substr(at + digits_of_year)) || is_after_year(url.substr(0, at));
            const int year = number(digits);
            if (is_year) {
                found =
                    found ? years{std::min(found->earliest, year), std::max(found->latest, year)} : years{year, year};
            }
        }
        at += digits.size() + 1;
    }
    return found;
}

traps::traps(trap_limits limits)
    : traps(limits, static_cast<int>(std::chrono::year_month_day(
                                         std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()))
                                         .year())) {}

std::string traps::suspicion(std::string_view url) const {
    if (url.size() > limits_.length) return fmt::format("its URL has {} characters", url.size());
    const std::string_view base = without_query(url);
    std::vector<std::string_view> segments = pieces_of(base.substr(origin_of(url).size()), '/');
    if (segments.size() > limits_.segments) return fmt::format("its path has {} segments", segments.size());
    if (const std::string_view same = frequent(segments, limits_.same_segment); !same.empty()) {
        return fmt::format("its path has \"{}\" more than {} times", same, limits_.same_segment);
    }
    if (std::string why = suspicion_of_dates(url); !why.empty()) return why;
    if (base.size() < url.size()) {
        if (std::string why = suspicion_of_query(url.substr(base.size() + 1)); !why.empty()) return why;
    }
    return suspicion_of_number(url, base);
}

/// What goes back from date to date comes through each of a hundred years. Much older ones are not looked at: most of
/// them are other numbers.
std::string traps::suspicion_of_dates(std::string_view url) const {
    constexpr int too_old_to_be_one = 100;
    const auto dates = years_in(url);
    if (!dates) return {};
    if (dates->latest - this_year_ > static_cast<int>(limits_.years_ahead)) {
        return fmt::format("it is of the year {}, more than {} years from now", dates->latest, limits_.years_ahead);
    }
    const int beyond = this_year_ - static_cast<int>(limits_.years_back) - dates->earliest;
    if (beyond <= 0 || beyond > too_old_to_be_one) return {};
    return fmt::format("it is of the year {}, more than {} years ago", dates->earliest, limits_.years_back);
}

std::string traps::suspicion_of_query(std::string_view query) const {
    std::vector<std::string_view> parameters = pieces_of(query, '&');
    if (parameters.size() > limits_.parameters) return fmt::format("its query has {} parameters", parameters.size());
    if (const std::string_view same = frequent(parameters, limits_.same_segment); !same.empty()) {
        return fmt::format("its query has \"{}\" more than {} times", same, limits_.same_segment);
    }
    return {};
}

std::string traps::suspicion_of_number(std::string_view url, std::string_view base) const {
    if (base.size() < url.size() && queries_.count(xxh64(base)) >= limits_.queries_of_path) {
        return fmt::format("more than {} URLs differ in their query alone", limits_.queries_of_path);
    }
    if (limits_.urls_of_host != UINT64_MAX) {
        const auto known = hosts_.find(std::string(origin_of(url)));
        if (known != hosts_.end() && known->second >= limits_.urls_of_host) {
            return fmt::format("its host has more than {} URLs", limits_.urls_of_host);
        }
    }
    return {};
}

void traps::count(std::string_view url) {
    const std::string_view base = without_query(url);
    if (base.size() < url.size()) queries_.add(xxh64(base));
    if (limits_.urls_of_host != UINT64_MAX) ++hosts_[std::string(origin_of(url))];
}

bool traps::is_copy(std::string_view url, std::uint64_t content_hash) {
    return contents_.add(xxh64(origin_of(url), content_hash)) > limits_.copies;
}

}  // namespace crawl
