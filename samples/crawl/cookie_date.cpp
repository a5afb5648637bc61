#include <array>
#include <charconv>
#include <ctime>

#include "cookie_jar.hpp"
#include "iso_time.hpp"

namespace crawl {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_delimiter(char c) {
    const auto u = static_cast<unsigned char>(c);
    return u == 0x09 || (u >= 0x20 && u <= 0x2f) || (u >= 0x3b && u <= 0x40) || (u >= 0x5b && u <= 0x60) ||
           (u >= 0x7b && u <= 0x7e);
}

/// A number of that many digits at the front, taken off; what follows is not a digit.
std::optional<int> take_number(std::string_view& text, std::size_t least, std::size_t most) {
    std::size_t digits = 0;
    while (digits < text.size() && is_digit(text[digits])) ++digits;
    if (digits < least || digits > most) return std::nullopt;
    int value = 0;
    std::from_chars(text.data(), text.data() + digits, value);
    text.remove_prefix(digits);
    return value;
}

struct parts {
    std::optional<int> day;
    std::optional<int> month;
    std::optional<int> year;
    std::optional<std::array<int, 3>> time;
};

std::optional<std::array<int, 3>> time_of(std::string_view token) {
    std::array<int, 3> time{};
    for (std::size_t i = 0; i < time.size(); ++i) {
        if (i > 0) {
            if (!token.starts_with(':')) return std::nullopt;
            token.remove_prefix(1);
        }
        const auto part = take_number(token, 1, 2);
        if (!part) return std::nullopt;
        time[i] = *part;
    }
    return time;
}

std::optional<int> month_of(std::string_view token) {
    constexpr std::string_view names = "janfebmaraprmayjunjulaugsepoctnovdec";
    if (token.size() < 3) return std::nullopt;
    std::string start(token.substr(0, 3));
    for (char& c : start) c = static_cast<char>(c | 0x20);
    const std::size_t found = names.find(start);
    if (found == std::string_view::npos || found % 3 != 0) return std::nullopt;
    return static_cast<int>(found / 3);
}

/// The first token that can be a part is that part.
void read_token(std::string_view token, parts& to) {
    if (!to.time && (to.time = time_of(token))) return;
    std::string_view rest = token;
    if (!to.day && (to.day = take_number(rest, 1, 2))) return;
    if (!to.month && (to.month = month_of(token))) return;
    rest = token;
    if (!to.year) to.year = take_number(rest, 2, 4);
}

}  // namespace

std::optional<cookie_time> parse_cookie_date(std::string_view text) {
    parts found;
    while (!text.empty()) {
        std::size_t end = 0;
        while (end < text.size() && !is_delimiter(text[end])) ++end;
        if (end > 0) read_token(text.substr(0, end), found);
        text.remove_prefix(end < text.size() ? end + 1 : end);
    }
    if (!found.day || !found.month || !found.year || !found.time) return std::nullopt;
    int year = *found.year;
    if (year < 70) year += 2000;
    if (year < 100) year += 1900;
    const auto [hour, minute, second] = *found.time;
    if (*found.day < 1 || *found.day > 31 || year < 1601 || hour > 23 || minute > 59 || second > 59)
        return std::nullopt;
    std::tm date{};
    date.tm_mday = *found.day;
    date.tm_mon = *found.month;
    date.tm_year = year - 1900;
    date.tm_hour = hour;
    date.tm_min = minute;
    date.tm_sec = second;
    return time_of_seconds(::timegm(&date));
}

}  // namespace crawl
