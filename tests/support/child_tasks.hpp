#pragma once
// What tests of groups start as children.

#include <braid/core/error.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/stop.hpp>
#include <braid/core/task.hpp>

#include <chrono>
#include <stdexcept>
#include <string>

namespace braid::testing {

inline task<int> twice(int value) {
    co_await checkpoint();
    co_return 2 * value;
}
inline task<> fail(std::string message) {
    co_await checkpoint();
    throw std::runtime_error(message);
}
/// Until it is stopped; then says why.
inline task<> serve(std::string& log) {
    try {
        co_await sleep_for(std::chrono::hours(1));
    } catch (const cancelled& c) {
        log += to_string(c.reason());
        throw;
    }
}

}  // namespace braid::testing
