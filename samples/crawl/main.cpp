// crawl: fetches a site with coroutines and parses its pages in worker processes.

#include <braid/app/run.hpp>
#include <braid/core/this_executor.hpp>

#include <fmt/format.h>
#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <variant>

#include "console.hpp"
#include "crawler.hpp"
#include "html_report.hpp"
#include "long_run.hpp"
#include "options.hpp"
#include "report.hpp"

namespace {

using crawl::crawler;

crawl::watching watching_of(const crawl::options& options) {
    if (options.quiet) return crawl::watching::nothing;
    return options.json_progress ? crawl::watching::json : crawl::watching::lines;
}

// As wget has it for answers that are errors; README.md lists the others.
constexpr int status_of_broken_links = 8;

/// What the program is to return.
int report(const crawler& done, bool fail_on_broken) {
    fmt::print("{}", crawl::format_summary(done.result()));
    std::fflush(stdout);
    const std::string failure = done.total_failure();
    if (!failure.empty()) {
        fmt::print(stderr, "error: {}\n", failure);
        return 1;
    }
    return fail_on_broken && done.result().broken.count > 0 ? status_of_broken_links : 0;
}

/// All that a crawl is for comes before it counts as complete.
braid::task<> crawl_and_tell(crawler& running, const crawl::long_run& run, crawl::console& screen,
                             const crawl::options& options, int& code) {
    co_await crawl::show_meanwhile(running.collect(), run, screen);
    screen.finish(running.now(), running.result().interrupted);
    code = report(running, options.fail_on_broken);
    if (!options.report.empty()) crawl::write_html_report(options.output, options.report);
    co_await running.complete();
}

braid::task<int> crawl_and_report(const crawl::options& options) {
    crawl::console screen(watching_of(options));
    crawler running(co_await braid::this_executor(), options, nullptr,
                    [&screen](const braid::worker_line& line) { screen.print(line); });
    const crawl::long_run run{
        .now = [&running] { return running.now(); },
        .state = [&running](const crawl::progress& at) { return crawl::format_state(at, running.result()); },
        .stop = [&running] { running.stop(); }};
    int code = 0;
    co_await crawl::see_through(crawl_and_tell(running, run, screen, options, code), run, screen);
    co_return code;
}

braid::task<int> crawl_sites(std::span<char*> args) {
    const auto parsed = crawl::parse_options(static_cast<int>(args.size()), args.data(),
                                             [](const char* name) { return std::getenv(name); });
    if (const auto* exit = std::get_if<crawl::early_exit>(&parsed)) {
        fmt::print(exit->code == 0 ? stdout : stderr, "{}", exit->text);
        co_return exit->code;
    }
    co_return co_await crawl_and_report(std::get<crawl::options>(parsed));
}

/// Bodies of some 100 KiB, and calls that carry them, come and go all the time, here and in the workers. By default
/// glibc gives their memory back to the kernel each time, and then every page of the next one is a fault.
void keep_freed_memory() {
    constexpr int mebibyte = 1024 * 1024;
    mallopt(M_MMAP_THRESHOLD, 4 * mebibyte);
    mallopt(M_TRIM_THRESHOLD, 32 * mebibyte);
}

}  // namespace

int main(int argc, char** argv) {
    keep_freed_memory();  // before workers start to be workers
    return braid::run(argc, argv, crawl_sites);
}
