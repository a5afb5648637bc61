#pragma once
// What `map` of every pool, `map_concurrent` and `as_completed` are made of: jobs for the items of a range, a window of
// them at a time.

#include <braid/core/job.hpp>
#include <braid/flow/stream.hpp>
#include <braid/sync/channel.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <queue>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace braid::detail {

template <class T>
inline constexpr bool is_tuple = false;
template <class... Ts>
inline constexpr bool is_tuple<std::tuple<Ts...>> = true;

/// Calls `submit(item)`, or `submit(elements...)` for an item that is a tuple.
template <class Submit, class Item>
auto submit_item(Submit& submit, Item&& item) {
    if constexpr (is_tuple<std::remove_cvref_t<Item>>) {
        return std::apply(submit, std::forward<Item>(item));
    } else {
        return submit(std::forward<Item>(item));
    }
}

template <class Submit, class Range>
using mapped_job =
    decltype(submit_item(std::declval<Submit&>(), std::declval<std::ranges::range_reference_t<Range&>>()));
template <class Submit, class Range>
using mapped = value_or_monostate<typename mapped_job<Submit, Range>::value_type>;

/// The result of a job as a stream can give it.
template <class R>
task<value_or_monostate<R>> result_of(job<R> work) {
    if constexpr (std::is_void_v<R>) {
        co_await work;
        co_return std::monostate();
    } else {
        co_return co_await work;
    }
}

template <class Job>
Job take_first(std::queue<Job>& jobs) {
    Job first = std::move(jobs.front());
    jobs.pop();
    return first;
}

/// A range that is kept for later: values are moved in, lvalues are viewed and must outlive the stream.
template <class Range>
using kept_range = std::views::all_t<Range>;

/// The results in the order of the items. At most `window` items are ahead of the consumer.
template <class Submit, class Range>
stream<mapped<Submit, Range>> map_ordered(Submit submit, Range range, std::size_t window) {
    std::queue<mapped_job<Submit, Range>> ahead;  // dropped early, it cancels what runs, and the scope waits for that
    for (auto&& item : range) {
        ahead.push(submit_item(submit, std::forward<decltype(item)>(item)));
        if (ahead.size() < window) continue;
        auto first = take_first(ahead);
        co_yield co_await result_of(std::move(first));
    }
    while (!ahead.empty()) {
        auto first = take_first(ahead);
        co_yield co_await result_of(std::move(first));
    }
}

/// Jobs in numbered places, and which of them have ended, in the order in which they did.
template <class R>
class job_set {
public:
    explicit job_set(std::size_t places) : ended_(unbounded), places_(places) {
        for (place& p : places_) {
            p.set = this;
            free_.push_back(&p);
        }
    }
    job_set(const job_set&) = delete;
    job_set& operator=(const job_set&) = delete;
    ~job_set() {
        for (place& p : places_) {
            if (p.used) job_access::state(p.work).forget_listener();
        }
    }

    [[nodiscard]] bool full() const noexcept { return free_.empty(); }
    [[nodiscard]] bool empty() const noexcept { return free_.size() == places_.size(); }

    void add(job<R> work) {
        place& p = *free_.back();
        free_.pop_back();
        p.work = std::move(work);
        p.used = true;
        if (!job_access::state(p.work).listen(p)) p.job_ended();
    }

    /// The job that ended first of those that are left.
    task<job<R>> next() {
        const auto ended = co_await ended_.pop();
        place& p = **ended;
        p.used = false;
        free_.push_back(&p);
        co_return std::move(p.work);
    }

private:
    struct place final : job_listener {
        void job_ended() noexcept override { static_cast<void>(set->ended_.try_push(this)); }
        job_set* set = nullptr;
        bool used = false;
        job<R> work;
    };

    channel<place*> ended_;
    std::vector<place> places_;
    std::vector<place*> free_;
};

/// The results as they come.
template <class Submit, class Range>
stream<mapped<Submit, Range>> map_as_completed(Submit submit, Range range, std::size_t window) {
    job_set<typename mapped_job<Submit, Range>::value_type> ahead(window);
    for (auto&& item : range) {
        ahead.add(submit_item(submit, std::forward<decltype(item)>(item)));
        if (!ahead.full()) continue;
        auto first = co_await ahead.next();
        co_yield co_await result_of(std::move(first));
    }
    while (!ahead.empty()) {
        auto first = co_await ahead.next();
        co_yield co_await result_of(std::move(first));
    }
}

}  // namespace braid::detail
