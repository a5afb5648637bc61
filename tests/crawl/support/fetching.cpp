#include "fetching.hpp"

#include <doctest/doctest.h>

#include <braid/core/spawn.hpp>
#include <braid/core/this_executor.hpp>

namespace crawl::testing {

url parsed(const std::string& text) { return *parse_url(text); }

fetch_options local(fetch_options options) {
    options.connecting.allow_private = true;
    return options;
}

fetch_result fetch_one(const reply& how, const fetch_options& options) {
    fetch_result result;
    const test_server::answer same = [&how](std::string_view) { return how; };
    const auto work = [&](test_server& server) -> braid::task<> {
        const auto executor = co_await braid::this_executor();
        fetcher fetching(executor, local(options));
        result = co_await fetching.fetch(parsed(server.url("/")));
    };
    braid::run_blocking(with_server(same, work));
    return result;
}

void check_failure(const fetch_result& result, outcome how, const std::string& part_of_message) {
    const auto* failure = std::get_if<fetch_failure>(&result);
    REQUIRE(failure != nullptr);
    CHECK(to_string(failure->how) == to_string(how));
    CHECK_MESSAGE(failure->message.find(part_of_message) != std::string::npos, failure->message);
}

const fetched& check_response(const fetch_result& result) {
    const auto* failure = std::get_if<fetch_failure>(&result);
    REQUIRE_MESSAGE(failure == nullptr, failure->message);
    return std::get<fetched>(result);
}

}  // namespace crawl::testing
