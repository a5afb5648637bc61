#include <braid/wire/archive.hpp>
#include <braid/wire/image.hpp>

#include <doctest/doctest.h>

#include <cstdlib>

#include "wire/values.hpp"

namespace wire = braid::wire;

namespace {

int twice(int x) { return 2 * x; }
int a_variable = 0;

const void* address_of(int (*f)(int)) { return reinterpret_cast<const void*>(f); }

}  // namespace

TEST_SUITE("wire/image") {
    TEST_CASE("the address of a function comes back from its place in the image") {
        const auto place = wire::to_address(address_of(twice));
        CHECK(place.module == 0);
        CHECK(wire::from_address(place) == address_of(twice));
        CHECK(wire::unpack(wire::pack(place)) == place);
    }

    TEST_CASE("functions of shared libraries have a place of their own") {
        const auto place = wire::to_address(address_of(&std::abs));
        CHECK(place.module != 0);
        CHECK(wire::from_address(place) == address_of(&std::abs));
    }

    TEST_CASE("what is not code is refused in both directions") {
        CHECK_THROWS_AS(static_cast<void>(wire::to_address(&a_variable)), wire::image_error);
        CHECK_THROWS_AS(static_cast<void>(wire::to_address(nullptr)), wire::image_error);
        CHECK_THROWS_AS(static_cast<void>(wire::from_address({0, 0})), wire::image_error);
        CHECK_THROWS_AS(static_cast<void>(wire::from_address({0, ~std::uint64_t{0}})), wire::image_error);
        CHECK_THROWS_AS(static_cast<void>(wire::from_address({9999, 0})), wire::image_error);
    }

    TEST_CASE("taking the list anew keeps every place") {
        const auto before = wire::to_address(address_of(&std::abs));
        wire::refresh_image();
        CHECK(wire::to_address(address_of(&std::abs)) == before);
    }

    TEST_CASE("the fingerprint travels, and equals only that of the same image") {
        const auto ours = wire::fingerprint();
        auto theirs = wire_test::round_trip(ours);
        CHECK(wire::difference(ours, theirs).empty());
        REQUIRE(theirs.modules.size() > 1);
        theirs.modules[1].id[3] ^= 1;
        CHECK(wire::difference(ours, theirs).find(ours.modules[1].name) != std::string::npos);
        theirs = ours;
        theirs.modules.pop_back();
        CHECK(wire::difference(ours, theirs) == "only this process has " + ours.modules.back().name);
        theirs.protocol += 1;
        CHECK(wire::difference(ours, theirs).find("protocol") != std::string::npos);
    }

    TEST_CASE("every module has a build id") {
        for (const auto& module : wire::fingerprint().modules) CHECK(module.id != wire::build_id{});
    }
}
