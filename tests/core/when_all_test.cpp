#include <braid/core/when_all.hpp>

#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace braid;
using namespace std::chrono_literals;

namespace {

task<int> give(int value) { co_return value; }

}  // namespace

TEST_SUITE("core/when_all") {
    TEST_CASE("when_all gives all values in order") {
        run_blocking([]() -> task<> {
            auto [a, b, c] = co_await when_all(give(1), give(2), sleep_for(1ms));
            CHECK(a == 1);
            CHECK(b == 2);
            std::vector<task<int>> many;
            for (int i = 0; i < 10; ++i) many.push_back(give(i));
            const std::vector<int> values = co_await when_all(std::move(many));
            CHECK(values.size() == 10);
            for (int i = 0; i < 10; ++i) CHECK(values[static_cast<std::size_t>(i)] == i);
        }());
    }
}
