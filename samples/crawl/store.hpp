#pragma once
// The result of a crawl: an SQLite file, whose tables and views README.md describes.
//
// Rows are only ever appended, or filled in by their number: that is what SQLite does fastest.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "archiver.hpp"
#include "cookie_jar.hpp"
#include "file_lock.hpp"
#include "frontier.hpp"
#include "iso_time.hpp"
#include "outcome.hpp"
#include "page.hpp"
#include "sqlite.hpp"
#include "validators.hpp"

namespace crawl {

class earlier_crawl;

/// A URL was seen for the first time.
struct discovered_record {
    url_id id;
    std::string url;
    std::uint32_t depth;
    outcome verdict;     ///< `pending`, or why it will never be fetched
    std::string detail;  ///< of a verdict that has one
    std::uint32_t redirects = 0;
};

/// A URL that was not to be fetched is, after all.
struct admitted_record {
    url_id id;
    std::uint32_t depth;
    std::uint32_t redirects;
};

/// A URL reached its end.
struct finished_record {
    url_id id;
    outcome how;
    std::string detail{};  ///< the error's own words, if it is one
    int status = 0;        ///< 0 if no response came
    std::string type{};
    std::string title{};
    std::optional<std::uint64_t> text_length{};
    std::optional<std::uint64_t> content_hash{};
    std::optional<std::uint64_t> simhash{};
    std::optional<std::chrono::system_clock::time_point> fetched_at{};
    std::optional<std::uint64_t> bytes{};
    std::optional<std::uint64_t> received{};
    std::optional<std::chrono::microseconds> took{};
    validators known{};
    std::string language{};
};

/// One page refers to another.
struct link_record {
    url_id from;
    url_id to;
    link_kind kind;
    bool nofollow = false;  ///< the page asks not to be followed here
};

/// A page has a place that a fragment can name.
struct place_record {
    url_id page;
    std::string name;
};

/// One page refers to a place in another, or in itself. A redirect whose fragment names none has an empty one.
struct fragment_record {
    url_id from;
    url_id to;
    std::string fragment;  ///< as written
};

/// A user's parser found something in a page.
struct extract_record {
    url_id page;
    extract what;
};

/// A response is in the archive whose payload others may share.
using payload_record = archived_payload;

/// The cookies that are kept from now on.
struct cookies_record {
    std::vector<cookie> jar;
};

/// The `discovered_record` of a URL comes before its others.
using record = std::variant<discovered_record, admitted_record, finished_record, link_record, place_record,
                            fragment_record, extract_record, payload_record, cookies_record>;

/// 16 hexadecimal digits.
[[nodiscard]] std::string hash_text(std::uint64_t hash);

/// The number that `hash_text` wrote; nothing for other text.
[[nodiscard]] std::optional<std::uint64_t> parse_hash(std::string_view digits);

struct broken_link {
    std::string target;
    std::string reason;                  ///< the status, or why there is none
    std::vector<std::string> referrers;  ///< the first few
    std::uint64_t further = 0;           ///< referrers beside those
};

/// The broken links of a crawl, of which there may be more than anybody reads: all are in the database.
struct broken_links {
    std::vector<broken_link> first;  ///< by URL
    std::uint64_t count = 0;         ///< of all
    std::uint64_t fragments = 0;     ///< of those are places that their page does not have

    static constexpr std::size_t most = 20;           ///< of `first`
    static constexpr std::size_t most_referrers = 5;  ///< of each of them
};

struct store_options {
    std::string command{};  ///< what is crawled: only the same can be gone on with
    bool restart = false;   ///< drops an earlier crawl that is not complete
    bool refresh = false;   ///< keeps an earlier crawl that is, beside the new one, until that is complete, too
    std::string archive{};  ///< the WARC file, which a refresh of its crawl goes on with; may be empty
    bool on_hold = false;   ///< what is in the file stays as it is until `begin`
};

/// How many bytes the files beside the database have when a batch is in them.
struct bytes_beside {
    std::uint64_t lines = 0;
    std::uint64_t archive = 0;
};

/// The writer. Threads: one at a time. Throws: store_error.
///
/// What is in the file of an earlier crawl that came to its end is dropped, or set aside to be refreshed, in one
/// transaction: whoever dies, it holds the old crawl or the new one. A crawl that was killed or stopped is gone on
/// with, if the command is the same, and refused if not. A file that is anything else is refused and left as it is, as
/// is one that another crawl is writing; others may read it meanwhile. A crawl that is killed leaves a sound database
/// that lacks at most the batches added in its last moments; none is there by half, so that a page is there with all
/// its links or still waits.
class store {
public:
    explicit store(const std::filesystem::path& path, store_options options = {});
    ~store();

