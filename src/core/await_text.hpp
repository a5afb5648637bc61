#pragma once
// Await points in words.

#include <source_location>
#include <string>

namespace braid::detail {

/// `fetch`, `a lambda in fetch`: without return type, parameters and anonymous namespaces.
[[nodiscard]] std::string function_of(const std::source_location& await);

/// `fetch (crawl.cpp:12)`.
[[nodiscard]] std::string text_of(const std::source_location& await);

/// In a coroutine of the library that only stands between two of the user's.
[[nodiscard]] bool is_internal(const std::source_location& await);

}  // namespace braid::detail
