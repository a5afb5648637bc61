#pragma once
// What a server says of a response so that it can be asked later whether it still holds.

#include <string>

namespace crawl {

/// Header values, as they came; empty if they did not.
struct validators {
    std::string etag;
    std::string last_modified;
};

}  // namespace crawl
