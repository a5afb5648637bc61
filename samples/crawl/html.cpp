#include "html.hpp"

#include <algorithm>
#include <array>

#include "html_tokenizer.hpp"
#include "meta_refresh.hpp"
#include "robots_directives.hpp"
#include "simhash.hpp"
#include "srcset.hpp"
#include "text_counter.hpp"

namespace crawl {
namespace {

constexpr std::size_t longest_title = 4096;

/// An element that refers to something, and the attribute that says to what.
struct referrer {
    std::string_view element;
    std::string_view attribute;
    link_kind kind;
    bool is_set = false;  ///< the attribute is a `srcset`
};
constexpr std::array<referrer, 18> referrers{{
    {"a", "href", link_kind::a},
    {"area", "href", link_kind::area},
    {"audio", "src", link_kind::audio},
    {"embed", "src", link_kind::embed},
    {"frame", "src", link_kind::frame},
    {"iframe", "src", link_kind::iframe},
    {"img", "src", link_kind::img},
    {"img", "srcset", link_kind::img, true},
    {"input", "src", link_kind::input},
    {"link", "href", link_kind::link},
    {"link", "imagesrcset", link_kind::link, true},
    {"object", "data", link_kind::object},
    {"script", "src", link_kind::script},
    {"source", "src", link_kind::source},
    {"source", "srcset", link_kind::source, true},
    {"track", "src", link_kind::track},
    {"video", "poster", link_kind::video},
    {"video", "src", link_kind::video},
}};

/// Takes from the tokens what a crawler wants.
class reader {
public:
    reader(std::string_view utf8, link_set& references, fragment_set* fragments)
        : tokens_(utf8), references_(references), fragments_(fragments) {}

    html_content run() {
        for (html_token token = tokens_.next(); token != html_token::end; token = tokens_.next()) take(token);
        content_.title = std::move(title_).collapsed(longest_title);
        content_.text_length = text_.count();
        content_.simhash = simhash_.finish();
        return std::move(content_);
    }

private:
    void take(html_token token) {
        switch (token) {
            case html_token::text:
                if (in_title_) {
                    title_.append(tokens_.text());
                } else {
                    text_.add(tokens_.text());
                    simhash_.add(tokens_.text());
                }
                break;
            case html_token::start_tag: start_element(tokens_.name()); break;
            case html_token::end_tag:
                if (tokens_.name() == "title") end_title();
                break;
            case html_token::raw_text:
                if (tokens_.name() == "style") references_.add_css(tokens_.text());
                break;
            case html_token::end: break;
        }
    }

    void start_element(std::string_view name) {
        if (name == "title") in_title_ = !have_title_;
        if (tokens_.attributes().empty()) return;
        if (fragments_ != nullptr) read_fragments(name);
        if (name == "html") read_language();
        if (name == "meta") return read_meta();
        if (name == "base") read_base();
        read_references(name);
        references_.add_css(tokens_.attribute("style"));
    }

    void end_title() {
        have_title_ = have_title_ || in_title_;
        in_title_ = false;
    }

    void read_meta() {
        if (same_html_word(tokens_.attribute("name"), "robots") && asks_nofollow(tokens_.attribute("content"))) {
            references_.follow_none();
        }
        if (!same_html_word(tokens_.attribute("http-equiv"), "refresh")) return;
        if (const auto target = refresh_target(tokens_.attribute("content"))) {
            references_.add(*target, link_kind::refresh);
        }
    }

    void read_base() {
        if (!content_.base_href && tokens_.has_attribute("href")) content_.base_href = tokens_.attribute("href");
    }

    /// A language tag; what is longer than any is none.
    void read_language() {
        constexpr std::size_t longest_tag = 64;
        std::string_view tag = tokens_.attribute("lang");
        if (tag.empty()) tag = tokens_.attribute("xml:lang");
        while (!tag.empty() && is_html_space(tag.front())) tag.remove_prefix(1);
        while (!tag.empty() && is_html_space(tag.back())) tag.remove_suffix(1);
        if (content_.language.empty() && tag.size() <= longest_tag) content_.language = tag;
    }

    void read_references(std::string_view name) {
        const auto* found =
            std::find_if(referrers.begin(), referrers.end(), [&](const referrer& r) { return r.element == name; });
        for (; found != referrers.end() && found->element == name; ++found) read_reference(*found);
    }

    void read_reference(const referrer& by) {
        if (by.kind == link_kind::input && !same_html_word(tokens_.attribute("type"), "image")) return;
        const std::string_view value = tokens_.attribute(by.attribute);
        if (by.is_set) {
            for (const std::string_view image : srcset_urls(value)) references_.add(image, by.kind);
            return;
        }
        const bool is_link = by.kind == link_kind::a || by.kind == link_kind::area;
        references_.add(value, by.kind, is_link && asks_nofollow(tokens_.attribute("rel")));
    }

    void read_fragments(std::string_view element) {
        fragments_->add_place(tokens_.attribute("id"));
        if (element == "a") fragments_->add_place(tokens_.attribute("name"));
        if (element == "a" || element == "area") fragments_->add_reference(tokens_.attribute("href"));
    }

    html_tokenizer tokens_;
    link_set& references_;
    fragment_set* fragments_;  // null if nobody asks
    html_content content_;
    text_counter text_;
    text_simhash simhash_;
    text_collector title_;
    bool in_title_ = false;
    bool have_title_ = false;
};

}  // namespace

html_content read_html(std::string_view utf8, link_set& references, fragment_set* fragments) {
    return reader(utf8, references, fragments).run();
}

}  // namespace crawl
