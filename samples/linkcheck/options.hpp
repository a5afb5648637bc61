#pragma once
// The command line.

#include <crawl/options.hpp>

#include <filesystem>
#include <string>
#include <variant>

namespace linkcheck {

struct options {
    std::string what;             ///< a URL or a folder
    crawl::options crawling;      ///< how the site is read
    bool external = false;        ///< also asks for what is elsewhere
    bool json = false;            ///< prints JSON instead of a table
    std::filesystem::path junit;  ///< a report in JUnit's form; empty: none
    bool quiet = false;           ///< no progress
};

/// As `crawl::parse_options`.
[[nodiscard]] std::variant<options, crawl::early_exit> parse_options(int argc, const char* const* argv,
                                                                     const crawl::environment_lookup& environment = {});

}  // namespace linkcheck
