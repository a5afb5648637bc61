// What tools such as top and gdb show of the threads of pools.

#include <braid/thread/blocking_pool.hpp>
#include <braid/thread/thread_pool.hpp>

#include <braid/core/spawn.hpp>

#include <doctest/doctest.h>

#include <array>
#include <set>
#include <string>

#include <pthread.h>

using namespace braid;

namespace {

std::string name_of_this_thread() {
    std::array<char, 16> name{};
    REQUIRE(::pthread_getname_np(::pthread_self(), name.data(), name.size()) == 0);
    return name.data();
}

template <class Pool>
std::string name_on(Pool& pool) {
    return run_blocking([](Pool& p) -> task<std::string> { co_return co_await p.run(name_of_this_thread); }(pool));
}

}  // namespace

TEST_SUITE("thread/names") {
    TEST_CASE("the threads of a pool have its name and a number, cut to what Linux keeps of it") {
        thread_pool pool({.threads = 2, .name = "encoders"});
        CHECK(std::set<std::string>{"encoders-0", "encoders-1"}.contains(name_on(pool)));
        thread_pool long_winded({.threads = 1, .name = "a name that is much too long"});
        CHECK(name_on(long_winded) == "a name that-0");
        blocking_pool blocking({.name = "lookups"});
        CHECK(name_on(blocking).starts_with("lookups-"));
    }
}
