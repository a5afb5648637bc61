#include "synthetic_site.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

namespace serve {
namespace {

constexpr std::string_view prefix = "/p/";
constexpr int words_of_text = 60;

constexpr std::array<std::string_view, 32> words{
    "river", "stone",  "light", "north",  "market", "window", "garden", "paper",  "silver", "table", "engine",
    "cloud", "harbor", "field", "music",  "letter", "bridge", "winter", "apple",  "mirror", "road",  "candle",
    "salt",  "tower",  "wheel", "forest", "glass",  "summer", "copper", "island", "thread", "door"};

/// Source: Vigna's splitmix64, https://prng.di.unimi.it/splitmix64.c
class numbers {
public:
    explicit numbers(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() noexcept {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31U);
    }

private:
    std::uint64_t state_;
};

std::optional<std::uint64_t> number_of(std::string_view target) {
    if (target == "/") return 0;
    if (!target.starts_with(prefix)) return std::nullopt;
    target.remove_prefix(prefix.size());
    std::uint64_t number = 0;
    const char* const end = target.data() + target.size();
    const auto [rest, error] = std::from_chars(target.data(), end, number);
    // One spelling for each page: no leading zero, and 0 is `/`.
    if (error != std::errc() || rest != end || target.front() == '0') return std::nullopt;
    return number;
}

void add_link(std::string& page, std::uint64_t to) {
    if (to == 0) {
        page += "<li><a href=\"/\">The first page</a>\n";
    } else {
        fmt::format_to(std::back_inserter(page), "<li><a href=\"{0}{1}\">Page {1}</a>\n", prefix, to);
    }
}

}  // namespace

std::optional<std::string> synthetic_site::page(std::string_view target) const {
    const auto number = number_of(target);
    if (!number || *number >= pages_) return std::nullopt;
    numbers chance(*number);
    std::string page = fmt::format("<!DOCTYPE html>\n<title>Page {0}</title>\n<h1>Page {0}</h1>\n<p>", *number);
    for (int i = 0; i < words_of_text; ++i) {
        page += words[chance.next() % words.size()];
        page += i + 1 < words_of_text ? ' ' : '\n';
    }
    page += "<ul>\n";
    // As in a heap, so that each page but the first has one parent. Divided, not multiplied: nothing overflows.
    const std::uint64_t first = *number <= pages_ / branches ? *number * branches + 1 : pages_;
    for (std::uint64_t child = first; child < pages_ && child < first + branches; ++child) add_link(page, child);
    for (std::uint64_t i = 0; i < others; ++i) add_link(page, chance.next() % pages_);
    page += "</ul>\n";
    return page;
}

}  // namespace serve
