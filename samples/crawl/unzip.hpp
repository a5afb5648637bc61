#pragma once
// zlib's two formats on the web.

#include <memory>

#include "unpacker.hpp"

namespace crawl {

[[nodiscard]] std::unique_ptr<unpacker> make_gzip_unpacker();
[[nodiscard]] std::unique_ptr<unpacker> make_deflate_unpacker();

}  // namespace crawl
