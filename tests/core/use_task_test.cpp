#include <braid/core/use_task.hpp>

#include <braid/core/as_result.hpp>
#include <braid/core/deadline.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/this_executor.hpp>
#include <braid/core/when_all.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <doctest/doctest.h>

#include <array>
#include <future>
#include <memory>
#include <thread>
#include <vector>

using namespace braid;
using namespace std::chrono_literals;

namespace {

struct counted_memory {
    std::size_t allocations = 0;
    std::size_t bytes = 0;  // in use
};

template <class T>
struct counting_allocator {
    using value_type = T;
    counted_memory* memory;

    explicit counting_allocator(counted_memory& m) noexcept : memory(&m) {}
    template <class U>
    counting_allocator(const counting_allocator<U>& other) noexcept : memory(other.memory) {}
    T* allocate(std::size_t n) {
        ++memory->allocations;
        memory->bytes += n * sizeof(T);
        return std::allocator<T>().allocate(n);
    }
    void deallocate(T* p, std::size_t n) noexcept {
        memory->bytes -= n * sizeof(T);
        std::allocator<T>().deallocate(p, n);
    }
    friend bool operator==(const counting_allocator&, const counting_allocator&) = default;
};

/// Operations that never end by themselves, and that count those that do.
task<> read_for_ever(int& resumed) {
    boost::asio::local::stream_protocol::socket a(co_await this_executor()), b(co_await this_executor());
    boost::asio::local::connect_pair(a, b);
    std::array<char, 8> data{};
    static_cast<void>(co_await as_result(boost::asio::async_read(a, boost::asio::buffer(data), use_task)));
    ++resumed;
}
task<> wait_for_ever(int& resumed) {
    boost::asio::steady_timer timer(co_await this_executor(), 1h);
    static_cast<void>(co_await as_result(timer.async_wait(use_task)));
    ++resumed;
}
task<> sleep_for_ever(int& resumed) {
    static_cast<void>(co_await as_result(sleep_for(1h)));
    ++resumed;
}

}  // namespace

