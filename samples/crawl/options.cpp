#include "options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <stdexcept>

#include "option_groups.hpp"

namespace crawl {
namespace {

constexpr const char* notes =
    "Exit status: 0 complete, whatever was found, 1 it could not be done, 2 the command line is wrong, 8 with\n"
    "--fail-on-broken something is broken, 130 interrupted (Ctrl-C), 143 ended by SIGTERM.\n"
    "Ctrl-C ends what is in flight. The same command goes on with a crawl that was stopped or killed. SIGUSR1 prints\n"
    "the state.";

url parse_seed(const std::string& text) {
    const auto parsed = parse_url(text);
    if (parsed) return *parsed;
    std::string message = parsed.error().message;
    if (const std::string meant = url_that_was_meant(text); !meant.empty()) {
        message = fmt::format("\"{}\" is not a URL to start from; did you mean {} ?", text, meant);
    }
    throw CLI::ValidationError("URL", message);
}

std::pair<std::string, std::string> parse_header(const std::string& text) {
    const std::size_t colon = text.find(':');
    const std::string name = text.substr(0, colon);
    constexpr std::string_view separators = " \t\r\n\"(),/:;<=>?@[\\]{}";
    if (colon == std::string::npos || name.empty() || name.find_first_of(separators) != std::string::npos) {
        throw CLI::ValidationError("--header", fmt::format("\"{}\" is not of the form \"Name: value\"", text));
    }
    const std::size_t start = std::min(text.find_first_not_of(" \t", colon + 1), text.size());
    const std::string value = text.substr(start);
    const auto is_control = [](char c) { return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f'; };
    if (std::any_of(value.begin(), value.end(), is_control)) {
        throw CLI::ValidationError("--header", fmt::format("the value of {} has a control character", name));
    }
    return {name, value};
}

/// Adds an option whose text `parse` turns into its value.
template <class T, class Parse>
CLI::Option* add_parsed(CLI::App& app, const std::string& name, T& value, Parse parse, const std::string& help) {
    const auto set = [name, &value, parse](const std::string& text) {
        try {
            value = parse(text);
        } catch (const std::invalid_argument& e) {
            throw CLI::ValidationError(name, e.what());
        }
    };
    return app.add_option_function<std::string>(name, set, help);
}

void add_output(CLI::App& app, options& o) {
    app.option_defaults()->group("Results");
    app.add_option("-o,--output", o.output, "SQLite file for the results (crawl.db)");
    app.add_flag("--restart", o.restart, "start anew, where the file holds a crawl that is not complete");
    app.add_flag("--refresh", o.refresh,
                 "where the file holds a crawl that is complete: ask servers only for what has changed since");
}

void add_watching(CLI::App& app, options& o) {
    app.option_defaults()->group("Watching");
    auto* const quiet = app.add_flag("-q,--quiet", o.quiet, "no progress, only errors and the summary");
    app.add_flag("--json-progress", o.json_progress,
                 "progress for programs: a JSON object on a line of standard error every second, and at the end")
        ->excludes(quiet);
}

void add_results(CLI::App& app, options& o) {
    app.add_option("--jsonl", o.jsonl, "also write results as JSON Lines: an object for each URL, with its links");
    app.add_option("--warc", o.warc,
                   "also write requests and responses to a WARC 1.1 file, compressed if its name ends in .gz");
    app.add_option("--report", o.report, "also write a self-contained HTML page that shows the results");
    app.add_flag("--fragments", o.fragments, "also find links to places that their page does not have (page#place)");
    app.add_flag("--fail-on-broken", o.fail_on_broken, "exit with 8 if there are broken links or fragments");
}

void add_limits(CLI::App& app, options& o, const std::string& prefix) {
    app.option_defaults()->group(prefix + "Limits");
    const CLI::Range at_least_one(1U, 100'000U, "a number from 1 to 100000");
    app.add_option("-c,--concurrency", o.concurrency, "fetches at a time, in all (64)")->check(at_least_one);
    app.add_option("--per-host", o.per_host, "fetches at a time from one host and port (32)")->check(at_least_one);
    app.add_option("-w,--workers", o.workers,
                   "worker processes that parse (one more than CPUs); 0: parse in the crawler itself, "
                   "without sandbox and limits: a page that crashes the parser ends the crawl")
        ->check(CLI::Range(0U, 1024U, "a number from 0 to 1024"));
    app.add_option("-d,--depth", o.max_depth, "how many links to go from a start URL (no limit)");
    app.add_option("--max-pages", o.max_pages, "how many URLs to fetch (no limit)")
        ->check(CLI::Range(std::uint64_t{1}, UINT64_MAX, "a number above zero"));
    add_parsed(app, "--max-body", o.max_body, parse_size, "largest body, in decoded bytes, such as 10M (64M)");
    app.add_option("--max-redirects", o.max_redirects, "how many redirects to follow in a row (10)");
}

void add_deadlines(CLI::App& app, options& o, const std::string& prefix) {
    app.option_defaults()->group(prefix + "Deadlines");
    add_parsed(app, "--connect-timeout", o.connect_timeout, parse_duration, "to connect, such as 500ms or 10s (10s)");
    add_parsed(app, "--first-byte-timeout", o.first_byte_timeout, parse_duration, "until a response begins (30s)");
    add_parsed(app, "--idle-timeout", o.idle_timeout, parse_duration, "from one piece of a body to the next (20s)");
    add_parsed(app, "--timeout", o.total_timeout, parse_duration, "for a whole fetch (2m)");
    add_parsed(app, "--parse-timeout", o.parse_timeout, parse_duration, "to parse one page (30s)");
}

void add_scope(CLI::App& app, options& o, const std::string& prefix) {
    app.option_defaults()->group(prefix + "Scope");
    app.add_option("--include-hosts", o.include_hosts,
                   "further hosts to crawl: host, host:port or *.domain, commas between")
        ->delimiter(',');
    app.add_flag("--all-hosts", o.all_hosts, "follow links to any host");
}

void add_manners(CLI::App& app, options& o, const std::string& prefix) {
    app.option_defaults()->group(prefix + "Politeness");
    app.add_flag("--ignore-robots", o.ignore_robots,
                 "fetch what robots.txt, robots <meta> and nofollow ask crawlers to leave alone");
    add_parsed(app, "--delay", o.delay, parse_duration, "between two fetches from one host (none)");
    add_parsed(app, "--max-crawl-delay", o.longest_crawl_delay, parse_duration,
               "longest delay that a robots.txt can ask for (30s)");
    app.add_flag_callback(
        "--no-throttle", [&o] { o.throttle = false; },
        "as many fetches at a time from a host that answers more slowly, or by 429 or 503, as from others");
    app.add_option("--retries", o.retries, "further attempts at what fails in passing (2)")
        ->check(CLI::Range(0U, 100U, "a number from 0 to 100"));
    add_parsed(app, "--retry-delay", o.retry_delay, parse_duration, "longest first pause before a retry (500ms)");
    add_parsed(app, "--max-retry-after", o.longest_retry_after, parse_duration,
               "longest pause that a server can ask for by Retry-After (1m)");
}

void add_traps(CLI::App& app, options& o, const std::string& prefix) {
    app.option_defaults()->group(prefix + "Traps");
    app.add_option("--max-url-length", o.traps.length, "characters of a URL; longer ones are taken for traps (2048)");
    app.add_option("--max-segments", o.traps.segments, "segments of a path (32)");
    app.add_option("--max-same-segment", o.traps.same_segment,
                   "times that one segment may occur in a path, one parameter in a query (4)");
    app.add_option("--max-parameters", o.traps.parameters, "parameters of a query (64)");
    app.add_option("--max-years-ahead", o.traps.years_ahead, "years that a date in a URL may be ahead (10)")
        ->check(CLI::Range(0U, 9999U, "a number from 0 to 9999"));
    app.add_option("--max-years-back", o.traps.years_back, "years that a date in a URL may be past (100)")
        ->check(CLI::Range(0U, 9999U, "a number from 0 to 9999"));
    app.add_option("--max-queries", o.traps.queries_of_path, "URLs that differ in their query alone (10000)");
    app.add_option("--max-copies", o.traps.copies,
                   "pages of a host with the same content, byte for byte, whose links are followed (100)");
    app.add_option("--max-per-host", o.traps.urls_of_host, "URLs of one host and port (no limit)");
}

void add_priority(CLI::App& app, options& o, const std::string& prefix) {
    app.option_defaults()->group(prefix + "Order");
    app.add_option("--first", o.priority.first,
                   "fetch what matches before the rest of its host: URLs, with * for anything, such as */blog/*")
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_option("--last", o.priority.last, "fetch what matches after the rest of its host")
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_safety(CLI::App& app, options& o, const std::string& prefix) {
    app.option_defaults()->group(prefix + "Safety");
    app.add_flag("--allow-private", o.allow_private,
                 "also talk to private, loopback and link-local addresses, and the metadata services of clouds");
    app.add_option("--ca-file", o.ca_file, "PEM file of certificates to trust beside those of the system")
        ->check(CLI::ExistingFile);
    app.add_flag("--insecure", o.insecure, "do not verify certificates: anybody may answer in the place of a server");
    add_parsed(app, "--parse-memory", o.parse_memory, parse_size, "address space of a worker that parses (2G)");
    add_parsed(app, "--parse-cpu", o.parse_cpu, parse_duration, "CPU time to parse one page (10s)");
    app.add_flag_callback(
        "--no-sandbox", [&o] { o.sandbox = false; },
        "let workers that parse open files and sockets; else a filter of system calls keeps them from it, where the "
        "kernel has that");
}

void add_request(CLI::App& app, options& o, const std::string& prefix) {
    app.option_defaults()->group(prefix + "Network");
    const auto set_user_agent = [&o](const std::string& name) {
        if (name.find_first_of("\r\n") != std::string::npos) {
            throw CLI::ValidationError("--user-agent", "it has a line break");
        }
        o.user_agent = name;
    };
    const auto add_headers = [&o](const std::vector<std::string>& headers) {
        for (const std::string& text : headers) o.headers.push_back(parse_header(text));
    };
    app.add_option_function<std::string>("-A,--user-agent", set_user_agent,
                                         "how the crawler names itself (braid-crawl)");
    app.add_option_function<std::vector<std::string>>(
           "-H,--header", add_headers,
           "\"Name: value\", sent with every request, but Authorization and Cookie to the start hosts only; may be "
           "repeated")
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_option("--user", o.user, "NAME:PASSWORD for the hosts of the start URLs, told to no other")
        ->check([](const std::string& text) {
            return text.find(':') != std::string::npos ? "" : "it is not of the form NAME:PASSWORD";
        });
    app.add_flag("--cookies", o.cookies,
                 "keep the cookies that servers set until the crawl is complete, and send them");
    app.add_flag_callback(
        "--no-sitemaps", [&o] { o.sitemaps = false; }, "do not read the sitemaps that a robots.txt names");
}

}  // namespace

void add_common_options(CLI::App& app, options& o, const std::string& prefix) {
    add_limits(app, o, prefix);
    add_deadlines(app, o, prefix);
    add_scope(app, o, prefix);
    add_manners(app, o, prefix);
    add_traps(app, o, prefix);
    add_priority(app, o, prefix);
    add_safety(app, o, prefix);
    add_request(app, o, prefix);
}

std::variant<options, early_exit> parse_options(int argc, const char* const* argv,
                                                const environment_lookup& environment) {
    options o;
    std::vector<std::string> seeds;
    CLI::App app("Crawls web sites: fetches with coroutines, parses in worker processes.", "crawl");
    app.footer(notes);
    app.add_option("URL", seeds, "where to start")->required();
    add_output(app, o);
    add_results(app, o);
    add_watching(app, o);
    add_common_options(app, o);
    try {
        app.parse(argc, argv);
        for (const std::string& text : seeds) {
            o.seeds.push_back(parse_seed(text));
            if (std::string user = userinfo_of(text); !user.empty())
                o.users.emplace_back(o.seeds.back(), std::move(user));
        }
        o.proxies = proxy_settings(environment);
    } catch (const CLI::CallForHelp&) {
        return early_exit{0, app.help()};
    } catch (const CLI::ParseError& e) {
        return early_exit{2, fmt::format("crawl: {}\nrun crawl --help for its options\n", e.what())};
    } catch (const std::invalid_argument& e) {
        return early_exit{2, fmt::format("crawl: {}\n", e.what())};
    }
    return o;
}

std::string url_that_was_meant(const std::string& text) {
    // `localhost:8000` is a URL of scheme "localhost" by the rules, and not what is meant.
    const std::string meant = "http://" + text;
    return text.find("://") == std::string::npos && parse_url(meant) ? meant : std::string();
}

std::string what_is_crawled(const options& o) {
    std::string text;
    for (const url& seed : o.seeds) text += fmt::format("start {}\n", seed.text());
    text += fmt::format("hosts {}{}\n", fmt::join(o.include_hosts, ","), o.all_hosts ? " and all others" : "");
    text +=
        fmt::format("depth {} pages {} redirects {} body {}\n", o.max_depth, o.max_pages, o.max_redirects, o.max_body);
    text += fmt::format("robots {}\n", o.ignore_robots ? "ignored" : "obeyed");
    if (!o.sitemaps) text += "sitemaps ignored\n";
    text += fmt::format("length {} segments {} same {} parameters {} years {} queries {} copies {} host {}\n",
                        o.traps.length, o.traps.segments, o.traps.same_segment, o.traps.parameters, o.traps.years_ahead,
                        o.traps.queries_of_path, o.traps.copies, o.traps.urls_of_host);
    if (o.traps.years_back != trap_limits().years_back) text += fmt::format("years back {}\n", o.traps.years_back);
    if (!o.priority.first.empty()) text += fmt::format("first {}\n", fmt::join(o.priority.first, " "));
    if (!o.priority.last.empty()) text += fmt::format("last {}\n", fmt::join(o.priority.last, " "));
    if (o.fragments) text += "fragments\n";
    if (!o.jsonl.empty()) text += fmt::format("lines {}\n", o.jsonl.string());
    if (!o.warc.empty()) text += fmt::format("warc {}\n", o.warc.string());
    return text;
}

}  // namespace crawl
