#include <braid/core/outcome.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>

using namespace braid;

TEST_SUITE("core/outcome") {
    TEST_CASE("an outcome has a value, or rethrows how the work ended") {
        outcome<std::unique_ptr<int>> good(std::in_place, std::make_unique<int>(3));
        CHECK(good.has_value());
        CHECK(good.error() == nullptr);
        CHECK(*std::move(good).value() == 3);
        outcome<void> bad(std::make_exception_ptr(std::runtime_error("lost")));
        CHECK_FALSE(bad);
        CHECK_THROWS_WITH_AS(bad.value(), "lost", std::runtime_error);
    }

    TEST_CASE("an outcome of a reference refers to the original") {
        int x = 1;
        outcome<int&> reference(std::in_place, x);
        reference.value() = 2;
        CHECK(x == 2);
    }
}
