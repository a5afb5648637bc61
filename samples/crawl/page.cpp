#include "page.hpp"

namespace crawl {

std::string_view to_string(link_kind kind) noexcept {
    switch (kind) {
        case link_kind::a: return "a";
        case link_kind::area: return "area";
        case link_kind::link: return "link";
        case link_kind::img: return "img";
        case link_kind::script: return "script";
        case link_kind::iframe: return "iframe";
        case link_kind::frame: return "frame";
        case link_kind::source: return "source";
        case link_kind::object: return "object";
        case link_kind::video: return "video";
        case link_kind::css_url: return "css url";
        case link_kind::css_import: return "css import";
        case link_kind::redirect: return "redirect";
        case link_kind::sitemap: return "sitemap";
        case link_kind::sitemap_index: return "sitemap index";
        case link_kind::audio: return "audio";
        case link_kind::embed: return "embed";
        case link_kind::input: return "input";
        case link_kind::track: return "track";
        case link_kind::refresh: return "meta refresh";
    }
    return "unknown";
}

}  // namespace crawl
