#include "link_set.hpp"

#include "css.hpp"

namespace crawl {
namespace {

link resolve_one(const url& base, const std::string& href, link_kind kind, bool nofollow) {
    const auto resolved = resolve(base, href);
    if (resolved) return {std::string(resolved->text()), kind, {}, false, nofollow};
    return {href, kind, resolved.error().message, resolved.error().why == url_error::fault::scheme, nofollow};
}

}  // namespace

void link_set::add(std::string_view href, link_kind kind, bool nofollow) {
    const std::string_view without_fragment = href.substr(0, href.find('#'));
    if (without_fragment.find_first_not_of(" \t\r\n\f") == std::string_view::npos) return;
    auto& seen = seen_[nofollow ? 1 : 0][static_cast<std::size_t>(kind)];
    // Pages name the same few targets over and over, most often with another fragment: look before allocating.
    if (seen.find(without_fragment) != seen.end()) return;
    references_.push_back({&*seen.emplace(without_fragment).first, kind, nofollow});
}

void link_set::add_css(std::string_view css) {
    for (const css_reference& found : css_references(css)) {
        add(found.href, found.is_import ? link_kind::css_import : link_kind::css_url);
    }
}

std::vector<link> link_set::resolve_all(const url& base) const {
    std::vector<link> links;
    links.reserve(references_.size());
    std::array<std::array<std::unordered_set<std::string>, link_kind_count>, 2> resolved;
    for (const reference& r : references_) {
        link found = resolve_one(base, *r.href, r.kind, r.nofollow || follow_none_);
        if (resolved[found.nofollow ? 1 : 0][static_cast<std::size_t>(r.kind)].insert(found.url).second)
            links.push_back(std::move(found));
    }
    return links;
}

}  // namespace crawl
