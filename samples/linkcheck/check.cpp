#include "check.hpp"

#include <braid/core/task_group.hpp>
#include <braid/core/this_executor.hpp>
#include <crawl/console.hpp>
#include <crawl/crawler.hpp>
#include <fmt/format.h>
#include <serve/server.hpp>
#include <unistd.h>

#include <functional>
#include <optional>
#include <stdexcept>
#include <utility>

#include "external.hpp"
#include "folder.hpp"

namespace linkcheck {
namespace {

namespace fs = std::filesystem;

/// Where the database is while nobody wants to keep it.
class scratch_folder {
public:
    scratch_folder() {
        std::string name = (fs::temp_directory_path() / "linkcheck_XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error(fmt::format("cannot make a folder in {}", fs::temp_directory_path().string()));
        }
        path_ = name;
    }
    scratch_folder(const scratch_folder&) = delete;
    scratch_folder& operator=(const scratch_folder&) = delete;
    ~scratch_folder() {
        std::error_code nothing_to_be_done;
        fs::remove_all(path_, nothing_to_be_done);
    }
    [[nodiscard]] const fs::path& path() const noexcept { return path_; }

private:
    fs::path path_;
};

braid::task<> crawl_with_progress(crawl::crawler& running, crawl::console& screen) {
    co_await braid::with_task_group([&](braid::task_group& group) -> braid::task<> {
        group.start(&crawl::console::show, &screen, [&running] { return running.now(); });
        co_await running.run();
        group.cancel();
    });
}

braid::task<> crawl_site(const crawl::options& how, bool quiet) {
    crawl::console screen(quiet ? crawl::watching::nothing : crawl::watching::lines);
    crawl::crawler running(co_await braid::this_executor(), how, nullptr,
                           [&screen](const braid::worker_line& line) { screen.print(line); });
    co_await crawl_with_progress(running, screen);
    screen.finish(running.now(), false);
    if (const std::string failure = running.total_failure(); !failure.empty()) throw std::runtime_error(failure);
}

/// Serves the folder while it is crawled. Gives the URL at which that was.
braid::task<std::string> crawl_folder(crawl::options how, fs::path folder, bool quiet) {
    serve::server_options where;
    where.root = folder;
    where.port = 0;
    serve::server server(co_await braid::this_executor(), std::move(where));
    how.seeds = pages_in(folder, server.url());
    if (how.seeds.empty()) throw std::runtime_error(fmt::format("there is no HTML file in {}", folder.string()));
    how.allow_private = true;  // where the server is; no other host is asked
    how.ignore_robots = true;
    co_await braid::with_task_group([&](braid::task_group& around) -> braid::task<> {
        around.start(&serve::server::run, &server);
        co_await crawl_site(how, quiet);
        around.cancel();
    });
    co_return server.url();
}

crawl::url parse_site(const std::string& text) {
    auto site = crawl::parse_url(text);
    if (!site) throw std::runtime_error(fmt::format("neither a folder nor a URL to start from: {}", text));
    return std::move(*site);
}

}  // namespace

braid::task<findings> check(const options& wanted) {
    std::optional<scratch_folder> scratch;
    crawl::options how = wanted.crawling;
    if (how.output.empty()) how.output = scratch.emplace().path() / "links.db";
    std::string site;
    if (fs::is_directory(wanted.what)) {
        site = co_await crawl_folder(how, wanted.what, wanted.quiet);
    } else {
        how.seeds.push_back(parse_site(wanted.what));
        co_await crawl_site(how, wanted.quiet);
    }
    crawl::database found(how.output);
    std::uint64_t external = 0;
    if (wanted.external) external = co_await check_external(co_await braid::this_executor(), how, found);
    findings all = read_findings(found, site);
    all.external = external;
    co_return all;
}

}  // namespace linkcheck
