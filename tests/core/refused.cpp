// What must not compile; each case is compiled alone by a test that looks for the words of its error.

#include <braid/core/task.hpp>

#include <coroutine>

#if defined(FOREIGN_AWAITER)
braid::task<> waits_for_a_stranger() { co_await std::suspend_always{}; }
#endif
