// linkcheck: finds broken links and fragments of a site or a folder.

#include <braid/app/run.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
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

braid::task<int> check_and_report(const linkcheck::options& wanted) {
    const linkcheck::findings all = co_await linkcheck::check(wanted);
    if (!wanted.junit.empty()) write_file(wanted.junit, format_junit(all));
    fmt::print("{}", wanted.json ? format_json(all) : format_table(all));
    std::fflush(stdout);
    co_return all.broken.empty() ? nothing_broken : something_broken;
}

braid::task<int> check_links(std::span<char*> args) {
    const auto parsed = linkcheck::parse_options(static_cast<int>(args.size()), args.data());
    if (const auto* exit = std::get_if<crawl::early_exit>(&parsed)) {
        fmt::print(exit->code == 0 ? stdout : stderr, "{}", exit->text);
        co_return exit->code;
    }
    try {
        co_return co_await check_and_report(std::get<linkcheck::options>(parsed));
    } catch (const std::exception& e) {
        fmt::print(stderr, "linkcheck: {}\n", e.what());
    }
    co_return not_done;
}

}  // namespace

int main(int argc, char** argv) { return braid::run(argc, argv, check_links); }
