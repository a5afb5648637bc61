// What must not compile; each case is compiled alone by a test that looks for the words of its error.

#include <braid/core/task.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/when_all.hpp>
#include <braid/flow/map_concurrent.hpp>
#include <braid/flow/retry.hpp>

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
