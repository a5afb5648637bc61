#include <braid/version.hpp>

#include <doctest/doctest.h>
#include <fmt/core.h>

TEST_SUITE("version") {
    TEST_CASE("the library is of the version that its headers say") {
        CHECK(braid::version() ==
              fmt::format("{}.{}.{}", BRAID_VERSION_MAJOR, BRAID_VERSION_MINOR, BRAID_VERSION_PATCH));
    }
}
