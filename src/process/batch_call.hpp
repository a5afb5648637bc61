#pragma once
// A batch as the pool sees it: one call, with many outcomes.

#include <braid/process/detail/item_batch.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

namespace braid::detail {

/// Threads: as call_base.
class [[nodiscard]] batch_call final : public call_base {
public:
    batch_call(const call_request& request, std::shared_ptr<map_sink> sink, item_batch items)
        : call_base(request, true), sink_(std::move(sink)), items_(std::move(items)), end_(items_.count) {}

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        if (!enter(h)) return false;
        listen();
        submit();
        return true;
    }
    void await_resume() const {
        throw_if_refused();
        if (was_cancelled()) throw_cancelled();
    }

    // On the pool's home:
    /// The first item that has no result yet, in the batch.
    [[nodiscard]] std::uint32_t next() const noexcept { return next_; }
    /// Items that have no result yet.
    [[nodiscard]] std::uint32_t left() const noexcept { return end_ - next_; }
    /// The number, in the range, of the first of those.
    [[nodiscard]] std::uint64_t number() const noexcept { return items_.number + next_; }

    /// Takes the results in a part, but for those that were taken before. True: some of them are failures.
    /// Throws: decode_error.
    bool take_part(wire::part_kind kind, const wire::part_header& header, wire::reader& bytes,
                   const wire::remote_origin::place& where);
    /// The worker says that it is done. Throws: decode_error. False: there are items left to run.
    bool take_end(wire::reader& reply);
    /// So many of the items without a result, the one that was running among them, have failed. False: that is all.
    bool fail_next(std::uint32_t items, const std::exception_ptr& error) noexcept;
    /// The worker is told to end before the last item; it may never say where it was told.
    void may_end_early() noexcept { told_to_end_ = true; }
    /// The items from this one on are not begun by the worker.
    void cut(std::uint32_t first_left);
    /// After so long, this one was running.
    void found_at(std::uint32_t item, std::chrono::nanoseconds after) noexcept;

private:
    void encode(wire::writer& request) const override;
    void accept(wire::reader&, const wire::remote_origin::place&) noexcept override {}  // see take_end
    void fail(std::exception_ptr error) noexcept override;
    [[nodiscard]] called_function called() const noexcept override { return sink_->called(); }
    void advance(std::uint32_t to) noexcept;

    const std::shared_ptr<map_sink> sink_;
    item_batch items_;
    std::uint32_t next_ = 0;    // the first that has no result
    std::uint32_t end_;         // those from here on were given back
    bool told_to_end_ = false;  // before end_
};

// Not virtual: it is asked several times for each call.
inline batch_call* call_base::as_batch() noexcept { return is_batch_ ? static_cast<batch_call*>(this) : nullptr; }

}  // namespace braid::detail
