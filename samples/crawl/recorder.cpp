#include "recorder.hpp"

#include <utility>

namespace crawl {
namespace {

constexpr std::size_t enough = 4096;
constexpr std::size_t unwritten_batches = 4;
constexpr auto long_wait = std::chrono::seconds(1);

}  // namespace

recorder::recorder(store& to) : store_(to), batches_(unwritten_batches) {}

braid::task<> recorder::flush_if_due() {
    if (collected_.size() >= enough || clock::now() - last_flush_ >= long_wait) co_await flush();
}

braid::task<> recorder::flush() {
    last_flush_ = clock::now();
    if (collected_.empty()) co_return;
    batch full = std::exchange(collected_, {});
    collected_.reserve(enough);
    co_await batches_.push(std::move(full));
}

braid::task<> recorder::run() {
    while (auto next = co_await batches_.pop()) store_.add(*next);
}

braid::task<> recorder::close() {
    co_await flush();
    batches_.close();
}

}  // namespace crawl