    /// Makes the file this crawl's: an earlier one that is not gone on with is dropped, or set aside. To be called
    /// before anything is added where it was put `on_hold`, so that what else may fail has not failed.
    void begin();

    /// The file held an earlier crawl, which is gone, or will be by `begin`.
    [[nodiscard]] bool replaced_earlier() const noexcept { return found_ == earlier::to_drop; }

    /// The command of the crawl that was complete in the file, whether it is replaced or refreshed; else empty.
    [[nodiscard]] const std::string& earlier_command() const noexcept { return earlier_command_; }

    /// The file holds an earlier crawl, which is gone on with.
    [[nodiscard]] bool resumed() const noexcept { return found_ == earlier::to_go_on_with; }

    /// The crawl that is being refreshed; null if none is.
    [[nodiscard]] earlier_crawl* refreshed() noexcept { return refreshed_.get(); }

    /// Every URL of the crawl that is gone on with, in the order of discovery, with the hash of its content if it has
    /// one.
    void each_known(
        const std::function<void(const waiting_url&, outcome, std::optional<std::uint64_t> content_hash)>& take);

    /// Writes a batch in one transaction. Batches of thousands are fastest.
    void add(std::span<const record> batch, bytes_beside files = {});

    /// What was said so with the last batch, by the crawl that is gone on with too, and before `begin`.
    [[nodiscard]] bytes_beside files();

    /// The payload of that digest, if it is in the archive.
    [[nodiscard]] std::optional<archived_payload> payload(const std::string& digest);

    /// Those of the crawl that is gone on with.
    [[nodiscard]] std::vector<cookie> cookies();

    /// Finds what only the whole tells: pages of almost the same text. What waits still where not all is done becomes
    /// `cancelled`. Nothing can be added afterwards.
    void settle(bool all_done);

    /// The last of all. A crawl counts as complete, so that the same command begins anew, once this has said so:
    /// whoever dies before goes on, and has nothing left to fetch. Then the file stands alone, unless others are
    /// reading it.
    void close(bool complete);

    void finish(bool complete = true) {
        settle(complete);
        close(complete);
    }

    /// Broken URLs, fragments included, with pages that refer to them.
    [[nodiscard]] broken_links find_broken();

private:
    enum class earlier : std::uint8_t { none, to_drop, to_refresh, to_go_on_with };
    [[nodiscard]] earlier what_is_there();
    [[nodiscard]] std::int64_t archived_before();
    void claim();
    void create_tables();
    void prepare_statements();
    void forget_statements();
    void mark_complete();
    void stand_alone() noexcept;
    void drop_cookies();
    void write(const discovered_record& r);
    void write(const admitted_record& r);
    void write(const finished_record& r);
    void write(const link_record& r);
    void write(const place_record& r);
    void write(const fragment_record& r);
    void write(const extract_record& r);
    void write(const payload_record& r);
    void write(const cookies_record& r);
    void write_near_copies();

    store_options options_;
    std::optional<file_lock> lock_;  // given up after the database is closed
    database db_;
    bool begun_ = false;
    earlier found_ = earlier::none;
    std::string earlier_command_;
    std::optional<statement> insert_page_;
    std::optional<statement> admit_page_;
    std::optional<statement> finish_page_;
    std::optional<statement> insert_link_;
    std::optional<statement> insert_place_;
    std::optional<statement> insert_fragment_;
    std::optional<statement> insert_extract_;
    std::optional<statement> insert_payload_;
    std::optional<statement> find_payload_;
    std::optional<statement> set_files_;
    std::unique_ptr<earlier_crawl> refreshed_;
};

}  // namespace crawl
