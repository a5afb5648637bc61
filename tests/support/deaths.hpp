#pragma once
// How a call to a worker ended, for tests in which it is to die.

#include <braid/core/task.hpp>
#include <braid/process/error.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>

namespace braid::testing {

struct death {
    bool died = false;
    death_reason reason = death_reason::unknown;
    std::string what = {};
    std::chrono::microseconds ran_for{};
    std::size_t stack = 0;
};

template <class Call>
task<death> death_of(Call call) {
    death seen;
    try {
        co_await std::move(call);
    } catch (const worker_died& e) {
        seen = {true, e.reason(), e.what(), e.ran_for(), e.stack().size()};
    }
    co_return seen;
}

}  // namespace braid::testing
