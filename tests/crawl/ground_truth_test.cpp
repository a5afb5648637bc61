#include <crawl/frontier.hpp>
#include <crawl/parse.hpp>
#include <serve/files.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <variant>

#include "corpus.hpp"

namespace {

struct crawled {
    std::set<std::string> ok;
    std::set<std::string> broken;
    int html_pages = 0;
};

/// Crawls a folder without a network: frontier, the server's file lookup, parser.
crawled crawl_folder(const std::filesystem::path& folder) {
    const serve::file_root root(folder);
    const auto seed = *crawl::parse_url("http://site/");
    crawl::frontier frontier(crawl::scope({seed}, {}), {});
    frontier.add(seed, {});
    crawled result;
    while (const auto job = frontier.next()) {
        const std::string target(job->target.target());
        const auto found = root.find(target);
        if (const auto* file = std::get_if<serve::found_file>(&found)) {
            result.ok.insert(target);
            if (file->content_type == "text/html") ++result.html_pages;
            const auto page = parse_page(crawl::document{std::string(job->target.text()),
                                                         std::string(file->content_type), read_file(file->path)});
            for (const auto& link : page.links) frontier.add(link, {.depth = job->depth + 1});
        } else if (const auto* moved = std::get_if<serve::redirect>(&found)) {
            frontier.add(*resolve(job->target, moved->location), {.depth = job->depth});
        } else {
            result.broken.insert(target);
        }
        frontier.done(job->target);
    }
    return result;
}

void check_equal(const std::set<std::string>& ours, const std::set<std::string>& truth) {
    std::vector<std::string> extra;
    std::vector<std::string> missing;
    std::set_difference(ours.begin(), ours.end(), truth.begin(), truth.end(), std::back_inserter(extra));
    std::set_difference(truth.begin(), truth.end(), ours.begin(), ours.end(), std::back_inserter(missing));
    for (const auto& path : extra) FAIL_CHECK("not in the ground truth: ", path);
    for (const auto& path : missing) FAIL_CHECK("missing: ", path);
}

}  // namespace

TEST_SUITE("crawl/ground_truth") {
    TEST_CASE("python3.11-doc gives the paths that an independent crawler found") {
        const auto folder = corpus("python3.11/html");
        if (!folder) {
            MESSAGE("skipped: python3.11-doc is not unpacked in BRAID_CORPUS_DIR");
            return;
        }
        const crawled result = crawl_folder(*folder);
        check_equal(result.ok, data_lines("python3.11-doc.ok.txt"));
        check_equal(result.broken, data_lines("python3.11-doc.broken.txt"));
        CHECK(result.html_pages >= 526);
    }

    TEST_CASE("sqlite3-doc gives the paths that an independent crawler found, a backslash read as a slash") {
        const auto folder = corpus("sqlite3");
        if (!folder) {
            MESSAGE("skipped: sqlite3-doc is not unpacked in BRAID_CORPUS_DIR");
            return;
        }
        const crawled result = crawl_folder(*folder);
        check_equal(result.ok, data_lines("sqlite3-doc.ok.txt"));
        auto broken = data_lines("sqlite3-doc.broken.txt");
        broken.erase("/%5C");  // a browser, and so this crawler, goes to the root
        check_equal(result.broken, broken);
    }
}
