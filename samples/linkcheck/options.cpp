#include "options.hpp"

#include <crawl/option_groups.hpp>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <stdexcept>

namespace linkcheck {
namespace {

constexpr const char* notes =
    "Exit status: 0 nothing is broken, 1 something is, 2 it could not be found out, or the command line is wrong,\n"
    "130 interrupted (Ctrl-C), 143 ended by SIGTERM. These are not those of crawl.\n"
    "Fragments are looked for in HTML pages of the site; those of other sites are not.\n"
    "Ctrl-C ends what is in flight and tells what was found until then; with --output the same command goes on from\n"
    "there. SIGUSR1 prints the state.";

void add_own_options(CLI::App& app, options& o) {
    app.add_option("URL|FOLDER", o.what, "what to check; a folder is served on loopback meanwhile")->required();
    app.option_defaults()->group("Check");
    app.add_flag("--external", o.external, "also ask for what is on other hosts, without reading it");
    app.option_defaults()->group("Results");
    app.add_flag("--json", o.json, "print JSON instead of a table");
    app.add_option("--junit", o.junit, "also write a report in JUnit's form to this file");
    app.add_option("-o,--output", o.crawling.output, "keep the database, which is that of crawl, in this file");
    app.add_flag("--restart", o.crawling.restart, "start anew, where that file holds a check that is not complete");
    app.option_defaults()->group("Watching");
    app.add_flag("-q,--quiet", o.quiet, "no progress");
}

}  // namespace

std::variant<options, crawl::early_exit> parse_options(int argc, const char* const* argv,
                                                       const crawl::environment_lookup& environment) {
    options o;
    CLI::App app("Finds broken links and fragments (page#place) of a web site, or of a folder of HTML files.",
                 "linkcheck");
    app.footer(notes);
    add_own_options(app, o);
    crawl::add_common_options(app, o.crawling, "Crawling: ");
    o.crawling.output.clear();
    try {
        app.parse(argc, argv);
        o.crawling.proxies = crawl::proxy_settings(environment);
    } catch (const CLI::CallForHelp&) {
        return crawl::early_exit{0, app.help()};
    } catch (const CLI::ParseError& e) {
        return crawl::early_exit{2, fmt::format("linkcheck: {}\nrun linkcheck --help for its options\n", e.what())};
    } catch (const std::invalid_argument& e) {
        return crawl::early_exit{2, fmt::format("linkcheck: {}\n", e.what())};
    }
    o.crawling.fragments = true;
    return o;
}

}  // namespace linkcheck
