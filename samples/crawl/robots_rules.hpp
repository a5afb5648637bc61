#pragma once
// robots.txt as RFC 9309 has it: what a site asks of a crawler.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crawl {

/// The part of a User-Agent header that robots.txt calls a crawler by: `braid-crawl` of `braid-crawl/1.0
/// (+http://...)`.
[[nodiscard]] std::string_view product_token(std::string_view user_agent);

/// The rules of the groups that name a crawler, else those for `*`.
class robots_rules {
public:
    /// Allows everything.
    robots_rules() = default;

    /// Never fails: lines that are none are skipped.
    robots_rules(std::string_view text, std::string_view product);

    /// May this path and query, percent-encoded, be fetched? The longest pattern that fits decides; of two that are
    /// equally long the one that allows.
    [[nodiscard]] bool allows(std::string_view target) const;

    /// What the site asks to be between two fetches. Not in the RFC, and widely used.
    [[nodiscard]] std::optional<std::chrono::milliseconds> crawl_delay() const noexcept { return delay_; }

    /// URLs of sitemaps, as written; they belong to no group.
    [[nodiscard]] const std::vector<std::string>& sitemaps() const noexcept { return sitemaps_; }

private:
    struct rule {
        std::string pattern;  // normalised; `*` stands for anything
        bool anchored;        // it ended with `$`
        bool allow;
    };
    class reader;

    std::vector<rule> rules_;
    std::optional<std::chrono::milliseconds> delay_;
    std::vector<std::string> sitemaps_;
};

}  // namespace crawl
