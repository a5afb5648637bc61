#pragma once
// A site of any size that takes no room: its pages are computed from their numbers.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace serve {

/// Pages `/`, `/p/1`, `/p/2` and so on: small HTML, each with text of its own, links to the next pages of a tree that
/// holds all of them, and to a few others anywhere. The same number, the same page. Threads: any number at once.
class synthetic_site {
public:
    static constexpr std::uint64_t branches = 8;  ///< of the tree: pages that no page before links to
    static constexpr std::uint64_t others = 4;    ///< further links of a page

    explicit synthetic_site(std::uint64_t pages) : pages_(pages) {}

    [[nodiscard]] std::uint64_t pages() const noexcept { return pages_; }

    /// Its HTML; nothing if the target of a request names no page.
    [[nodiscard]] std::optional<std::string> page(std::string_view target) const;

private:
    std::uint64_t pages_;
};

}  // namespace serve
