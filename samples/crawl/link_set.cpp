#include "link_set.hpp"

#include <algorithm>

#include "css.hpp"
#include "legacy_text.hpp"
#include "url_text.hpp"

namespace crawl {
namespace {

link resolve_one(std::string_view encoding, const url& base, const std::string& href, link_kind kind, bool nofollow) {
    const auto resolved = resolve_in(encoding, base, href);
    if (resolved) return {std::string(resolved->text()), kind, {}, false, nofollow};
    return {url_text::abridged(href), kind, resolved.error().message, resolved.error().why == url_error::fault::scheme,
            nofollow};
}

}  // namespace

url_result resolve_in(std::string_view encoding, const url& base, std::string_view href) {
    const std::size_t question = href.find('?');
    const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    if (encoding == "utf-8" || question == std::string_view::npos ||
        std::all_of(href.begin() + static_cast<std::ptrdiff_t>(question), href.end(), is_ascii)) {
        return resolve(base, href);
    }
    const std::size_t end = std::min(href.find('#', question), href.size());
    std::string written(href.substr(0, question));
    written += encode_legacy(href.substr(question, end - question), encoding);
    return resolve(base, written);
}

void link_set::add(std::string_view href, link_kind kind, bool nofollow) {
    const std::string_view without_fragment = href.substr(0, href.find('#'));
    if (without_fragment.find_first_not_of(" \t\r\n\f") == std::string_view::npos) return;
    auto& seen = seen_[nofollow ? 1 : 0][static_cast<std::size_t>(kind)];
    // Pages name the same few targets over and over, most often with another fragment: look before allocating.
    if (seen.find(without_fragment) != seen.end()) return;
    if (references_.size() == most) {
        left_out_ = true;
        return;
    }
    references_.push_back({&*seen.emplace(without_fragment).first, kind, nofollow});
}

void link_set::add_css(std::string_view css) {
    for (const css_reference& found : css_references(css)) {
        add(found.href, found.is_import ? link_kind::css_import : link_kind::css_url);
    }
}

std::vector<link> link_set::resolve_all(const url& base, std::string_view encoding) {
    std::vector<link> links;
    std::size_t bytes = 0;
    links.reserve(references_.size());
    std::array<std::array<std::unordered_set<std::string>, link_kind_count>, 2> resolved;
    for (const reference& r : references_) {
        link found = resolve_one(encoding, base, *r.href, r.kind, r.nofollow || follow_none_);
        const std::size_t size = found.url.size() + found.problem.size();
        if (size > most_bytes - bytes) {
            left_out_ = true;
            continue;
        }
        if (!resolved[found.nofollow ? 1 : 0][static_cast<std::size_t>(r.kind)].insert(found.url).second) continue;
        bytes += size;
        links.push_back(std::move(found));
    }
    return links;
}

}  // namespace crawl
