#include "check.hpp"

#include <braid/core/task_group.hpp>
#include <braid/core/this_executor.hpp>
#include <crawl/report.hpp>
#include <fmt/format.h>
#include <serve/server.hpp>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <utility>

#include "folder.hpp"
#include "start.hpp"

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

crawl::url parse_site(const std::string& text) {
    auto site = crawl::parse_url(text);
    if (site) return std::move(*site);
    const std::string meant = crawl::url_that_was_meant(text);
    // The path of a folder that is not there is no host.
    const bool hint = !meant.empty() && text.substr(0, text.find('/')).find_first_of(".:") != std::string::npos;
    const std::string why = text.find("://") != std::string::npos ? site.error().message : text;
    throw std::runtime_error(fmt::format("neither a folder nor a URL to start from: {}{}", why,
                                         hint ? fmt::format("; did you mean {} ?", meant) : ""));
}

/// Tells others of what runs, while it does.
template <class T>
class told {
public:
    told(T*& where, T& what) : where_(where) { where_ = &what; }
    told(const told&) = delete;
    told& operator=(const told&) = delete;
    ~told() { where_ = nullptr; }

private:
    T*& where_;
};

}  // namespace

braid::task<> checker::run() {
    std::optional<scratch_folder> scratch;
    crawl::options how = wanted_.crawling;
    if (how.output.empty()) how.output = scratch.emplace().path() / "links.db";
    std::string site;
    if (fs::is_directory(wanted_.what)) {
        site = co_await crawl_folder(how);
    } else {
        how.seeds.push_back(parse_site(wanted_.what));
        co_await crawl_site(how);
    }
    crawl::database found(how.output);
    if (wanted_.external && has_pages(found)) co_await ask_others(how, found);
    read_result(found, site);
}

void checker::stop() noexcept {
    stopping_ = true;
    if (crawling_ != nullptr) crawling_->stop();
    if (asking_ != nullptr) asking_->stop();
}

crawl::progress checker::now() const {
    if (crawling_ != nullptr) return crawling_->now();
    return asking_ != nullptr ? asking_->now() : last_;
}

std::string checker::state(const crawl::progress& at) const {
    if (crawling_ != nullptr) return crawl::format_state(at, crawling_->result());
    return (asking_ != nullptr ? "asking other hosts: " : "") + crawl::plain_line(at);
}

braid::task<> checker::crawl_site(const crawl::options& how) {
    crawl::crawler running(co_await braid::this_executor(), how, nullptr,
                           [this](const braid::worker_line& line) { screen_.print(line); });
    if (stopping_) running.stop();
    {
        const told while_it_runs(crawling_, running);
        co_await running.run();
    }
    last_ = running.now();
    result_.interrupted = running.result().interrupted;
    if (const std::string failure = running.total_failure(); !failure.empty()) throw std::runtime_error(failure);
}

/// Serves the folder while it is crawled. Gives the URL at which that was.
braid::task<std::string> checker::crawl_folder(crawl::options how) {
    serve::server_options where;
    where.root = wanted_.what;
    where.port = 0;
    serve::server server(co_await braid::this_executor(), std::move(where));
    how.seeds = pages_in(wanted_.what, server.url());
    if (how.seeds.empty()) throw std::runtime_error(fmt::format("there is no HTML file in {}", wanted_.what));
    how.allow_private = true;  // where the server is; no other host is asked
    how.ignore_robots = true;
    co_await braid::with_task_group([&](braid::task_group& around) -> braid::task<> {
        around.start(&serve::server::run, &server);
        co_await crawl_site(how);
        around.cancel();
    });
    co_return server.url();
}

braid::task<> checker::ask_others(const crawl::options& how, crawl::database& found) {
    external_check asking(co_await braid::this_executor(), how, found);
    if (stopping_) asking.stop();
    {
        const told while_it_runs(asking_, asking);
        co_await asking.run();
    }
    last_ = asking.now();
    result_.external = asking.asked();
    result_.interrupted = stopping_ && last_.queued > 0;
}

/// A check that read no page found nothing broken, but not because all is well.
void checker::read_result(crawl::database& found, const std::string& site) {
    findings all = read_findings(found, site);
    all.external = result_.external;
    all.interrupted = result_.interrupted;
    result_ = std::move(all);
    if (!result_.pages.empty() || !result_.broken.empty() || result_.interrupted) return;
    throw std::runtime_error(fmt::format("no HTML page was read: {}", what_became_of_start(found)));
}

}  // namespace linkcheck