TEST_SUITE("core/use_task") {
    TEST_CASE("an Asio operation is awaited in a task") {
        run_blocking([]() -> task<> {
            boost::asio::steady_timer timer(co_await this_executor(), 1ms);
            co_await timer.async_wait(use_task);
        }());
    }

    TEST_CASE("a deadline stops an Asio operation") {
        run_blocking([]() -> task<> {
            boost::asio::steady_timer timer(co_await this_executor(), 1h);
            CHECK_THROWS_AS(co_await fail_after(1ms, timer.async_wait(use_task)), timed_out);
            CHECK_FALSE(co_await move_on_after(1ms, timer.async_wait(use_task)));
        }());
    }

    TEST_CASE("an error of an Asio operation is thrown as a system error") {
        run_blocking([]() -> task<> {
            boost::asio::steady_timer timer(co_await this_executor(), 1h);
            bool thrown = false;
            co_await when_all(
                [](auto& t, bool& flag) -> task<> {
                    try {
                        co_await t.async_wait(use_task);
                    } catch (const boost::system::system_error& e) {
                        flag = e.code() == boost::asio::error::operation_aborted;
                    }
                }(timer, thrown),
                [](auto& t) -> task<> {
                    co_await checkpoint();
                    t.cancel();
                }(timer));
            CHECK(thrown);
        }());
    }

    TEST_CASE("a cancellation echoed as an exception says why this task was cancelled") {
        boost::asio::io_context elsewhere;
        const auto keep = boost::asio::make_work_guard(elsewhere);
        const std::jthread thread([&] { elsewhere.run(); });
        run_blocking([](auto& context) -> task<> {
            auto forever = []() -> task<> { co_await sleep_for(1h); };
            bool told = false;
            const bool in_time = co_await move_on_after(5ms, [](auto& c, auto& work, bool& flag) -> task<> {
                try {
                    co_await spawn(c, work(), use_task);
                } catch (const cancelled& why) {
                    flag = why.reason() == cancel_reason::deadline;
                    throw;
                }
            }(context, forever, told));
            CHECK_FALSE(in_time);
            CHECK(told);
        }(elsewhere));
        elsewhere.stop();
    }

    TEST_CASE("operations of one task on a loop that four threads run end once, cancelled or not") {
        boost::asio::io_context context;
        constexpr int operations = 500;
        auto root = [](int index) -> task<int> {
            int ended = 0, stopped = 0;
            boost::asio::steady_timer timer(co_await this_executor());
            for (int i = 0; i < operations; ++i) {
                timer.expires_after(std::chrono::microseconds((i * 7 + index) % 60));
                const bool in_time =
                    co_await move_on_after(std::chrono::microseconds(i % 50), timer.async_wait(use_task));
                in_time ? ++ended : ++stopped;
            }
            co_return ended + stopped;
        };
        std::vector<std::future<int>> roots;
        for (int i = 0; i < 4; ++i) roots.push_back(spawn(context, root(i), boost::asio::use_future));
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) threads.emplace_back([&] { context.run(); });
        for (auto& r : roots) CHECK(r.get() == operations);
    }

    TEST_CASE("what an operation allocates comes from the allocator that is bound to it") {
        counted_memory memory;
        run_blocking([](counted_memory& m) -> task<> {
            boost::asio::steady_timer timer(co_await this_executor(), 1ms);
            co_await timer.async_wait(boost::asio::bind_allocator(counting_allocator<void>(m), use_task));
            const bool in_time = co_await move_on_after(
                1ms, boost::asio::steady_timer(timer.get_executor(), 1h)
                         .async_wait(boost::asio::bind_allocator(counting_allocator<void>(m), use_task)));
            CHECK_FALSE(in_time);
        }(memory));
        CHECK(memory.allocations >= 2);
        CHECK(memory.bytes == 0);
    }

    TEST_CASE("the task goes on at home, though the executor that is bound to its operation is another one") {
        boost::asio::thread_pool elsewhere(1);
        run_blocking([](auto& pool) -> task<> {
            const auto home = std::this_thread::get_id();
            boost::asio::steady_timer timer(co_await this_executor(), 1ms);
            co_await timer.async_wait(boost::asio::bind_executor(pool, use_task));
            CHECK(std::this_thread::get_id() == home);
        }(elsewhere));
        elsewhere.join();
    }

    TEST_CASE("an operation whose cancellation slot is the user's is stopped by that one") {
        run_blocking([]() -> task<> {
            boost::asio::steady_timer timer(co_await this_executor(), 1h);
            boost::asio::cancellation_signal signal;
            boost::asio::post(timer.get_executor(), [&] { signal.emit(boost::asio::cancellation_type::all); });
            const auto end = co_await timer.async_wait(
                boost::asio::bind_cancellation_slot(signal.slot(), boost::asio::as_tuple(use_task)));
            CHECK(std::get<0>(end) == boost::asio::error::operation_aborted);
        }());
    }

    TEST_CASE("post and dispatch are awaited too") {
        boost::asio::thread_pool pool(2);
        run_blocking([](auto& p) -> task<> {
            const auto home = std::this_thread::get_id();
            co_await boost::asio::post(p, use_task);
            CHECK(std::this_thread::get_id() == home);
            co_await boost::asio::dispatch(co_await this_executor(), use_task);
            co_await boost::asio::post(use_task);
        }(pool));
        pool.join();
    }

    TEST_CASE("a loop may go as soon as its task has ended, though the thread that woke it is still on its way out") {
        boost::asio::thread_pool pool(2);
        for (int i = 0; i < 500; ++i) {
            run_blocking([](auto& p) -> task<> { co_await boost::asio::post(p, use_task); }(pool));
        }
        pool.join();
    }

    TEST_CASE("a context that goes while operations are under way calls nobody, and goes") {
        // Nobody resumes or releases those who wait; what lives here for ever still reaches them, so they are no leak.
        static auto& homes = *new std::vector<std::shared_ptr<detail::home>>;
        static detail::result_slot<void> nothing;
        int resumed = 0;
        int ended = 0;
        {
            boost::asio::io_context context(1);
            homes.push_back(std::make_shared<detail::home>(context.get_executor()));
            for (auto* wait : {read_for_ever, wait_for_ever, sleep_for_ever})
                detail::run_root(wait(resumed), &nothing, [&] { ++ended; }).start(homes.back());
            context.poll();
        }
        CHECK(resumed == 0);
        CHECK(ended == 0);
    }

    TEST_CASE("an asio::awaitable is awaited through co_spawn, and cancelled with the task") {
        run_blocking([]() -> task<> {
            auto answer = []() -> boost::asio::awaitable<int> { co_return 42; };
            auto forever = []() -> boost::asio::awaitable<void> {
                boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, 1h);
                co_await timer.async_wait(boost::asio::use_awaitable);
            };
            const auto executor = co_await this_executor();
            CHECK(co_await boost::asio::co_spawn(executor, answer(), use_task) == 42);
            const bool in_time = co_await move_on_after(1ms, boost::asio::co_spawn(executor, forever(), use_task));
            CHECK_FALSE(in_time);
        }());
    }
}
