#pragma once
// Items of a map that travel together: as bytes, from where they are taken from the range to where they have a result.
// The pool treats a batch as one call. A batch in which a worker died, or that turned out to be long, gives its items
// back: each is run once.

#include <braid/core/task.hpp>
#include <braid/process/detail/call.hpp>
#include <braid/process/detail/item_attachments.hpp>
#include <braid/process/map_options.hpp>
#include <braid/wire/batch.hpp>
#include <braid/wire/buffer.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace braid::detail {

/// The encoded arguments of some items that follow each other.
struct item_batch {
    std::uint64_t number = 0;  ///< of the first, in the range
    std::uint32_t count = 0;
    std::size_t stride = 0;  ///< bytes of each, or 0: then there are `ends`
    wire::buffer bytes;
    std::vector<std::size_t> ends;
    item_attachments beside;

    [[nodiscard]] std::span<const std::byte> slice(std::uint32_t from, std::uint32_t to) const noexcept {
        return bytes.bytes().subspan(begin_of(from), begin_of(to) - begin_of(from));
    }
    /// Those from `from` to before `to`, as a batch of their own: they are not to be sent with this one any more.
    [[nodiscard]] item_batch part(std::uint32_t from, std::uint32_t to);

private:
    [[nodiscard]] std::size_t begin_of(std::uint32_t item) const noexcept {
        if (stride != 0) return item * stride;
        return item == 0 ? 0 : ends[item - 1];
    }
};

/// What is the same for all batches of a map, and where their results go. Threads: the pool's home, unless said
/// otherwise. Lifetime: shared by the map and its batches.
class map_sink {
public:
    /// Results of the items from `number` on, those in the part from the `skipped`-th on. Throws: decode_error, if what
    /// it gets makes no sense; a result that cannot be decoded is that item's failure. True: some of them are failures.
    struct part {
        wire::part_kind kind;
        std::uint64_t number;
        std::uint32_t count;
        std::uint32_t skipped;
    };
    virtual bool accept(const part& what, wire::reader& bytes, const wire::remote_origin::place& where) = 0;
    virtual void failed(std::uint64_t number, std::uint32_t count, const std::exception_ptr& error) noexcept = 0;
    /// These were not begun where they are, and are to be run elsewhere.
    virtual void given_back(item_batch items) noexcept = 0;
    virtual void measured(std::uint32_t items, std::chrono::nanoseconds took) noexcept = 0;
    /// Threads: that of the batch's job.
    virtual void ended(std::size_t batch) noexcept = 0;

    // Threads: any.
    [[nodiscard]] virtual std::span<const std::byte> request_head() const noexcept = 0;
    [[nodiscard]] virtual called_function called() const noexcept = 0;

protected:
    ~map_sink() = default;
};

/// Runs the items of a batch, and tells the sink what comes of each of them. `batch` is what the sink knows it by.
task<> run_batch(std::shared_ptr<pool_engine> engine, call_options options, std::shared_ptr<map_sink> sink,
                 item_batch items, std::size_t batch);

/// How many items travel together. Threads: `measured` is for the pool's home, the others for the map's.
class batch_plan {
public:
    batch_plan(const map_options& options, const pool_engine& pool) noexcept;

    void measured(std::uint32_t items, std::chrono::nanoseconds took) noexcept;
    /// Of the next batch, when so many items are left, if that is known, and one takes `stride` bytes, if all do.
    [[nodiscard]] std::size_t items(std::optional<std::size_t> left, std::size_t stride) const noexcept;
    /// How many may be ahead of the consumer.
    [[nodiscard]] std::size_t ahead() const noexcept;
    /// A batch that has so many bytes is large enough.
    static constexpr std::size_t enough_bytes = 64 * 1024;
    /// What is ahead of the consumer should take no more than that.
    [[nodiscard]] std::size_t bytes_ahead() const noexcept;
    // The same for what travels beside the bytes.
    [[nodiscard]] std::size_t enough_descriptors() const noexcept;
    [[nodiscard]] std::size_t descriptors_ahead() const noexcept;

private:
    [[nodiscard]] std::size_t as_measured() const noexcept;
    [[nodiscard]] std::size_t as_asked(std::size_t stride) const noexcept;

    const map_options options_;
    const std::size_t workers_;
    const std::size_t most_items_;     // of a batch, so that workers are replaced in time; one if it has limits
    const std::size_t most_bytes_;     // of a batch whose items have one length
    std::atomic<double> item_ns_ = 0;  // smoothed; 0: not measured yet
};

}  // namespace braid::detail
