#include "process/batch_call.hpp"

#include "process/pool_engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace braid::detail {

namespace {

// What a batch should take: long beside what a message costs, short beside what one would notice.
constexpr double batch_ns = 200'000;
// Enough for every worker to be busy while one item in front takes its time.
constexpr std::size_t items_ahead_a_worker = 64;
constexpr std::size_t batches_ahead_a_worker = 4;
constexpr std::size_t bytes_ahead_a_worker = 8 * 1024 * 1024;
// Each is open here as well, until its item has a result.
constexpr std::size_t most_descriptors_of_a_batch = 16;
constexpr std::size_t most_descriptors_ahead = 256;
constexpr std::size_t most_items_of_a_batch = 1 << 20;

}  // namespace

item_batch item_batch::part(std::uint32_t from, std::uint32_t to) {
    item_batch made{.number = number + from,
                    .count = to - from,
                    .stride = stride,
                    .bytes = {},
                    .ends = {},
                    .beside = beside.split_off(from, to)};
    const std::span<const std::byte> content = slice(from, to);
    made.bytes.append(content.data(), content.size());
    if (stride != 0) return made;
    for (std::uint32_t item = from; item != to; ++item) made.ends.push_back(ends[item] - begin_of(from));
    return made;
}

// --- the call

void batch_call::encode(wire::writer& request) const {
    request.scalar(next_);
    request.scalar(end_);
    items_.beside.encode(request, next_, end_);
    const std::span<const std::byte> head = sink_->request_head();
    request.append(head.data(), head.size());
    const std::span<const std::byte> content = items_.slice(next_, end_);
    request.append(content.data(), content.size());
}

void batch_call::advance(std::uint32_t to) noexcept {
    next_ = to;
    items_.beside.release_before(to);
    deaths_.reset();  // they were of another item
}

bool batch_call::take_part(wire::part_kind kind, const wire::part_header& header, wire::reader& bytes,
                           const wire::remote_origin::place& where) {
    if (header.first > next_ || header.first >= end_ || header.count > end_ - header.first) {
        throw wire::decode_error(
            fmt::format("results of the items {} to {} of a batch whose items {} to {} are missing", header.first,
                        std::uint64_t{header.first} + header.count, next_, end_));
    }
    const std::uint32_t end = header.first + header.count;
    if (end <= next_) return false;
    const map_sink::part part{
        .kind = kind, .number = items_.number + header.first, .count = header.count, .skipped = next_ - header.first};
    const bool some_failed = sink_->accept(part, bytes, where);
    advance(end);
    return some_failed;
}

bool batch_call::take_end(wire::reader& reply) {
    const auto end = reply.scalar<wire::batch_end>("the end of a batch");
    reply.expect_end();
    if (end.reached != next_ || (next_ != end_ && !told_to_end_ && !stopping_)) {
        throw wire::decode_error(
            fmt::format("a batch that ended at item {} though {} of {} have results", end.reached, next_, end_));
    }
    if (end.ran != 0) sink_->measured(end.ran, std::chrono::nanoseconds(end.took_ns));
    if (stopping_) cancelled_ = true;
    return stopping_ || next_ == end_;
}

bool batch_call::fail_next(std::uint32_t items, const std::exception_ptr& error) noexcept {
    sink_->failed(number(), items, error);
    advance(next_ + items);
    return next_ != end_;
}

void batch_call::fail(std::exception_ptr error) noexcept {
    sink_->failed(number(), left(), error);
    advance(end_);
}

void batch_call::cut(std::uint32_t first_left) {
    if (first_left >= end_ || first_left < next_) return;
    sink_->given_back(items_.part(first_left, end_));
    end_ = first_left;
}

void batch_call::found_at(std::uint32_t item, std::chrono::nanoseconds after) noexcept {
    sink_->measured(std::clamp(item, 1U, items_.count), after);
}

task<> run_batch(std::shared_ptr<pool_engine> engine, call_options options, std::shared_ptr<map_sink> sink,
                 item_batch items, std::size_t batch) {
    const call_request request{std::move(engine), std::make_unique<call_options>(options)};
    batch_call call(request, sink, std::move(items));
    co_await call;
    sink->ended(batch);
}

// --- how large they are

batch_plan::batch_plan(const map_options& options, const pool_engine& pool) noexcept
    : options_(options),
      workers_(static_cast<std::size_t>(*pool.options().workers)),
      most_items_(options.call.limits.any() ? 1
                  : pool.options().calls_per_worker == 0
                      ? most_items_of_a_batch
                      : std::clamp<std::size_t>(pool.options().calls_per_worker / 16, 1, most_items_of_a_batch)),
      most_bytes_(static_cast<std::size_t>(pool.options().max_message_size / 2)) {}

void batch_plan::measured(std::uint32_t items, std::chrono::nanoseconds took) noexcept {
    const double each = std::max(static_cast<double>(took.count()), 1.0) / items;
    const double before = item_ns_.load(std::memory_order_relaxed);
    item_ns_.store(before == 0 ? each : 0.5 * (before + each), std::memory_order_relaxed);
}

std::size_t batch_plan::as_measured() const noexcept {
    const double each = item_ns_.load(std::memory_order_relaxed);
    if (each == 0) return 1;
    return std::clamp<std::size_t>(static_cast<std::size_t>(batch_ns / each), 1, most_items_);
}

// Whatever was asked for, one for each item of an endless range for instance, has to be allocated and numbered.
std::size_t batch_plan::as_asked(std::size_t stride) const noexcept {
    const std::size_t count = std::min(options_.batch, most_items_);
    return stride == 0 ? count : std::clamp<std::size_t>(most_bytes_ / stride, 1, count);
}

std::size_t batch_plan::items(std::optional<std::size_t> left, std::size_t stride) const noexcept {
    if (options_.batch != 0) return as_asked(stride);
    std::size_t count = as_measured();
    if (stride != 0) count = std::min(count, enough_bytes / stride);
    if (options_.ahead != 0) count = std::min(count, options_.ahead / (2 * workers_));
    if (left) count = std::min(count, *left / (2 * workers_));  // so that all workers end at about the same time
    return std::max<std::size_t>(count, 1);
}

std::size_t batch_plan::ahead() const noexcept {
    if (options_.ahead != 0) return options_.ahead;
    const std::size_t batch = options_.batch != 0 ? as_asked(0) : as_measured();
    return workers_ * std::max(items_ahead_a_worker, batches_ahead_a_worker * batch);
}

std::size_t batch_plan::bytes_ahead() const noexcept { return workers_ * bytes_ahead_a_worker; }

std::size_t batch_plan::enough_descriptors() const noexcept {
    return std::clamp<std::size_t>(most_descriptors_ahead / (2 * workers_), 1, most_descriptors_of_a_batch);
}

std::size_t batch_plan::descriptors_ahead() const noexcept { return 2 * workers_ * enough_descriptors(); }

}  // namespace braid::detail
