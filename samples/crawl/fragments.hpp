#pragma once
// Places inside documents: those that a page has, and those that its links name.

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "page.hpp"
#include "url.hpp"

namespace crawl {

/// What a browser looks for when a link has this fragment, as written, without the `#`. Nothing if there is nothing to
/// find: an empty fragment and `top` are the top of the page, `:~:` begins what is for the browser alone, and `/` or
/// `!` what is for a script of the page. Source:
/// https://html.spec.whatwg.org/multipage/browsing-the-web.html#find-a-potential-indicated-element
[[nodiscard]] std::optional<std::string> fragment_to_find(std::string_view fragment);

/// The other spelling under which a browser looks for it: percent-decoded, in valid UTF-8.
[[nodiscard]] std::string decoded_fragment(std::string_view fragment);

/// The places of one document while it is read, each once.
class fragment_set {
public:
    /// What is kept of places, and of references, as of links, see link_set.
    static constexpr std::size_t most = 100'000;
    static constexpr std::size_t most_bytes = std::size_t{16} << 20U;

    /// The value of an `id`, or of the `name` of an <a>.
    void add_place(std::string_view name);

    /// The reference of an <a> or <area>, as written.
    void add_reference(std::string_view href);

    /// There were more than are kept.
    [[nodiscard]] bool left_out() const noexcept { return left_out_; }

    [[nodiscard]] std::vector<std::string> places() const { return {places_.begin(), places_.end()}; }

    /// By document; those of references that are no URL are left out.
    [[nodiscard]] std::vector<linked_fragments> resolve_all(const url& base, std::string_view encoding = "utf-8");

private:
    using words = std::set<std::string, std::less<>>;
    struct kept {
        std::size_t count = 0;
        std::size_t bytes = 0;
    };
    [[nodiscard]] bool has_room(kept& in, std::size_t size) noexcept;

    words places_;
    std::map<std::string, words, std::less<>> references_;  // as written
    kept kept_places_;
    kept kept_references_;
    bool left_out_ = false;
};

}  // namespace crawl
