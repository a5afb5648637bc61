#pragma once
// Where the items of a `map` come from: a range, of which each item is encoded as it is taken.

#include <braid/process/detail/item_batch.hpp>
#include <braid/wire/batch.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <optional>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>

namespace braid::detail {

/// What an item of the range is for the function: its argument, or all of them.
template <class F, class Item>
struct items_for {
    using traits = wire::batch_traits<F, std::decay_t<Item>>;
    static void encode(wire::writer& w, const std::decay_t<Item>& item) { traits::encode_item(w, item); }
};
template <class F, class... Ts>
struct items_for<F, std::tuple<Ts...>> {
    using traits = wire::batch_traits<F, std::decay_t<Ts>...>;
    static void encode(wire::writer& w, const std::tuple<Ts...>& item) {
        std::apply([&](const auto&... each) { traits::encode_item(w, static_cast<const std::decay_t<Ts>&>(each)...); },
                   item);
    }
};

/// Takes items from a range and encodes them. Pinned: the iterator may refer to the range.
template <class F, class Range>
class item_source {
    using reference = std::ranges::range_reference_t<Range>;
    using items = items_for<F, std::remove_cvref_t<reference>>;

public:
    using traits = typename items::traits;

    explicit item_source(Range range) : range_(std::move(range)), at_(std::ranges::begin(range_)) {
        if constexpr (std::ranges::sized_range<Range>) left_ = static_cast<std::size_t>(std::ranges::size(range_));
    }
    item_source(const item_source&) = delete;
    item_source& operator=(const item_source&) = delete;

    [[nodiscard]] std::optional<std::size_t> left() const noexcept {
        return left_ ? std::optional(*left_ + (kept_ ? 1 : 0)) : std::nullopt;
    }
    [[nodiscard]] bool at_end() const { return !kept_ && (failed_ || at_ == std::ranges::end(range_)); }
    [[nodiscard]] std::uint64_t taken() const noexcept { return taken_; }

    /// So many items at most; fewer, if they are large or bring so many descriptors, or if one cannot be taken or
    /// encoded: see `unsent` and `failure`.
    item_batch take(std::size_t most, std::size_t enough_descriptors) {
        item_batch batch{.number = taken_, .count = 0, .stride = traits::stride, .bytes = {}, .ends = {}, .beside = {}};
        if (kept_) batch = std::move(*std::exchange(kept_, std::nullopt));
        try {
            if constexpr (is_plain) {
                take_plain(batch, most);
            } else {
                take_encoded(batch, most, enough_descriptors);
            }
        } catch (...) {
            failure_ = std::current_exception();
            failed_ = true;
        }
        taken_ += batch.count;
        return batch;
    }

    /// The item after the last batch could not be encoded: it counts as taken.
    std::exception_ptr unsent() {
        if (unsent_) ++taken_;
        return std::exchange(unsent_, nullptr);
    }
    /// What the range threw: it is at its end.
    [[nodiscard]] const std::exception_ptr& failure() const noexcept { return failure_; }

private:
    using stored = typename traits::call::arguments;
    // One number each, which is written where it lies.
    static constexpr bool is_plain = [] {
        if constexpr (std::tuple_size_v<stored> == 1) {
            using number = std::tuple_element_t<0, stored>;
            return wire::detail::number<number> && std::is_arithmetic_v<std::remove_cvref_t<reference>>;
        } else {
            return false;
        }
    }();

    void step() {
        ++at_;
        if (left_) --*left_;
    }

    void take_plain(item_batch& batch, std::size_t most) {
        using number = std::tuple_element_t<0, stored>;
        std::byte* to = batch.bytes.extend(most * sizeof(number));
        struct trim {
            item_batch& batch;
            ~trim() { batch.bytes.truncate(batch.count * sizeof(number)); }
        } const at_exit{batch};
        std::uint32_t count = 0;
        const auto end = std::ranges::end(range_);
        for (; count != most && at_ != end; ++at_, to += sizeof(number)) {
            const auto value = static_cast<number>(*at_);
            std::memcpy(to, &value, sizeof value);
            batch.count = ++count;
        }
        if (left_) *left_ -= count;
    }

    void take_encoded(item_batch& batch, std::size_t most, std::size_t enough_descriptors) {
        wire::writer w(batch.bytes);
        w.set_beside(&batch.beside);
        bool full = false;
        for (; !full && batch.count != most && at_ != std::ranges::end(range_); step()) {
            decltype(auto) item = *at_;
            try {
                items::encode(w, item);
            } catch (...) {
                batch.beside.drop_item();
                unsent_ = std::current_exception();
                step();
                return;
            }
            batch.beside.end_item(batch.count);
            ++batch.count;
            if (batch.stride == 0) batch.ends.push_back(batch.bytes.size());
            if (!batch.beside.fit_in_a_message()) keep_last(batch);
            full = kept_ || batch.bytes.size() >= batch_plan::enough_bytes ||
                   batch.beside.descriptors() >= enough_descriptors;
        }
    }
    // It will be the first of the next batch.
    void keep_last(item_batch& batch) {
        kept_ = batch.part(batch.count - 1, batch.count);
        batch.bytes.truncate(batch.bytes.size() - kept_->bytes.size());
        batch.ends.pop_back();
        --batch.count;
    }

    Range range_;
    std::ranges::iterator_t<Range> at_;
    std::optional<std::size_t> left_;  // besides the one that is kept
    std::optional<item_batch> kept_;   // an item, encoded already
    std::uint64_t taken_ = 0;
    std::exception_ptr unsent_;
    std::exception_ptr failure_;
    bool failed_ = false;
};

}  // namespace braid::detail
