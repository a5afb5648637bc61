#pragma once
// The SQL of the store. README.md describes every table, view and column for those who query it.

#include <cstdint>
#include <string>

#include "sqlite.hpp"

namespace crawl::schema {

/// Marks a database as a crawl's ("brdc").
inline constexpr std::int64_t application_id = 0x62726463;

/// To be raised with every change of a table, or of what is in link_kinds: an incomplete crawl of another version is
/// not gone on with. It is the file's `user_version`; the first version had none.
inline constexpr std::int64_t version = 5;

/// Removes whatever an earlier crawl, of any version, left. Throws: store_error.
void drop_all(database& db);

/// Creates the tables and views.
[[nodiscard]] std::string create();

/// The part of it that creates the views.
[[nodiscard]] std::string create_views();

}  // namespace crawl::schema
