#pragma once
// `map` of a process pool: items are sent in batches, and their results put in order.

#include <braid/core/job.hpp>
#include <braid/core/outcome.hpp>
#include <braid/flow/detail/map_jobs.hpp>
#include <braid/flow/stream.hpp>
#include <braid/process/detail/item_batch.hpp>
#include <braid/process/detail/item_source.hpp>
#include <braid/sync/channel.hpp>
#include <braid/wire/batch.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <ranges>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace braid::detail {

/// The results of some items that follow each other: values, then perhaps one that failed.
template <class R>
struct item_results {
    std::uint64_t number = 0;
    std::vector<R> values;
    std::exception_ptr error;

    [[nodiscard]] std::size_t count() const noexcept { return values.size() + (error ? 1 : 0); }
};

/// What a map hears of its batches, on whichever home it is.
template <class R>
class map_inbox final : public map_sink {
    using value = value_or_monostate<R>;

public:
    using results = item_results<value>;
    struct batch_ended {
        std::size_t batch;
    };
    using message = std::variant<results, item_batch, batch_ended>;

    map_inbox(const map_options& options, const pool_engine& pool, wire::buffer head, called_function called)
        : plan(options, pool), head_(std::move(head)), called_(called) {}

    channel<message> messages{unbounded};
    batch_plan plan;

private:
    bool accept(const part& what, wire::reader& bytes, const wire::remote_origin::place& where) override {
        bool some_failed = false;
        if (what.kind == wire::part_kind::values) {
            send({what.number + what.skipped, wire::decode_values<value>(bytes, what.count, what.skipped), nullptr});
        } else if (what.kind == wire::part_kind::replies) {
            some_failed = accept_replies(what, bytes, where);
        } else {
            bytes.fail("a part of a batch", "there is no such kind");
        }
        bytes.expect_end();
        return some_failed;
    }
    bool accept_replies(const part& what, wire::reader& bytes, const wire::remote_origin::place& where) {
        results group{.number = what.number + what.skipped, .values = {}, .error = nullptr};
        bool some_failed = false;
        for (std::uint32_t item = 0; item != what.count; ++item) {
            wire::reader reply = wire::detail::next_item(bytes, 0);
            if (item < what.skipped) continue;
            try {
                group.values.push_back(result_in(reply, where));
            } catch (...) {
                some_failed = true;
                group.error = std::current_exception();
                send(std::exchange(group, {.number = what.number + item + 1, .values = {}, .error = nullptr}));
            }
        }
        if (!group.values.empty()) send(std::move(group));
        return some_failed;
    }
    static value result_in(wire::reader& reply, const wire::remote_origin::place& where) {
        if constexpr (std::is_void_v<R>) {
            wire::decode_reply<void>(reply, where);
            return std::monostate();
        } else {
            return wire::decode_reply<R>(reply, where);
        }
    }
    void failed(std::uint64_t number, std::uint32_t count, const std::exception_ptr& error) noexcept override {
        for (; count != 0; --count, ++number) send({number, {}, error});
    }
    void given_back(item_batch items) noexcept override { send(std::move(items)); }
    void measured(std::uint32_t items, std::chrono::nanoseconds took) noexcept override { plan.measured(items, took); }
    void ended(std::size_t batch) noexcept override { send(batch_ended{batch}); }
    [[nodiscard]] std::span<const std::byte> request_head() const noexcept override { return head_.bytes(); }
    [[nodiscard]] called_function called() const noexcept override { return called_; }

    void send(message m) { static_cast<void>(messages.try_push(std::move(m))); }
    void send(results r) { send(message(std::move(r))); }

    const wire::buffer head_;
    const called_function called_;
};

/// A map that is under way. Dropped early, it cancels what runs, and the scope waits for that.
template <class F, class Range>
class running_map {
    using source = item_source<F, Range>;
    using result = typename source::traits::result;

public:
    using inbox = map_inbox<result>;
    using value = value_or_monostate<result>;

    running_map(std::shared_ptr<pool_engine> pool, const F& function, Range range, const map_options& options,
                bool ordered)
        : pool_(std::move(pool)),
          options_(options),
          ordered_(ordered),
          inbox_(std::make_shared<inbox>(options, *pool_, head_for(function),
                                         called_function{wire::address_of(function), &typeid(F)})),
          source_(std::move(range)) {}

