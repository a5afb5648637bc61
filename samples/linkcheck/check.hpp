#pragma once
// The whole check: crawl with fragments, then ask elsewhere, then read what was found.

#include <braid/core/task.hpp>
#include <crawl/console.hpp>
#include <crawl/crawler.hpp>
#include <crawl/progress.hpp>

#include <string>

#include "external.hpp"
#include "findings.hpp"
#include "options.hpp"

namespace linkcheck {

/// One check of a site or a folder. Threads: one, that of the coroutine that awaits it.
class checker {
public:
    /// `screen` gets what workers print. Lifetime: both outlive it.
    checker(const options& wanted, crawl::console& screen) : wanted_(wanted), screen_(screen) {}

    /// To be awaited once. Throws: std::exception of any kind if it cannot be done, with words for the user.
    braid::task<> run();

    /// What is not asked for yet never is: `run` ends soon.
    void stop() noexcept;

    [[nodiscard]] crawl::progress now() const;

    /// The same in words.
    [[nodiscard]] std::string state(const crawl::progress& at) const;

    /// After `run`.
    [[nodiscard]] const findings& result() const noexcept { return result_; }

private:
    braid::task<> crawl_site(const crawl::options& how);
    braid::task<std::string> crawl_folder(crawl::options how);
    braid::task<> ask_others(const crawl::options& how, crawl::database& found);
    void read_result(crawl::database& found, const std::string& site);

    const options& wanted_;
    crawl::console& screen_;
    crawl::crawler* crawling_ = nullptr;  // while it runs
    external_check* asking_ = nullptr;    // likewise
    crawl::progress last_;                // of what ran before
    bool stopping_ = false;
    findings result_;
};

}  // namespace linkcheck
