#include "srcset.hpp"

#include <cstddef>

#include "text_counter.hpp"

namespace crawl {
namespace {

/// The rest after the descriptors of an image: after the next comma that is not in brackets.
std::string_view after_descriptors(std::string_view text) {
    bool in_brackets = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == ',' && !in_brackets) return text.substr(at + 1);
        if (text[at] == '(') in_brackets = true;
        if (text[at] == ')') in_brackets = false;
    }
    return {};
}

}  // namespace

std::vector<std::string_view> srcset_urls(std::string_view srcset) {
    std::vector<std::string_view> urls;
    for (;;) {
        while (!srcset.empty() && (is_html_space(srcset.front()) || srcset.front() == ',')) srcset.remove_prefix(1);
        if (srcset.empty()) return urls;
        std::size_t end = 0;  // a comma inside belongs to the URL: data: URLs have one
        while (end < srcset.size() && !is_html_space(srcset[end])) ++end;
        std::string_view url = srcset.substr(0, end);
        srcset.remove_prefix(end);
        const bool has_descriptors = !url.ends_with(',');
        while (url.ends_with(',')) url.remove_suffix(1);
        urls.push_back(url);
        if (has_descriptors) srcset = after_descriptors(srcset);
    }
}

}  // namespace crawl