    /// Sends what there is to send. Nothing is taken from the range that would be too far ahead of the consumer.
    void refill() {
        const batch_plan& plan = inbox_->plan;
        while (!source_.at_end() && ahead() < plan.ahead() && bytes_out_ < plan.bytes_ahead() &&
               descriptors_out_ < plan.descriptors_ahead()) {
            const std::size_t room = plan.ahead() - ahead();
            send(source_.take(std::min(room, plan.items(source_.left(), source::traits::stride)),
                              plan.enough_descriptors()));
            const std::uint64_t number = source_.taken();
            if (auto error = source_.unsent()) keep({number, {}, std::move(error)});
        }
    }
    /// The results that are the next, if they are there.
    std::optional<item_results<value>> take_ready() {
        if (ready_.empty() || (ordered_ && ready_.begin()->first != given_)) return std::nullopt;
        auto first = ready_.extract(ready_.begin());
        given_ += first.mapped().count();
        return std::move(first.mapped());
    }
    [[nodiscard]] auto message() { return inbox_->messages.pop(); }
    void handle(typename inbox::message m) {
        std::visit([this](auto&& what) { this->handle_one(std::move(what)); }, std::move(m));
    }
    [[nodiscard]] bool over() const { return source_.at_end() && given_ == source_.taken() && batches_.empty(); }
    [[nodiscard]] std::size_t more() const {
        return source_.left().value_or(0) + static_cast<std::size_t>(source_.taken() - given_);
    }
    [[nodiscard]] const std::exception_ptr& source_failure() const noexcept { return source_.failure(); }

private:
    struct batch_out {
        job<> running;
        std::size_t bytes;
        std::size_t descriptors;
    };

    static wire::buffer head_for(const F& function) {
        wire::buffer head;
        wire::writer w(head);
        source::traits::encode_head(w, function);
        return head;
    }
    [[nodiscard]] std::size_t ahead() const noexcept { return static_cast<std::size_t>(source_.taken() - given_); }

    void send(item_batch items) {
        if (items.count == 0) return;
        const std::size_t name = next_batch_++;
        const std::size_t bytes = items.bytes.size();
        const std::size_t descriptors = items.beside.descriptors();
        bytes_out_ += bytes;
        descriptors_out_ += descriptors;
        auto running = start_job(run_batch(pool_, options_.call, inbox_, std::move(items), name));
        batches_.emplace(name, batch_out{std::move(running), bytes, descriptors});
    }
    void keep(item_results<value> results) {
        const std::uint64_t number = results.number;
        ready_.emplace(number, std::move(results));
    }

    void handle_one(item_results<value> results) { keep(std::move(results)); }
    void handle_one(item_batch items) {  // too many for a batch, as it turned out
        const std::size_t size = inbox_->plan.items(items.count, 0);
        for (std::uint32_t from = 0; from != items.count;) {
            const auto to = static_cast<std::uint32_t>(std::min<std::size_t>(items.count, from + size));
            send(items.part(from, to));
            from = to;
        }
    }
    void handle_one(typename inbox::batch_ended which) {
        const auto at = batches_.find(which.batch);
        bytes_out_ -= at->second.bytes;
        descriptors_out_ -= at->second.descriptors;
        batches_.erase(at);
    }

    const std::shared_ptr<pool_engine> pool_;
    const map_options options_;
    const bool ordered_;
    const std::shared_ptr<inbox> inbox_;
    source source_;
    std::map<std::uint64_t, item_results<value>> ready_;  // by number: results that were not given yet
    std::map<std::size_t, batch_out> batches_;
    std::size_t next_batch_ = 0;
    std::size_t bytes_out_ = 0;
    std::size_t descriptors_out_ = 0;
    std::uint64_t given_ = 0;  // to the consumer; in order, the number of the next as well
};

/// What a map gives: values, and the first failure is its end.
struct item_values {
    template <class T>
    using type = T;
    template <class T>
    static std::vector<T> of(item_results<T>& results) {
        return std::move(results.values);
    }
    static constexpr bool fails = true;
};
/// Or how each item ended.
struct item_outcomes {
    template <class T>
    using type = outcome<T>;
    template <class T>
    static std::vector<outcome<T>> of(item_results<T>& results) {
        std::vector<outcome<T>> all;
        all.reserve(results.count());
        for (auto&& value : results.values) all.emplace_back(std::in_place, std::move(value));
        if (results.error) all.emplace_back(results.error);
        return all;
    }
    static constexpr bool fails = false;
};

template <class Given, class F, class Range>
auto map_items(std::shared_ptr<pool_engine> pool, F function, Range range, map_options options, bool ordered)
    -> stream<typename Given::template type<typename running_map<F, Range>::value>> {
    running_map<F, Range> map(std::move(pool), function, std::move(range), options, ordered);
    for (;;) {
        map.refill();
        if (auto results = map.take_ready()) {
            chunk<typename Given::template type<typename running_map<F, Range>::value>> given{Given::of(*results),
                                                                                              map.more()};
            co_yield std::move(given);
            if (Given::fails && results->error) std::rethrow_exception(results->error);
            continue;
        }
        if (map.over()) break;
        auto message = co_await map.message();
        map.handle(*std::move(message));
    }
    if (map.source_failure()) std::rethrow_exception(map.source_failure());
}

}  // namespace braid::detail
