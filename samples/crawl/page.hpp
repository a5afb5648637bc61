#pragma once
// What travels to a worker process and back: plain aggregates, so that no line of serialisation code is needed.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crawl {

/// What makes one URL refer to another: the element, a style sheet's rule, a redirect, or a sitemap. The values are in
/// databases: new ones go to the end.
enum class link_kind : std::uint8_t {
    a,
    area,
    link,
    img,
    script,
    iframe,
    frame,
    source,
    object,
    video,
    css_url,
    css_import,
    redirect,
    sitemap,        ///< a sitemap names a page
    sitemap_index,  ///< an index of sitemaps names one
    audio,
    embed,
    input,
    track,
    refresh,  ///< <meta http-equiv=refresh>: a page of its own, with a place to go on to after a while
};
inline constexpr std::size_t link_kind_count = 20;

[[nodiscard]] std::string_view to_string(link_kind kind) noexcept;

/// One reference found in a document.
struct link {
    std::string url;      ///< canonical and absolute; as found in the document if there is a problem with it
    link_kind kind;       ///< where it was found
    std::string problem;  ///< why it cannot be fetched, empty if it can
    bool bad_scheme;      ///< the problem is a scheme that is not fetched (`mailto:`), not a malformed URL
    bool nofollow;        ///< the page asks not to be followed here
};

/// A fetched resource, decoded: what a worker gets.
struct document {
    std::string url;           ///< canonical: what relative references are resolved against
    std::string content_type;  ///< the header's value, with its charset
    std::string body;
};

/// The places in one document that another links to.
struct linked_fragments {
    std::string url;                     ///< canonical: the document
    std::vector<std::string> fragments;  ///< as written, each once
};

/// The places that a document has, and those that it links to, of itself and of others.
struct page_places {
    std::vector<std::string> places{};
    std::vector<linked_fragments> fragments{};
};

/// Something that a user's own parser looks for: a price, an address.
struct extract {
    std::string name;  ///< what it is
    std::string value;
};

/// What is in a document: what a worker gives back. Empty for a type that is neither HTML nor CSS, nor a sitemap.
struct parsed_page {
    std::string title;             ///< UTF-8, trimmed, white space collapsed
    std::string language{};        ///< that the root element names: `en`, `pt-BR`
    std::uint64_t text_length{};   ///< characters of visible text, a run of white space counted as one
    std::string base;              ///< what the links were resolved against: the document or its <base href>
    std::uint64_t content_hash{};  ///< XXH64 of the body
    std::vector<link> links;       ///< without duplicates of the same URL and kind, in order of appearance

    // Only if fragments are asked for, see parse_page_and_fragments:
    std::vector<std::string> places{};          ///< in an HTML page that a fragment can name
    std::vector<linked_fragments> fragments{};  ///< that it links to, of itself and of what is in `links`

    std::optional<std::uint64_t> simhash{};  ///< of the text of an HTML page, if it is long enough, see simhash.hpp
    std::string left_out{};                  ///< says so if there was more of that than is kept, see link_set.hpp
    std::vector<extract> extracts{};         ///< what a parser adds that builds on parse_page, see parse_stage.hpp
};

}  // namespace crawl
