#pragma once
// The time that a crawl goes by.

#include <braid/core/sleep.hpp>
#include <braid/core/task.hpp>

namespace crawl {

/// What waits, and what grows old, asks this. Tests have a clock of their own.
struct crawl_clock {
    braid::time_point (*now)() = [] { return braid::time_point::clock::now(); };
    braid::task<> (*sleep_until)(braid::time_point) = sleep_in_real_time;

    static braid::task<> sleep_in_real_time(braid::time_point then) { co_await braid::sleep_until(then); }
};

}  // namespace crawl
