#include <crawl/credentials.hpp>

#include <doctest/doctest.h>

namespace {

bool is_told(const char* home, const char* target) {
    return crawl::is_home({*crawl::parse_url(home)}, *crawl::parse_url(target));
}

}  // namespace

TEST_SUITE("crawl/credentials") {
    TEST_CASE("basic authorization is base64") {
        CHECK(crawl::basic_authorization("Aladdin:open sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        CHECK(crawl::basic_authorization(":") == "Basic Og==");
    }

    TEST_CASE("secrets are for the start hosts, which may move to TLS and not away from it") {
        CHECK(is_told("http://h/a", "http://h/b"));
        CHECK(is_told("http://h/", "https://h/"));
        CHECK_FALSE(is_told("https://h/", "http://h/"));
        CHECK_FALSE(is_told("http://h/", "http://h:81/"));
        CHECK_FALSE(is_told("http://h:81/", "https://h/"));
        CHECK_FALSE(is_told("http://h/", "http://sub.h/"));
        CHECK_FALSE(is_told("http://h.example/", "https://other.example/"));
    }

    TEST_CASE("headers that hold secrets are known in any case") {
        CHECK(crawl::is_secret("authorization"));
        CHECK(crawl::is_secret("Cookie"));
        CHECK_FALSE(crawl::is_secret("Accept-Language"));
    }
}
