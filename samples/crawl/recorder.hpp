#pragma once
// The last stage: writes what was found, on a thread of its own, and slows the others down when it cannot keep up.

#include <braid/core/task.hpp>
#include <braid/sync/channel.hpp>
#include <braid/thread/thread_pool.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "archiver.hpp"
#include "earlier_crawl.hpp"
#include "json_lines.hpp"
#include "store.hpp"

namespace crawl {

/// Threads: one; the database is used on another, its own.
class recorder {
public:
    /// `lines` and `archive` may be null.
    recorder(store& to, json_lines* lines, archiver* archive);

    /// Takes note of a record; `flush_if_due` is to be awaited now and then. What is added without an await in between
    /// is written in one transaction.
    void add(record what) { collected_.records.push_back(std::move(what)); }

    /// Somebody wants pages with their links: the JSON Lines.
    [[nodiscard]] bool exports() const noexcept { return lines_ != nullptr; }
    void add(exported_page page) { collected_.pages.push_back(std::move(page)); }

    /// Somebody wants what was on the wire: the archive.
    [[nodiscard]] bool archives() const noexcept { return archive_ != nullptr; }
    void add(archived_exchange what);

    /// What was collected is enough, or has waited for long.
    [[nodiscard]] bool is_due() const noexcept;

    /// Hands it over if it is. Suspends while too much is unwritten.
    braid::task<> flush_if_due();

    /// What is known of a URL from the crawl that is being refreshed.
    braid::task<std::optional<validators>> earlier_validators(std::string url);
    braid::task<std::optional<earlier_page>> earlier(std::string url);

    /// Writes what is handed over, until `close`. Throws: store_error.
    braid::task<> run();

    /// Hands over the rest: `run` ends when it is written.
    braid::task<> close();

    /// After `run`: see `store::settle`. Gives broken links in the database. Throws: store_error.
    braid::task<broken_links> settle(bool all_done);

    /// The last of all, see `store::close`. Throws: store_error.
    braid::task<> end(bool complete);

private:
    struct batch {
        std::vector<record> records;
        std::vector<exported_page> pages;
        std::vector<archived_exchange> exchanges;
        std::size_t exchange_bytes = 0;  // in memory; a descriptor counts as what it spares
    };
    using clock = std::chrono::steady_clock;

    braid::task<> flush();
    static void write(store& to, json_lines* lines, archiver* archive, batch what);

    store& store_;
    json_lines* lines_;
    archiver* archive_;
    batch collected_;
    clock::time_point last_flush_ = clock::now();
    braid::channel<batch> batches_;
    braid::thread_pool writer_;
};

}  // namespace crawl
