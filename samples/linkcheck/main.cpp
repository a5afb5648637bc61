// linkcheck: finds broken links and fragments of a site or a folder.

#include <braid/app/run.hpp>

#include <crawl/console.hpp>
#include <crawl/long_run.hpp>
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <span>
#include <stdexcept>
#include <variant>

#include "check.hpp"
#include "options.hpp"
#include "reports.hpp"

namespace {

enum status : int { nothing_broken = 0, something_broken = 1, not_done = 2 };

void write_file(const std::filesystem::path& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text << std::flush;
    if (!file) throw std::runtime_error(fmt::format("cannot write {}: {}", path.string(), std::strerror(errno)));
}

/// What the program is to return.
int report(const linkcheck::findings& all, const linkcheck::options& wanted) {
    if (!wanted.junit.empty()) write_file(wanted.junit, format_junit(all));
    fmt::print("{}", wanted.json ? format_json(all) : format_table(all));
    std::fflush(stdout);
    if (!all.broken.empty()) return something_broken;
    return all.incomplete() ? not_done : nothing_broken;
}

braid::task<> check_and_report(linkcheck::checker& running, const crawl::long_run& run, crawl::console& screen,
                               const linkcheck::options& wanted, int& code) {
    co_await crawl::show_meanwhile(running.run(), run, screen);
    screen.finish(running.now(), running.result().interrupted);
    code = report(running.result(), wanted);
}

braid::task<int> check_by(const linkcheck::options& wanted) {
    crawl::console screen(wanted.quiet ? crawl::watching::nothing : crawl::watching::lines);
    linkcheck::checker running(wanted, screen);
    const crawl::long_run run{.now = [&running] { return running.now(); },
                              .state = [&running](const crawl::progress& at) { return running.state(at); },
                              .stop = [&running] { running.stop(); }};
    int code = nothing_broken;
    co_await crawl::see_through(check_and_report(running, run, screen, wanted, code), run, screen);
    co_return code;
}

braid::task<int> check_links(std::span<char*> args) {
    const auto parsed = linkcheck::parse_options(static_cast<int>(args.size()), args.data(),
                                                 [](const char* name) { return std::getenv(name); });
    if (const auto* exit = std::get_if<crawl::early_exit>(&parsed)) {
        fmt::print(exit->code == 0 ? stdout : stderr, "{}", exit->text);
        co_return exit->code;
    }
    try {
        co_return co_await check_by(std::get<linkcheck::options>(parsed));
    } catch (const std::exception& e) {
        fmt::print(stderr, "linkcheck: {}\n", e.what());
    }
    co_return not_done;
}

}  // namespace

int main(int argc, char** argv) { return braid::run(argc, argv, check_links); }
