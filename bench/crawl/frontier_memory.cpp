// How much memory the frontier takes for millions of URLs, and how fast it is: they are found, most of them twice, then
// fetched, and then put back as by a crawl that goes on.
//
// usage: frontier_memory [URLS]. Prints one JSON line, and fails if that took more memory than is promised: 1 GiB for
// ten million URLs, and in proportion for other numbers.

#include <crawl/frontier.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

namespace {

using clock_type = std::chrono::steady_clock;

std::string url_of(std::uint64_t number) {
    return fmt::format("http://site.example/section-{}/a-page-of-the-usual-length-{}.html", number % 997, number);
}

crawl::link link_to(std::uint64_t number) { return {url_of(number), crawl::link_kind::a, {}, false, false}; }

/// A line of /proc/self/status, in bytes.
std::uint64_t status(std::string_view name) {
    std::ifstream file("/proc/self/status");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(name)) return std::strtoull(line.c_str() + name.size(), nullptr, 10) * 1024;
    }
    return 0;
}

crawl::frontier make() { return {crawl::scope({*crawl::parse_url("http://site.example/")}, {}), {}}; }

constexpr double mib = 1024 * 1024;

/// The exit status, by the most MiB that were taken. What a small program takes anyway is no matter of URLs.
int judge(std::uint64_t urls, double peak) {
    const double most = std::max(64.0, 1024.0 * static_cast<double>(urls) / 10'000'000);
    if (peak <= most) return 0;
    fmt::print(stderr, "{} URLs took {:.0f} MiB, more than the {:.0f} MiB that they may\n", urls, peak, most);
    return 1;
}

double per_second(std::uint64_t count, clock_type::time_point since) {
    return static_cast<double>(count) / std::chrono::duration<double>(clock_type::now() - since).count();
}

}  // namespace

int main(int argc, char** argv) {
    const std::uint64_t urls = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10'000'000;
    if (urls == 0) {
        fmt::print(stderr, "usage: frontier_memory [URLS]\n");
        return 2;
    }
    const std::uint64_t before = status("VmRSS:");
    auto began = clock_type::now();
    double found = 0;
    double again = 0;
    double fetched = 0;
    std::uint64_t waiting = 0;
    std::uint64_t counted = 0;
    {
        crawl::frontier all = make();
        for (std::uint64_t i = 0; i < urls; ++i) all.add(link_to(i), {});
        found = per_second(urls, began);
        waiting = status("VmRSS:") - before;
        counted = all.memory();
        began = clock_type::now();
        for (std::uint64_t i = 0; i < urls; ++i) all.add(link_to(i), {});
        again = per_second(urls, began);
        began = clock_type::now();
        std::uint64_t content = 0;
        while (const auto job = all.next()) {
            (void)all.is_copy(job->target.text(), ++content * 0x9e3779b97f4a7c15U);
            all.done(job->target);
        }
        fetched = per_second(urls, began);
        if (content != urls) {
            fmt::print(stderr, "{} URLs were found, and {} came back to be fetched\n", urls, content);
            return 1;
        }
    }
    crawl::frontier restored = make();
    began = clock_type::now();
    for (std::uint64_t i = 0; i < urls; ++i) {
        restored.restore({i + 1, 1, 0, url_of(i)}, i % 2 == 0 ? crawl::outcome::fetched : crawl::outcome::pending);
    }
    const double put_back = per_second(urls, began);
    const double peak = static_cast<double>(status("VmHWM:")) / mib;
    fmt::print(
        "{{\"urls\": {}, \"bytes_per_url\": {:.1f}, \"accounted_per_url\": {:.1f}, \"peak_mib\": {:.0f}, "
        "\"found_per_s\": {:.0f}, \"found_again_per_s\": {:.0f}, \"fetched_per_s\": {:.0f}, \"restored_per_s\": "
        "{:.0f}}}\n",
        urls, static_cast<double>(waiting) / static_cast<double>(urls),
        static_cast<double>(counted) / static_cast<double>(urls), peak, found, again, fetched, put_back);
    return judge(urls, peak);
}
