// Compares the crawler's URLs with a browser's, for every line of a file that url_pairs.mjs wrote.
//
// usage: crawl_url_pairs FILE

#include <fmt/format.h>

#include <exception>

#include "url_cases.hpp"

int main(int argc, char** argv) {
    if (argc != 2) {
        fmt::print(stderr, "usage: crawl_url_pairs FILE\n");
        return 2;
    }
    try {
        std::uint64_t all = 0;
        std::uint64_t equal = 0;
        each_url_case(argv[1], [&](const url_case& c) {
            ++all;
            const std::string ours = outcome_of(c);
            if (ours == c.expected) {
                ++equal;
            } else {
                fmt::print("base     {}\nhref     {}\nbrowser  {}\ncrawler  {}\n\n", c.base.value_or("none"), c.href,
                           c.expected, ours);
            }
        });
        fmt::print("{} of {} agree\n", equal, all);
        return equal == all ? 0 : 1;
    } catch (const std::exception& e) {
        fmt::print(stderr, "error: {}\n", e.what());
        return 2;
    }
}
