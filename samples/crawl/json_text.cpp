#include "json_text.hpp"

#include <string>

#include "utf8.hpp"

namespace crawl {

boost::json::string json_text(std::string_view text, const boost::json::storage_ptr& memory) {
    const std::string repaired = is_valid_utf8(text) ? std::string() : repair_utf8(text);
    const std::string_view valid = repaired.empty() ? text : repaired;
    return {boost::json::string_view(valid.data(), valid.size()), memory};
}

}  // namespace crawl
