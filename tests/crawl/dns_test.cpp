#include <doctest/doctest.h>

#include <crawl/dns.hpp>

#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include <atomic>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <semaphore>
#include <string>

using namespace crawl;
using namespace std::chrono_literals;

namespace {

braid::time_point present;
constexpr crawl_clock time_of_the_test{.now = [] { return present; }};

// A resolver that counts, on threads of its own, and knows every name while it is well.
std::atomic<int> lookups = 0;
std::atomic<bool> well = true;

lookup look_up_and_count(const std::string&) {
    ++lookups;
    if (!well) return {boost::asio::error::host_not_found_try_again, {}};
    return {{}, {boost::asio::ip::make_address("192.0.2." + std::to_string(lookups))}};
}

// A resolver that waits for one name until the loop has gone on. What would wait forever fails instead.
std::atomic<bool> waits = false;
std::binary_semaphore loop_went_on{0};

lookup look_up_and_wait(const std::string& host) {
    if (host == "slow.example") {
        waits = true;
        if (!loop_went_on.try_acquire_for(10s)) return {boost::asio::error::host_not_found_try_again, {}};
    }
    return {{}, {boost::asio::ip::make_address("192.0.2.1")}};
}

/// The address that a name has; "none" if it has none.
braid::task<std::string> address_of(dns_cache& in, std::string host) {
    const lookup found = co_await in.find(std::move(host));
    co_return found.error ? "none" : found.addresses.at(0).to_string();
}

dns_cache make_cache() {
    lookups = 0;
    well = true;
    return dns_cache(look_up_and_count, time_of_the_test);
}

}  // namespace

TEST_SUITE("crawl/dns") {
    TEST_CASE("an address is kept for a minute from when it came, and asked for again after that") {
        braid::run_blocking([]() -> braid::task<> {
            dns_cache names = make_cache();
            const std::string first = co_await address_of(names, "h.example");
            present += 59s;
            const std::string kept = co_await address_of(names, "h.example");
            present += 1s;
            const std::string fresh = co_await address_of(names, "h.example");
            CHECK(first == "192.0.2.1");
            CHECK(kept == "192.0.2.1");
            CHECK(fresh == "192.0.2.2");
            CHECK(lookups == 2);
        }());
    }

    TEST_CASE("a failure is kept for five seconds, and no longer") {
        braid::run_blocking([]() -> braid::task<> {
            dns_cache names = make_cache();
            well = false;
            const std::string failed = co_await address_of(names, "h.example");
            well = true;
            present += 4s;
            const std::string still = co_await address_of(names, "h.example");
            CHECK(failed == "none");
            CHECK(still == "none");
            CHECK(lookups == 1);
            present += 1s;
            const std::string now = co_await address_of(names, "h.example");
            CHECK(now == "192.0.2.2");
        }());
    }

    TEST_CASE("while a lookup blocks the loop goes on, and with it the lookups of other names") {
        braid::run_blocking([]() -> braid::task<> {
            dns_cache names(look_up_and_wait);
            std::string slow;
            co_await braid::with_task_group([&](braid::task_group& group) -> braid::task<> {
                group.start([&]() -> braid::task<> { slow = co_await address_of(names, "slow.example"); });
                while (!waits) co_await braid::checkpoint();
                const std::string other = co_await address_of(names, "other.example");
                CHECK(other == "192.0.2.1");
                CHECK(slow.empty());
                loop_went_on.release();
            });
            CHECK(slow == "192.0.2.1");
        }());
    }

    TEST_CASE("what one name has come to says nothing of another, and numbers are not looked up") {
        braid::run_blocking([]() -> braid::task<> {
            dns_cache names = make_cache();
            well = false;
            const std::string one = co_await address_of(names, "a.example");
            well = true;
            const std::string other = co_await address_of(names, "b.example");
            const std::string number = co_await address_of(names, "2001:db8::1");
            CHECK(one == "none");
            CHECK(other == "192.0.2.2");
            CHECK(number == "2001:db8::1");
            CHECK(lookups == 2);
        }());
    }
}
