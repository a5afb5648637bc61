#pragma once
// The adaptors of stream<T> whose sources run ahead of the consumer, each in a job of its own.

#include <braid/core/deadline.hpp>
#include <braid/core/job.hpp>
#include <braid/flow/detail/adaptors.hpp>
#include <braid/sync/channel.hpp>

#include <memory>

namespace braid {

namespace detail {

/// Where sources leave their values for the consumer. They own it with the consumer, which may be dropped first.
template <class T>
struct meeting_place {
    explicit meeting_place(std::size_t capacity, std::size_t sources) : values(capacity), running(sources) {}

    void source_ended() noexcept {
        if (--running == 0) values.close();
    }
    void source_failed(std::exception_ptr e) noexcept {
        if (!error) error = std::move(e);
        values.close();  // the others end when they have something to give
    }

    channel<T> values;
    std::size_t running;
    std::exception_ptr error;  // the first; read once `values` has been found closed
};

template <class T>
task<> run_source(stream<T> source, std::shared_ptr<meeting_place<T>> place) {
    try {
        while (auto value = co_await source.next()) co_await place->values.push(*std::move(value));
        place->source_ended();
    } catch (...) {
        place->source_failed(std::current_exception());
    }
}

/// Sources that run, and their values. Dropped early, it cancels them, and the enclosing scope waits for that.
template <class T>
class running_sources {
public:
    running_sources(std::vector<stream<T>> sources, std::size_t capacity)
        : place_(std::make_shared<meeting_place<T>>(capacity, sources.size())) {
        jobs_.reserve(sources.size());
        for (auto& source : sources) jobs_.push_back(start_job(run_source(std::move(source), place_)));
        if (sources.empty()) place_->values.close();
    }

    [[nodiscard]] auto& values() noexcept { return place_->values; }

    /// After the last value. Throws: the first failure of a source.
    task<> finish() {
        for (auto& job : jobs_) job.cancel();
        for (auto& job : jobs_) co_await job;
        if (place_->error) std::rethrow_exception(place_->error);
    }

private:
    std::shared_ptr<meeting_place<T>> place_;
    std::vector<job<>> jobs_;
};

/// Each source has one value in hand besides those in the channel, whose capacity is given.
template <class T>
stream<T> run_ahead(std::vector<stream<T>> sources, std::size_t capacity) {
    running_sources<T> running(std::move(sources), capacity);
    while (auto value = co_await running.values().pop()) co_yield *std::move(value);
    co_await running.finish();
}

template <class T>
stream<std::vector<T>> batches_in_time(std::vector<stream<T>> source, std::size_t count, duration within) {
    running_sources<T> running(std::move(source), count - 1);
    auto& values = running.values();
    while (auto first = co_await values.pop()) {
        const time_point until = from_now(within);
        std::vector<T> batch;
        batch.push_back(*std::move(first));
        while (batch.size() < count) {
            std::optional<T> more = values.try_pop();  // what is there is taken, late or not
            if (!more) {
                auto in_time = co_await move_on_at(until, values.pop());
                if (in_time) more = *std::move(in_time);
            }
            if (!more) break;
            batch.push_back(*std::move(more));
        }
        co_yield std::move(batch);
    }
    co_await running.finish();
}

template <class... Streams>
auto vector_of(Streams&&... streams) {
    std::vector<std::common_type_t<std::remove_cvref_t<Streams>...>> all;
    all.reserve(sizeof...(streams));
    (all.push_back(std::forward<Streams>(streams)), ...);
    return all;
}

}  // namespace detail

template <class T>
template <class Rep, class Period>
stream<std::vector<T>> stream<T>::batch(std::size_t count, std::chrono::duration<Rep, Period> within) && {
    detail::require_some("a batch", count);
    return detail::batches_in_time(detail::vector_of(std::move(*this)), count, std::chrono::ceil<duration>(within));
}

template <class T>
stream<T> stream<T>::buffer(std::size_t count) && {
    detail::require_some("a buffer", count);
    return detail::run_ahead(detail::vector_of(std::move(*this)), count - 1);
}

template <class T, class... More>
    requires(std::is_same_v<T, More> && ...)
stream<T> merge(stream<T> first, stream<More>... others) {
    return detail::run_ahead(detail::vector_of(std::move(first), std::move(others)...), 0);
}

template <class T>
stream<T> merge(std::vector<stream<T>> sources) {
    return detail::run_ahead(std::move(sources), 0);
}

}  // namespace braid
