#include <braid/thread/detail/short_mutex.hpp>

#include <doctest/doctest.h>

#include <mutex>
#include <thread>
#include <vector>

using braid::detail::short_mutex;

TEST_SUITE("thread/short_mutex") {
    TEST_CASE("four threads that count under it count right, whoever of them sleeps") {
        constexpr int each = 100'000;
        short_mutex mutex;
        int counted = 0;
        {
            std::vector<std::jthread> threads;
            for (int t = 0; t < 4; ++t) {
                threads.emplace_back([&] {
                    for (int i = 0; i < each; ++i) {
                        const std::lock_guard lock(mutex);
                        if (++counted % 1'000 == 0) std::this_thread::yield();  // so that the others have to sleep
                    }
                });
            }
        }
        CHECK(counted == 4 * each);
    }
}
