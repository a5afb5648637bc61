// What must not compile; each case is compiled alone by a test that looks for the words of its error.

#include <braid/core/task.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/use_task.hpp>
#include <braid/core/when_all.hpp>
#include <braid/flow/map_concurrent.hpp>
#include <braid/flow/retry.hpp>
#include <braid/flow/stream.hpp>
#include <braid/sync/channel.hpp>
#include <braid/sync/mutex.hpp>

#include <boost/asio/steady_timer.hpp>

#include <coroutine>
#include <string>
#include <vector>

namespace {

[[maybe_unused]] braid::task<int> give(int value) { co_return value; }
[[maybe_unused]] braid::task<> change(std::string& text) {
    text += "!";
    co_return;
}
[[maybe_unused]] int plain(int value) { return value; }

}  // namespace

#if defined(FOREIGN_AWAITER)
braid::task<> waits_for_a_stranger() { co_await std::suspend_always{}; }
#elif defined(TASK_AWAITED_AS_LVALUE)
braid::task<> awaits_again() {
    auto work = give(1);
    co_await work;
}
#elif defined(TASK_NOT_AWAITED)
braid::task<> forgets() {
    give(1);
    co_return;
}
#elif defined(TASKS_OF_AN_LVALUE_RANGE)
braid::task<> takes_what_is_not_given(std::vector<braid::task<int>>& work) { co_await braid::when_all(work); }
#elif defined(TEMPORARY_FOR_A_REFERENCE)
void starts(braid::task_group& group) { group.start(change, std::string("a temporary")); }
#elif defined(CHILD_THAT_IS_NO_COROUTINE)
void starts(braid::task_group& group) { group.start(plain, 1); }
#elif defined(MAP_OF_PLAIN_FUNCTION)
void maps(std::vector<int>& items) { static_cast<void>(braid::map_concurrent(1, items, plain)); }
#elif defined(CHILD_CALLED_TOO_EARLY)
void starts(braid::task_group& group, int x) {
    group.start([x]() -> braid::task<int> { return give(x); }());
}
#elif defined(HANDLE_OF_A_CHILD_CALLED_TOO_EARLY)
void starts(braid::task_group& group) { static_cast<void>(group.submit(give(1))); }
#elif defined(HANDLE_DROPPED)
void starts(braid::task_group& group) { group.submit(give, 1); }
#elif defined(OPERATION_NOT_AWAITED)
void forgets(braid::channel<int>& values) { values.pop(); }
#elif defined(ASIO_OPERATION_NOT_AWAITED)
void forgets(boost::asio::steady_timer& timer) { timer.async_wait(braid::use_task); }
#elif defined(LOCK_DROPPED)
braid::task<> locks(braid::mutex& m) { co_await m.lock(); }
#elif defined(STREAM_DROPPED)
braid::stream<int> count() { co_yield 1; }
void forgets() { count(); }
#elif defined(CAPTURE_IN_THE_BODY_OF_A_GROUP)
braid::task<> groups(std::string text) {
    co_await braid::with_task_group([text](braid::task_group&) -> braid::task<> { co_return; });
}
#elif defined(CAPTURE_STARTED_READY)
braid::task<> starts(braid::task_group& group, std::string text) {
    co_await group.start_ready([text](braid::ready_signal<> ready) -> braid::task<> {
        ready();
        co_return;
    });
}
#elif defined(CAPTURE_RETRIED)
braid::task<> retries(std::string text) {
    co_await braid::retry(braid::retry_options(), [text]() -> braid::task<> { co_return; });
}
#endif
