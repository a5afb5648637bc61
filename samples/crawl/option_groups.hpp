#pragma once
// The part of the command line that programs on the crawler's parts share.

#include <CLI/CLI.hpp>
#include <string>

#include "options.hpp"

namespace crawl {

/// Adds the options that say how to fetch, what belongs to the site, and how carefully, in groups whose names begin
/// with `prefix`. `o` must outlive the parsing.
void add_common_options(CLI::App& app, options& o, const std::string& prefix = {});

}  // namespace crawl
