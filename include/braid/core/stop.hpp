#pragma once
// stop_requested(): for work that computes and awaits nothing, and so has to ask by itself whether it is still wanted.

#include <braid/core/detail/environment.hpp>

namespace braid {

namespace detail {

/// How code outside of coroutines learns that it is to stop: whoever runs a call on this thread says here whom to
/// ask. Installed for the time of the call.
struct stop_query {
    bool (*ask)(void* data) noexcept = nullptr;
    void* data = nullptr;
};
inline constinit thread_local stop_query this_stop_query{};

/// Installs a query and puts the one before back.
class stop_query_guard {
public:
    explicit stop_query_guard(stop_query query) noexcept : before_(this_stop_query) { this_stop_query = query; }
    stop_query_guard(const stop_query_guard&) = delete;
    stop_query_guard& operator=(const stop_query_guard&) = delete;
    ~stop_query_guard() { this_stop_query = before_; }

private:
    stop_query before_;
};

}  // namespace detail

/// In a coroutine: its scope has been cancelled, or a deadline around it has passed. In a call on a pool's thread or in
/// a worker process: whoever waits for it no longer wants it. Elsewhere: false. Cheap enough for an inner loop. A
/// coroutine that does not await keeps its loop from hearing of anything else, a signal or another coroutine's `cancel`
/// for instance: `co_await checkpoint()` now and then.
[[nodiscard]] inline bool stop_requested() noexcept {
    const detail::driver& here = detail::this_driver;
    if (here.current && here.env && (here.env->scope->cancelled() || here.env->scope->expired())) return true;
    const detail::stop_query query = detail::this_stop_query;
    return query.ask && query.ask(query.data);
}

}  // namespace braid
