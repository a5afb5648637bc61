#include "parse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "charset.hpp"
#include "css.hpp"
#include "fragments.hpp"
#include "hash.hpp"
#include "html.hpp"
#include "link_set.hpp"
#include "sitemap.hpp"
#include "url.hpp"

namespace crawl {
namespace {

constexpr std::string_view css_type = "text/css";

url base_of(const document& doc) {
    auto parsed = parse_url(doc.url);
    if (!parsed) throw std::invalid_argument(fmt::format("cannot parse a page: {}", parsed.error().message));
    return *parsed;
}

/// A bare fragment is no link, but to another document where there is a <base>.
void add_missing_links(parsed_page& page, const std::string& own_url) {
    std::unordered_set<std::string_view> known{own_url};
    for (const link& l : page.links) known.insert(l.url);
    std::vector<link> missing;
    for (const linked_fragments& of : page.fragments) {
        if (!known.contains(of.url)) missing.push_back({of.url, link_kind::a, {}, false, false});
    }
    std::move(missing.begin(), missing.end(), std::back_inserter(page.links));
}

std::string what_was_left_out(bool links, bool fragments) {
    if (!links && !fragments) return {};
    return fmt::format("it has more {} than the {} or {} MiB that are kept: the rest is left out",
                       !fragments ? "links" : (links ? "links and fragments" : "fragments"), link_set::most,
                       link_set::most_bytes >> 20U);
}

/// With `fragments` those, too.
parsed_page parse(const document& doc, fragment_set* fragments) {
    parsed_page page;
    url base = base_of(doc);
    const std::string type = media_type(doc.content_type);
    std::string storage;
    link_set references;
    std::string_view encoding = "utf-8";
    if (is_html(type)) {
        encoding = encoding_of_html(doc.content_type, doc.body);
        html_content content = read_html(to_utf8(doc.body, encoding, storage), references, fragments);
        page.title = std::move(content.title);
        page.language = std::move(content.language);
        page.text_length = content.text_length;
        page.simhash = content.simhash;
        if (content.base_href) {
            if (auto resolved = resolve(base, *content.base_href)) base = std::move(*resolved);
        }
    } else if (type == css_type) {
        references.add_css(to_utf8(doc.body, encoding_of_css(doc.content_type, doc.body), storage));
    } else if (may_be_sitemap(type, doc.url)) {
        read_sitemap(doc.body, references);
    }
    page.base = base.text();
    page.content_hash = xxh64(doc.body);
    page.links = references.resolve_all(base, encoding);
    if (fragments != nullptr) {
        page.places = fragments->places();
        page.fragments = fragments->resolve_all(base, encoding);
        add_missing_links(page, doc.url);
    }
    page.left_out = what_was_left_out(references.left_out(), fragments != nullptr && fragments->left_out());
    return page;
}

}  // namespace

bool is_html(std::string_view media_type) { return media_type == "text/html" || media_type == "application/xhtml+xml"; }

bool can_refer(std::string_view media_type) { return is_html(media_type) || media_type == css_type; }

parsed_page parse_page(const document& doc) { return parse(doc, nullptr); }

parsed_page parse_page_and_fragments(const document& doc) {
    fragment_set fragments;
    return parse(doc, &fragments);
}

}  // namespace crawl
