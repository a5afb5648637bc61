#include <braid/core/detail/short_mutex.hpp>

#include <doctest/doctest.h>

#include <mutex>
#include <thread>
#include <vector>

using braid::detail::short_mutex;

TEST_SUITE("core/short_mutex") {
    TEST_CASE("of four threads one is inside at a time, whoever of them sleeps, and none is lost") {
        constexpr int each = 20'000;
        short_mutex mutex;
        bool inside = false;
        int overlaps = 0;
        int entered = 0;
        {
            std::vector<std::jthread> threads;
            for (int t = 0; t < 4; ++t) {
                threads.emplace_back([&] {
                    for (int i = 0; i < each; ++i) {
                        const std::lock_guard lock(mutex);
                        overlaps += inside;
                        inside = true;
                        if (++entered % 100 == 0) std::this_thread::yield();  // so that the others come, and sleep
                        inside = false;
                    }
                });
            }
        }
        CHECK(overlaps == 0);
        CHECK(entered == 4 * each);
    }
}
