#include "process/text_tail.hpp"

#include <algorithm>

namespace braid::process_detail {

void text_tail::append(std::string_view text) {
    if (text.size() > most_bytes) {
        text.remove_prefix(text.size() - most_bytes);
        kept_.clear();
        forgot_ = true;
    }
    kept_.append(text);
    if (kept_.size() <= 2 * most_bytes) return;
    kept_.erase(0, kept_.size() - most_bytes);
    forgot_ = true;
}

std::vector<std::string> text_tail::lines() const {
    std::string_view rest = kept_;
    bool beginning_is_missing = forgot_;
    if (rest.size() > most_bytes) {
        rest.remove_prefix(rest.size() - most_bytes);
        beginning_is_missing = true;
    }
    std::vector<std::string> found;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        found.emplace_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (beginning_is_missing && !found.empty()) {
        if (found.size() == 1) {
            found.front().insert(0, "...");
        } else {
            found.erase(found.begin());
        }
    }
    if (found.size() > most_lines) {
        found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(most_lines));
    }
    return found;
}

}  // namespace braid::process_detail
