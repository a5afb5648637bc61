#include <braid/core/this_executor.hpp>

#include <braid/core/spawn.hpp>

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

using namespace braid;

TEST_SUITE("core/this_executor") {
    TEST_CASE("a task learns the executor that it was spawned on") {
        boost::asio::io_context context;
        bool same = false;
        spawn(
            context,
            [](boost::asio::io_context& c) -> task<bool> {
                co_return co_await this_executor() == c.get_executor();
            }(context),
            [&](std::exception_ptr, bool result) { same = result; });
        context.run();
        CHECK(same);
    }
}
