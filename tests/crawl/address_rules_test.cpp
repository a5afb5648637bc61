#include <crawl/address_rules.hpp>

#include <doctest/doctest.h>

namespace {

std::string_view kind(const char* text) { return crawl::kind_if_not_public(boost::asio::ip::make_address(text)); }

}  // namespace

TEST_SUITE("crawl/address_rules") {
    TEST_CASE("addresses of the public internet have nothing against them") {
        for (const char* text : {"1.1.1.1", "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.1.1",
                                 "100.63.255.255", "100.128.0.0", "223.255.255.255", "2606:4700::1", "2a00::1",
                                 "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::1"}) {
            CAPTURE(text);
            CHECK(kind(text).empty());
        }
    }

    TEST_CASE("what is behind them is told by its kind, in every disguise of IPv6") {
        for (const char* text :
             {"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::1"}) {
            CAPTURE(text);
            CHECK(kind(text) == "a loopback address");
        }
        for (const char* text : {"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "fd12::1",
                                 "fc00::1", "::ffff:10.1.2.3"}) {
            CAPTURE(text);
            CHECK(kind(text) == "a private address");
        }
        CHECK(kind("169.254.1.1") == "a link-local address");
        CHECK(kind("fe80::1") == "a link-local address");
        CHECK(kind("169.254.169.254") == "the metadata service of a cloud");
        CHECK(kind("::ffff:169.254.169.254") == "the metadata service of a cloud");
        CHECK(kind("168.63.129.16") == "the metadata service of a cloud");
        CHECK(kind("0.0.0.0") == "an unspecified address");
        CHECK(kind("::") == "an unspecified address");
        CHECK(kind("224.0.0.1") == "a multicast address");
        CHECK(kind("ff02::1") == "a multicast address");
        CHECK(kind("255.255.255.255") == "a reserved address");
        CHECK(kind("2001:db8::1") == "a reserved address");
    }
}
