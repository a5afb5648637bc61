#pragma once
// The SQL of the store; its columns are described in store.hpp.

#include <cstdint>
#include <string>

namespace crawl::schema {

/// Marks a database as a crawl's ("brdc").
inline constexpr std::int64_t application_id = 0x62726463;

/// Removes the tables of an earlier crawl.
extern const char* const drop;

/// Creates the tables and views.
[[nodiscard]] std::string create();

}  // namespace crawl::schema
