#pragma once
// process_pool: workers that run functions in processes of their own, awaited like anything else. A crash, a leak or a
// hang in a worker costs the call it was running and nothing more.

#include <braid/core/task.hpp>
#include <braid/process/call_options.hpp>
#include <braid/process/detail/call.hpp>
#include <braid/process/detail/map_items.hpp>
#include <braid/process/error.hpp>
#include <braid/process/map_options.hpp>
#include <braid/process/pool_options.hpp>
#include <braid/process/pool_stats.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <optional>
#include <ranges>
#include <utility>
#include <vector>

namespace braid {

/// A pool of worker processes, each the same executable started again.
/// Threads: all members but the destructor and `worker_pids` may be called from any thread, `run` from coroutines on
/// any home. The pool itself lives on one executor, and is destroyed before the context of that.
/// Lifetime: a pool that goes out of scope cancels its calls and kills its workers. In a coroutine the enclosing scope
/// ends only after they are gone; elsewhere the destructor waits for that.
class process_pool {
public:
    /// On the executor of the running coroutine. Throws: usage_error outside of one, for impossible options, and if
    /// main did not begin with `braid::run` or `braid::init`.
    explicit process_pool(process_pool_options options = {});
    process_pool(boost::asio::any_io_executor executor, process_pool_options options = {});
    process_pool(const process_pool&) = delete;
    process_pool& operator=(const process_pool&) = delete;
    ~process_pool();

    /// `co_await pool.run(f, args...)`: the value of `f(args...)`, computed by a worker. `f` is a plain function or a
    /// callable without state; it, the arguments and the result have to be able to travel (see wire/archive.hpp). A
    /// function that returns a task is run to its end in the worker, on a loop there.
    /// Throws: what the function threw, keeping its type if that is a standard or registered one, else remote_error;
    /// worker_died; pool_failed; closed; the encoding's errors.
    /// Cancellation: a call that waits never starts; one that runs sees `stop_requested()`, and after the grace period
    /// its process is killed and replaced. When the await throws `cancelled`, nothing of the call runs any more.
    template <class F, class... Args>
    auto run(F&& function, Args&&... args) {
        return ask({engine_}, std::forward<F>(function), std::forward<Args>(args)...);
    }
    /// `co_await pool.run(call_options{.retries = 2}, f, args...)`
    template <class F, class... Args>
    auto run(call_options options, F&& function, Args&&... args) {
        return ask({engine_, std::make_unique<call_options>(options)}, std::forward<F>(function),
                   std::forward<Args>(args)...);
    }

    /// The same, begun now, also from plain threads: a job, to be awaited or cancelled later.
    template <class F, class... Args>
    auto submit(F&& function, Args&&... args) {
        return detail::submit_call(run(std::forward<F>(function), std::forward<Args>(args)...),
                                   detail::queue_place::enter(*engine_), *engine_);
    }
    template <class F, class... Args>
    auto submit(call_options options, F&& function, Args&&... args) {
        return detail::submit_call(run(options, std::forward<F>(function), std::forward<Args>(args)...),
                                   detail::queue_place::enter(*engine_), *engine_);
    }

    /// The same, if there is room in the queue; else, or while others wait for that, nothing: then what would have been
    /// moved from has not been touched. A pool that is closed gives a job that fails, like `submit`, while its queue
    /// has room. See `process_pool_options::max_queued`. Never suspends.
    template <class F, class... Args>
    [[nodiscard("a job that is dropped is cancelled: keep it, and co_await it")]] auto try_submit(F&& function,
                                                                                                  Args&&... args) {
        using submitted = decltype(submit(std::forward<F>(function), std::forward<Args>(args)...));
        auto place = detail::queue_place::try_enter(*engine_);
        if (!place) return std::optional<submitted>();
        return std::optional<submitted>(detail::submit_call(run(std::forward<F>(function), std::forward<Args>(args)...),
                                                            *std::move(place), *engine_));
    }
    template <class F, class... Args>
    [[nodiscard("a job that is dropped is cancelled: keep it, and co_await it")]] auto try_submit(call_options options,
                                                                                                  F&& function,
                                                                                                  Args&&... args) {
        using submitted = decltype(submit(options, std::forward<F>(function), std::forward<Args>(args)...));
        auto place = detail::queue_place::try_enter(*engine_);
        if (!place) return std::optional<submitted>();
        return std::optional<submitted>(detail::submit_call(
            run(options, std::forward<F>(function), std::forward<Args>(args)...), *std::move(place), *engine_));
    }

    /// `f(item)` for each item, as a stream of results in the order of the items; a tuple is spread. Short calls travel
    /// together, long ones alone. A bounded number of items is ahead of the consumer: the range may be endless.
    /// Throws: `next` rethrows the first failure, in the order of the items; of an item in which its worker died,
    /// worker_died, which has the item's number. What the range throws comes after the results of what it gave before.
    /// Lifetime: a range that is an lvalue is looked at, not copied. Dropped early, the stream cancels what is left.
    template <class F, std::ranges::input_range Range>
    auto map(F function, Range&& items, map_options options = {}) {
        return detail::map_items<detail::item_values>(engine_, std::move(function),
                                                      std::views::all(std::forward<Range>(items)), options, true);
    }
    /// The same in the order in which the calls end.
    template <class F, std::ranges::input_range Range>
    auto map_unordered(F function, Range&& items, map_options options = {}) {
        return detail::map_items<detail::item_values>(engine_, std::move(function),
                                                      std::views::all(std::forward<Range>(items)), options, false);
    }
    /// The same as a stream of `outcome`s, in the order of the items: an item that fails ends nothing but itself.
    template <class F, std::ranges::input_range Range>
    auto map_outcomes(F function, Range&& items, map_options options = {}) {
        return detail::map_items<detail::item_outcomes>(engine_, std::move(function),
                                                        std::views::all(std::forward<Range>(items)), options, true);
    }

    /// Finishes what is queued, refuses what comes later, and ends the workers. Awaiting it again does no harm.
    /// Cancellation: turns it into `terminate`, and waits for that.
    task<> close();

    /// Cancels what is queued and running, kills the workers, and does not wait for it. The calls end with `cancelled`
    /// (reason shutdown) when their processes are gone.
    void terminate() noexcept;

    /// From now on so many workers at most. Those that are too many finish what they have and end. Threads: any.
    /// Throws: usage_error if it is not positive.
    void resize(int workers);

    /// What the pool is doing now. Cancellation: of the awaiting task only.
    task<pool_stats> stats() const;

    /// Of the workers that run now. Threads: the pool's home.
    [[nodiscard]] std::vector<int> worker_pids() const;

private:
    template <class F, class... Args>
    static auto ask(detail::call_request request, F&& function, Args&&... args) {
        return detail::call_awaitable<std::decay_t<F>, std::decay_t<Args>...>(
            std::move(request), std::forward<F>(function), std::forward<Args>(args)...);
    }

    std::shared_ptr<detail::pool_engine> engine_;
};

}  // namespace braid
