#pragma once
// Text for JSON, which is UTF-8: what comes from the network may be anything.

#include <boost/json/storage_ptr.hpp>
#include <boost/json/string.hpp>
#include <string_view>

namespace crawl {

[[nodiscard]] boost::json::string json_text(std::string_view text, const boost::json::storage_ptr& memory = {});

}  // namespace crawl
