#include <braid/core/error.hpp>

#include <doctest/doctest.h>

TEST_SUITE("core/error") {
    TEST_CASE("a cancellation is not caught by a handler of ordinary errors") {
        bool swallowed = false;
        try {
            try {
                throw braid::cancelled(braid::cancel_reason::deadline);
            } catch (const std::exception&) {
                swallowed = true;
            }
        } catch (const braid::cancelled& c) {
            CHECK(c.reason() == braid::cancel_reason::deadline);
        }
        CHECK_FALSE(swallowed);
    }

    TEST_CASE("every reason has a name") {
        CHECK(to_string(braid::cancel_reason::user) == "user");
        CHECK(to_string(braid::cancel_reason::shutdown) == "shutdown");
    }
}
