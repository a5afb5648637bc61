#include "fragments.hpp"

#include <utility>

#include "link_set.hpp"
#include "url_text.hpp"
#include "utf8.hpp"

namespace crawl {
namespace {

bool is_top(std::string_view fragment) {
    constexpr std::string_view top = "top";
    if (fragment.size() != top.size()) return false;
    for (std::size_t i = 0; i < top.size(); ++i) {
        if ((fragment[i] | 0x20) != top[i]) return false;
    }
    return true;
}

}  // namespace

std::optional<std::string> fragment_to_find(std::string_view fragment) {
    fragment = fragment.substr(0, fragment.find(":~:"));
    if (fragment.empty() || fragment.front() == '/' || fragment.front() == '!') return std::nullopt;
    if (is_top(decoded_fragment(fragment))) return std::nullopt;
    return std::string(fragment);
}

std::string decoded_fragment(std::string_view fragment) { return repair_utf8(url_text::percent_decode(fragment)); }

bool fragment_set::has_room(kept& in, std::size_t size) noexcept {
    if (in.count == most || size > most_bytes - in.bytes) {
        left_out_ = true;
        return false;
    }
    ++in.count;
    in.bytes += size;
    return true;
}

void fragment_set::add_place(std::string_view name) {
    if (name.empty() || places_.contains(name)) return;
    if (has_room(kept_places_, name.size())) places_.emplace(name);
}

void fragment_set::add_reference(std::string_view href) {
    if (href.find('#') == std::string_view::npos) return;
    const std::string stripped = url_text::strip(href);
    const std::string_view all = stripped;
    const std::size_t mark = all.find('#');
    auto fragment = fragment_to_find(all.substr(mark + 1));
    if (!fragment) return;
    const std::string_view document = all.substr(0, mark);
    auto found = references_.find(document);
    if (found != references_.end() && found->second.contains(*fragment)) return;
    if (!has_room(kept_references_, document.size() + fragment->size())) return;
    if (found == references_.end()) found = references_.emplace(document, words()).first;
    found->second.insert(std::move(*fragment));
}

std::vector<linked_fragments> fragment_set::resolve_all(const url& base, std::string_view encoding) {
    std::map<std::string, words> resolved;
    kept documents;  // relative references are short, and what they mean may be long
    for (const auto& [document, fragments] : references_) {
        const auto target = resolve_in(encoding, base, document);
        if (!target || !has_room(documents, target->text().size())) continue;
        resolved[std::string(target->text())].insert(fragments.begin(), fragments.end());
    }
    std::vector<linked_fragments> all;
    for (auto& [document, fragments] : resolved) {
        all.push_back({document, {fragments.begin(), fragments.end()}});
    }
    return all;
}

}  // namespace crawl
