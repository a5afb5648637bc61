// What must not compile; each case is compiled alone by a test that looks for the words of its error.

#include <braid/app/on_loop.hpp>
#include <braid/thread/blocking_pool.hpp>
#include <braid/thread/fork_join.hpp>
#include <braid/thread/on_thread.hpp>
#include <braid/thread/start_on.hpp>

#include <string>

namespace {

[[maybe_unused]] braid::task<int> give(int value) { co_return value; }
[[maybe_unused]] braid::task<> change_later(std::string& text) {
    text += "!";
    co_return;
}
[[maybe_unused]] void change(std::string& text) { text += "!"; }
[[maybe_unused]] int plain(int value) { return value; }

}  // namespace

#if defined(TEMPORARY_FOR_A_REFERENCE)
braid::task<> runs(braid::thread_pool& pool) { co_await pool.run(change, std::string("a temporary")); }
#elif defined(TEMPORARY_FOR_A_REFERENCE_BLOCKING)
braid::task<> runs() { co_await braid::on_blocking_thread(change, std::string("a temporary")); }
#elif defined(TEMPORARY_FOR_A_REFERENCE_OF_A_COROUTINE)
braid::task<> starts(braid::thread_pool& pool) { co_await braid::start_on(pool, change_later, std::string("one")); }
#elif defined(COROUTINE_CALLED_TOO_EARLY)
braid::task<> starts(braid::thread_pool& pool) { co_await braid::start_on(pool, give(1)); }
#elif defined(COROUTINE_ON_A_LOOP_CALLED_TOO_EARLY)
braid::task<> starts() { co_await braid::on_each_loop(give(1)); }
#elif defined(PLAIN_FUNCTION_THAT_LIVES)
braid::task<> starts(braid::thread_pool& pool) { co_await braid::start_on(pool, plain, 1); }
#elif defined(CALL_NOT_AWAITED)
void forgets(braid::thread_pool& pool) { pool.run(plain, 1); }
#elif defined(HANDLE_DROPPED)
void forgets(braid::thread_pool& pool) { pool.submit(plain, 1); }
#elif defined(FORK_NOT_AWAITED)
void forgets() { braid::fork_join(give(1), give(2)); }
#elif defined(CAPTURE_ON_A_THREAD)
braid::task<> runs(braid::thread_pool& pool, std::string text) {
    co_await pool.run([text] { return text.size(); });
}
#elif defined(CAPTURE_THAT_LIVES)
braid::task<> starts(braid::thread_pool& pool, std::string text) {
    co_await braid::start_on(pool, [text]() -> braid::task<> { co_return; });
}
#endif
