#include <braid/wire/archive.hpp>

#include <doctest/doctest.h>

#include "wire/values.hpp"

using namespace wire_test;
namespace wire = braid::wire;

TEST_SUITE("wire/archive") {
    TEST_CASE("a struct of strings and vectors comes back without a line of serialisation code") {
        const page sent = sample_page();
        CHECK(round_trip(sent) == sent);
    }
}
