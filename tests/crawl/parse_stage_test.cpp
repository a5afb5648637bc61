#include <crawl/parse_stage.hpp>

#include <braid/core/spawn.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <string>
#include <utility>
#include <variant>

#include "support/sanitized.hpp"

using namespace crawl;

TEST_SUITE("crawl/parse_stage") {
    TEST_CASE("an index of places in a hundred thousand documents is parsed within the limits of a worker") {
        constexpr std::size_t documents = 100'000;
        std::string index;
        for (std::size_t i = 0; i < documents; ++i) index += fmt::format("<a href=document{}.html#place>x</a>", i);
        braid::run_blocking([&]() -> braid::task<> {
            parse_settings settings{.parse = parse_page_and_fragments};
            // It takes about a second in a debug build, and under AddressSanitizer ten times as much.
            if (braid_test::sanitized) settings.cpu_time *= 10;
            if (braid_test::sanitized) settings.timeout *= 10;
            parse_stage stage(settings);
            document page{"http://host/", "text/html", index};
            const parse_result result = co_await stage.parse(std::move(page));
            co_await stage.close();
            const auto* failure = std::get_if<parse_failure>(&result);
            REQUIRE_MESSAGE(failure == nullptr, (failure != nullptr ? failure->message : std::string()));
            CHECK(std::get<parsed_page>(result).links.size() == documents);
            CHECK(std::get<parsed_page>(result).fragments.size() == documents);
        }());
    }
}
