#include "recorder.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace crawl {
namespace {

// A crawl that is killed loses at most this, and what one second brought.
constexpr std::size_t enough = 1024;
constexpr std::size_t enough_bytes = 8 * 1024 * 1024;  // of what is to be archived
constexpr std::size_t unwritten_batches = 4;
constexpr auto long_wait = std::chrono::seconds(1);

// On the writing thread.
broken_links settle_store(store& to, bool all_done) {
    to.settle(all_done);
    return to.find_broken();
}

void close_store(store& to, bool complete) { to.close(complete); }

std::optional<validators> find_validators(store& in, const std::string& url) {
    return in.refreshed()->validators_of(url);
}

std::optional<earlier_page> find_page(store& in, const std::string& url) { return in.refreshed()->page(url); }

}  // namespace

recorder::recorder(store& to, json_lines* lines, archiver* archive)
    : store_(to),
      lines_(lines),
      archive_(archive),
      batches_(unwritten_batches),
      writer_({.threads = 1, .name = "database"}) {}

void recorder::add(archived_exchange what) {
    const std::uint64_t size = what.wire->response.size();
    collected_.exchange_bytes += std::min<std::uint64_t>(size, wire_copy::most_in_memory);
    collected_.exchanges.push_back(std::move(what));
}

bool recorder::is_due() const noexcept {
    return collected_.records.size() >= enough || collected_.exchange_bytes >= enough_bytes ||
           clock::now() - last_flush_ >= long_wait;
}

braid::task<> recorder::flush_if_due() {
    if (is_due()) co_await flush();
}

braid::task<> recorder::flush() {
    last_flush_ = clock::now();
    if (collected_.records.empty()) co_return;
    batch full = std::exchange(collected_, {});
    collected_.records.reserve(enough);
    co_await batches_.push(std::move(full));
}

braid::task<std::optional<validators>> recorder::earlier_validators(std::string url) {
    if (store_.refreshed() == nullptr) co_return std::nullopt;
    co_return co_await writer_.run(find_validators, std::ref(store_), std::move(url));
}

braid::task<std::optional<earlier_page>> recorder::earlier(std::string url) {
    if (store_.refreshed() == nullptr) co_return std::nullopt;
    co_return co_await writer_.run(find_page, std::ref(store_), std::move(url));
}

braid::task<> recorder::run() {
    while (auto next = co_await batches_.pop()) {
        co_await writer_.run(write, std::ref(store_), lines_, archive_, std::move(*next));
    }
}

/// On the writing thread. The database says how long the other files are: what a crawl that was killed wrote beyond is
/// dropped by the one that goes on, which fetches those pages again.
void recorder::write(store& to, json_lines* lines, archiver* archive, batch what) {
    if (lines != nullptr) lines->write(what.pages);
    if (archive != nullptr) {
        const auto known = [&to](const std::string& digest) { return to.payload(digest); };
        for (archived_payload& fresh : archive->write(what.exchanges, known)) what.records.push_back(std::move(fresh));
    }
    to.add(what.records, {lines != nullptr ? lines->size() : 0, archive != nullptr ? archive->size() : 0});
}

braid::task<> recorder::close() {
    co_await flush();
    batches_.close();
}

braid::task<broken_links> recorder::settle(bool all_done) {
    co_return co_await writer_.run(settle_store, std::ref(store_), all_done);
}

braid::task<> recorder::end(bool complete) { co_await writer_.run(close_store, std::ref(store_), complete); }

}  // namespace crawl
