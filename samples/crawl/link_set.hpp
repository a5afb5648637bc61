#pragma once
// The references of one document while it is read: kept as written until its base is known, each once.

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "page.hpp"
#include "url.hpp"

namespace crawl {

/// A reference of a document in that encoding, resolved as a browser does.
[[nodiscard]] url_result resolve_in(std::string_view encoding, const url& base, std::string_view href);

class link_set {
public:
    /// What is kept: no page for people has as many, and all that is kept travels to the crawler, whose memory it is.
    static constexpr std::size_t most = 100'000;
    static constexpr std::size_t most_bytes = std::size_t{16} << 20U;  ///< of the links' text, once they are resolved

    /// A reference that is empty or only a fragment points into the document itself and is no link.
    void add(std::string_view href, link_kind kind, bool nofollow = false);

    /// The document asks that none of its links be followed.
    void follow_none() noexcept { follow_none_ = true; }

    /// Adds what a style sheet, or a style attribute, refers to.
    void add_css(std::string_view css);

    /// The links, in order of appearance, resolved; those that turn out to be equal are merged. A browser writes
    /// queries in the encoding of the document.
    [[nodiscard]] std::vector<link> resolve_all(const url& base, std::string_view encoding = "utf-8");

    /// There were more than are kept.
    [[nodiscard]] bool left_out() const noexcept { return left_out_; }

private:
    struct string_hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view s) const noexcept { return std::hash<std::string_view>()(s); }
    };
    struct reference {
        const std::string* href;  // points into seen_, whose elements do not move
        link_kind kind;
        bool nofollow;
    };
    // A reference that is to be followed and one that is not are two.
    using by_kind = std::array<std::unordered_set<std::string, string_hash, std::equal_to<>>, link_kind_count>;
    std::array<by_kind, 2> seen_;
    std::vector<reference> references_;
    bool follow_none_ = false;
    bool left_out_ = false;
};

}  // namespace crawl
