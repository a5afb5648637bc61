#include "html.hpp"

#include <fmt/format.h>
#include <libxml/HTMLparser.h>

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <stdexcept>

#include "robots_directives.hpp"
#include "simhash.hpp"
#include "text_counter.hpp"

namespace crawl {
namespace {

// libxml2 copies what is pushed and rescans it when a token is cut: large pieces keep both cheap.
constexpr std::size_t piece_size = 256 * 1024;
constexpr std::size_t longest_title = 4096;

/// An element that refers to something, and the attribute that says to what.
struct referrer {
    std::string_view element;
    std::string_view attribute;
    link_kind kind;
};
constexpr std::array<referrer, 10> referrers{{
    {"a", "href", link_kind::a},
    {"area", "href", link_kind::area},
    {"frame", "src", link_kind::frame},
    {"iframe", "src", link_kind::iframe},
    {"img", "src", link_kind::img},
    {"link", "href", link_kind::link},
    {"object", "data", link_kind::object},
    {"script", "src", link_kind::script},
    {"source", "src", link_kind::source},
    {"video", "src", link_kind::video},
}};

bool same_word(std::string_view text, std::string_view lower_case) {
    return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                      [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; });
}

std::string_view view(const xmlChar* text) { return reinterpret_cast<const char*>(text); }

std::string_view view(const xmlChar* text, int length) {
    return {reinterpret_cast<const char*>(text), static_cast<std::size_t>(length)};
}

/// Receives libxml2's events. Its names and attributes are in lower case, its values without entities.
class reader {
public:
    reader(link_set& references, fragment_set* fragments) : references_(references), fragments_(fragments) {}

    html_content finish() {
        content_.title = std::move(title_).collapsed(longest_title);
        content_.text_length = text_.count();
        content_.simhash = simhash_.finish();
        return std::move(content_);
    }

    void start_element(std::string_view name, const xmlChar** attributes) {
        if (attributes != nullptr) {
            if (fragments_ != nullptr) read_fragments(name, attributes);
            read_attributes(name, attributes);
        }
        if (name == "title") {
            in_title_ = !have_title_;
        } else if (name == "style") {
            in_style_ = true;
        }
    }

    void end_element(std::string_view name) {
        if (name == "title") {
            have_title_ = have_title_ || in_title_;
            in_title_ = false;
        } else if (name == "style" && in_style_) {
            in_style_ = false;
            references_.add_css(style_);
            style_.clear();
        }
    }

    void characters(std::string_view text) {
        if (in_title_) {
            title_.append(text);
        } else {
            text_.add(text);
            simhash_.add(text);
        }
    }

    /// The content of <script> and <style>.
    void raw_text(std::string_view text) {
        if (in_style_) style_ += text;
    }

private:
    static std::string_view value_of(std::string_view wanted, const xmlChar** attributes) {
        for (; *attributes != nullptr; attributes += 2) {
            if (attributes[1] != nullptr && view(attributes[0]) == wanted) return view(attributes[1]);
        }
        return {};
    }

    void read_meta(const xmlChar** attributes) {
        if (same_word(value_of("name", attributes), "robots") && asks_nofollow(value_of("content", attributes))) {
            references_.follow_none();
        }
    }

    void read_fragments(std::string_view element, const xmlChar** attributes) {
        fragments_->add_place(value_of("id", attributes));
        if (element == "a") fragments_->add_place(value_of("name", attributes));
        if (element == "a" || element == "area") fragments_->add_reference(value_of("href", attributes));
    }

    void read_attributes(std::string_view element, const xmlChar** attributes) {
        if (element == "meta") return read_meta(attributes);
        const bool is_link = element == "a" || element == "area";
        const bool nofollow = is_link && asks_nofollow(value_of("rel", attributes));
        const auto* found =
            std::find_if(referrers.begin(), referrers.end(), [&](const referrer& r) { return r.element == element; });
        for (; *attributes != nullptr; attributes += 2) {
            if (attributes[1] == nullptr) continue;
            const std::string_view name = view(attributes[0]);
            const std::string_view value = view(attributes[1]);
            if (found != referrers.end() && name == found->attribute) {
                references_.add(value, found->kind, nofollow);
            } else if (name == "style") {
                references_.add_css(value);
            } else if (name == "href" && element == "base" && !content_.base_href) {
                content_.base_href = value;
            }
        }
    }

    link_set& references_;
    fragment_set* fragments_;  // null if nobody asks
    html_content content_;
    text_counter text_;
    text_simhash simhash_;
    text_collector title_;
    std::string style_;
    bool in_title_ = false;
    bool have_title_ = false;
    bool in_style_ = false;
};

reader& self(void* user) { return *static_cast<reader*>(user); }

htmlSAXHandler make_handler() {
    htmlSAXHandler handler{};  // what is null is not reported: errors, comments, the document type
    handler.startElement = [](void* user, const xmlChar* name, const xmlChar** attributes) {
        self(user).start_element(view(name), attributes);
    };
    handler.endElement = [](void* user, const xmlChar* name) { self(user).end_element(view(name)); };
    handler.characters = [](void* user, const xmlChar* text, int n) { self(user).characters(view(text, n)); };
    handler.ignorableWhitespace = handler.characters;
    handler.cdataBlock = [](void* user, const xmlChar* text, int n) { self(user).raw_text(view(text, n)); };
    return handler;
}

struct free_context {
    void operator()(htmlParserCtxtPtr context) const { htmlFreeParserCtxt(context); }
};
using context_ptr = std::unique_ptr<htmlParserCtxt, free_context>;

context_ptr make_context(htmlSAXHandler& handler, reader& events) {
    static std::once_flag once;
    std::call_once(once, xmlInitParser);
    context_ptr context(htmlCreatePushParserCtxt(&handler, &events, nullptr, 0, nullptr, XML_CHAR_ENCODING_UTF8));
    if (context == nullptr) throw std::runtime_error("cannot parse html: libxml2 has no memory for a parser");
    // The text is UTF-8 by now, whatever a <meta> says.
    htmlCtxtUseOptions(context.get(), HTML_PARSE_NONET | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                                          HTML_PARSE_IGNORE_ENC | HTML_PARSE_NODEFDTD);
    return context;
}

void push(htmlParserCtxt& context, std::string_view piece, bool last) {
    // Its result is the last error of any kind: bad markup is one, and no reason to stop.
    htmlParseChunk(&context, piece.data(), static_cast<int>(piece.size()), last ? 1 : 0);
    if (context.disableSAX != 0 || context.errNo == XML_ERR_NO_MEMORY) {
        const xmlError* error = xmlCtxtGetLastError(&context);
        throw std::runtime_error(
            fmt::format("cannot parse html: libxml2 gave up: {}",
                        error != nullptr && error->message != nullptr ? error->message : "no memory"));
    }
}

}  // namespace

html_content read_html(std::string_view utf8, link_set& references, fragment_set* fragments) {
    reader events(references, fragments);
    htmlSAXHandler handler = make_handler();
    const context_ptr context = make_context(handler, events);
    while (utf8.size() > piece_size) {
        push(*context, utf8.substr(0, piece_size), false);
        utf8.remove_prefix(piece_size);
    }
    push(*context, utf8, true);
    return events.finish();
}

}  // namespace crawl
