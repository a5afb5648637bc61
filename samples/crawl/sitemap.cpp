#include "sitemap.hpp"

#include <libxml/xmlreader.h>

#include <algorithm>
#include <climits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "inflate.hpp"

namespace crawl {
namespace {

// What the protocol allows one file.
constexpr std::uint64_t most_bytes = 50 * 1024 * 1024;
constexpr std::size_t most_entries = 50'000;
constexpr std::size_t longest_entry = 8 * 1024;

constexpr std::string_view gzip_magic = "\x1f\x8b";
// <urlset><url><loc>: an image's <loc> is deeper.
constexpr int depth_of_entry = 2;

struct reader_free {
    void operator()(xmlTextReader* reader) const { xmlFreeTextReader(reader); }
};
using reader_handle = std::unique_ptr<xmlTextReader, reader_free>;

reader_handle open_reader(std::string_view xml) {
    constexpr int forgiving = XML_PARSE_NONET | XML_PARSE_RECOVER | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
    const auto size = static_cast<int>(std::min<std::size_t>(xml.size(), INT_MAX));
    reader_handle reader(xmlReaderForMemory(xml.data(), size, nullptr, nullptr, forgiving));
    if (!reader) throw std::runtime_error("libxml2 cannot read a sitemap");
    return reader;
}

std::string_view view(const xmlChar* text) {
    return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

/// What the root element says that the entries are.
std::optional<link_kind> kind_of_entries(std::string_view root) {
    if (root == "urlset") return link_kind::sitemap;
    if (root == "sitemapindex") return link_kind::sitemap_index;
    return std::nullopt;
}

void read_xml(std::string_view xml, link_set& references) {
    const reader_handle reader = open_reader(xml);
    std::optional<link_kind> kind;
    std::optional<std::string> entry;  // while in one
    for (std::size_t entries = 0; entries < most_entries && xmlTextReaderRead(reader.get()) == 1;) {
        const int depth = xmlTextReaderDepth(reader.get());
        switch (xmlTextReaderNodeType(reader.get())) {
            case XML_READER_TYPE_ELEMENT: {
                const std::string_view name = view(xmlTextReaderConstLocalName(reader.get()));
                if (depth == 0) kind = kind_of_entries(name);
                if (!kind) return;
                if (depth == depth_of_entry && name == "loc") entry.emplace();
                break;
            }
            case XML_READER_TYPE_TEXT:
            case XML_READER_TYPE_CDATA:
                if (entry) *entry += view(xmlTextReaderConstValue(reader.get())).substr(0, longest_entry);
                break;
            case XML_READER_TYPE_END_ELEMENT:
                if (entry && depth == depth_of_entry) {
                    references.add(*entry, *kind);
                    entry.reset();
                    ++entries;
                }
                break;
            default: break;
        }
    }
}

}  // namespace

bool may_be_sitemap(std::string_view media_type, std::string_view url) {
    if (media_type == "application/xml" || media_type == "text/xml") return true;
    // Servers have many names for a file that is gzipped, and most of those files are no sitemaps.
    const bool zipped = media_type.empty() || media_type == "application/gzip" || media_type == "application/x-gzip" ||
                        media_type == "application/octet-stream";
    return zipped && url.substr(0, url.find('?')).ends_with(".xml.gz");
}

void read_sitemap(std::string_view file, link_set& references) {
    if (!file.starts_with(gzip_magic)) return read_xml(file.substr(0, most_bytes), references);
    std::string unzipped;
    body_decoder decoder(content_coding::gzip, most_bytes);
    decoder.feed(file, unzipped);  // of one that is corrupt or too large the beginning counts
    read_xml(unzipped, references);
}

}  // namespace crawl
