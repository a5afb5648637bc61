#include "options.hpp"

#include <crawl/option_groups.hpp>
#include <fmt/format.h>

#include <CLI/CLI.hpp>

namespace linkcheck {
namespace {

constexpr const char* exit_status =
    "Exit status: 0 nothing is broken, 1 something is, 2 it could not be found out.\n"
    "Fragments are looked for in HTML pages of the site; those of other sites are not.";

}  // namespace

std::variant<options, crawl::early_exit> parse_options(int argc, const char* const* argv) {
    options o;
    CLI::App app("Finds broken links and fragments (page#place) of a web site, or of a folder of HTML files.",
                 "linkcheck");
    app.footer(exit_status);
    app.add_option("URL|FOLDER", o.what, "what to check; a folder is served on loopback meanwhile")->required();
    app.add_flag("--external", o.external, "also ask for what is on other hosts, without reading it");
    app.add_flag("--json", o.json, "print JSON instead of a table");
    app.add_option("--junit", o.junit, "also write a report in JUnit's form to this file");
    app.add_option("-o,--output", o.crawling.output, "keep the database, which is that of crawl, in this file");
    app.add_flag("-q,--quiet", o.quiet, "no progress");
    crawl::add_common_options(app, o.crawling);
    o.crawling.output.clear();
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        return crawl::early_exit{0, app.help()};
    } catch (const CLI::ParseError& e) {
        return crawl::early_exit{2, fmt::format("linkcheck: {}\nrun linkcheck --help for its options\n", e.what())};
    }
    o.crawling.fragments = true;
    o.crawling.restart = true;
    return o;
}

}  // namespace linkcheck
