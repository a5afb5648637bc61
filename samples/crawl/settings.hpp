#pragma once
// From the options of the command line to the settings of each stage.

#include <cstdint>
#include <functional>
#include <optional>

#include "archiver.hpp"
#include "fetch.hpp"
#include "frontier.hpp"
#include "json_lines.hpp"
#include "options.hpp"
#include "parse_stage.hpp"
#include "patience.hpp"
#include "robots.hpp"
#include "scope.hpp"
#include "store.hpp"
#include "throttle.hpp"

namespace crawl {

[[nodiscard]] scope scope_of(const options& o);
/// Fetches of one host that there can be at a time.
[[nodiscard]] std::uint32_t most_per_host(const options& o);
[[nodiscard]] frontier_options limits_of(const options& o);
[[nodiscard]] robots_options manners_of(const options& o);
[[nodiscard]] patience_options patience_of(const options& o);
[[nodiscard]] fetch_options fetching_of(const options& o);

/// Nothing if it is not wanted. `changed` hears of the limit of a host.
[[nodiscard]] std::optional<throttle> throttle_of(const options& o,
                                                  std::function<void(const url&, std::uint32_t)> changed);

/// With no parser given, it is the one that finds what the options ask for.
[[nodiscard]] parse_settings parsing_of(const options& o, page_parser with, braid::line_callback heard);

/// The files of results beside the database, if they are wanted. Of a crawl that is gone on with they hold as much as
/// its database knows of.
[[nodiscard]] std::optional<json_lines> lines_of(const options& o, store& known);
[[nodiscard]] std::optional<archiver> archive_of(const options& o, store& known);

}  // namespace crawl
