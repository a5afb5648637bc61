#pragma once
// robots.txt as RFC 9309 has it: what a site asks of a crawler.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crawl {

/// The part of a User-Agent header that robots.txt calls a crawler by: `braid-crawl` of `braid-crawl/1.0
/// (+http://...)`.
[[nodiscard]] std::string_view product_token(std::string_view user_agent);

/// What a robots.txt says of a URL.
enum class ruling : std::uint8_t {
    allowed,
    disallowed,
    too_costly,  ///< nobody knows: it has more rules than are kept, or they take too long to match. Not to be fetched
};

/// The rules of the groups that name a crawler, else those for `*`.
class robots_rules {
public:
    /// What the rules of one site may cost. RFC 9309 sets no limit but that of the file's size, under which stars in
    /// thousands of rules could hold up everybody for seconds. Sites of which this is too little were not seen.
    static constexpr std::size_t most_steps = 2'000'000;  ///< characters compared for one URL: some milliseconds
    static constexpr std::size_t most_rules = 20'000;
    static constexpr std::size_t most_text = std::size_t{1} << 20U;  ///< bytes of them
    static constexpr std::size_t most_sitemaps = 1'000;              ///< further ones are left out

    /// Allows everything.
    robots_rules() = default;

    /// Never fails: lines that are none are skipped.
    robots_rules(std::string_view text, std::string_view product);

    /// May this path and query, percent-encoded, be fetched? The longest pattern that fits decides; of two that are
    /// equally long the one that allows.
    [[nodiscard]] ruling judge(std::string_view target) const;
    [[nodiscard]] bool allows(std::string_view target) const { return judge(target) == ruling::allowed; }

    /// What the site asks to be between two fetches. Not in the RFC, and widely used.
    [[nodiscard]] std::optional<std::chrono::milliseconds> crawl_delay() const noexcept { return delay_; }

    /// URLs of sitemaps, as written; they belong to no group.
    [[nodiscard]] const std::vector<std::string>& sitemaps() const noexcept { return sitemaps_; }

    /// Those, which are forgotten.
    [[nodiscard]] std::vector<std::string> take_sitemaps() noexcept { return std::exchange(sitemaps_, {}); }

    /// Bytes that they take.
    [[nodiscard]] std::size_t memory() const noexcept;

private:
    struct rule {
        std::string pattern;  // normalised; `*` stands for anything
        bool anchored;        // it ended with `$`
        bool allow;
    };
    class reader;

    std::vector<rule> rules_;
    bool too_many_ = false;  // some are not in rules_
    std::optional<std::chrono::milliseconds> delay_;
    std::vector<std::string> sitemaps_;
};

}  // namespace crawl
