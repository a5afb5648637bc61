#include "parse_stage.hpp"

#include <braid/core/deadline.hpp>

#include <fmt/format.h>

#include <csignal>
#include <exception>
#include <optional>
#include <utility>

namespace crawl {
namespace {

/// Nothing that a parser does ends in SIGKILL: somebody else sent it, an administrator or a kernel short of memory.
bool killed_from_outside(const braid::worker_died& death) { return death.signal() == SIGKILL; }

}  // namespace

parse_stage::parse_stage(parse_settings options)
    : options_(options), pool_({.workers = options.workers, .name = "crawl-parser"}), free_(options.workers) {}

/// Parsing is pure, so that doing it again does no harm.
braid::task<parse_result> parse_stage::parse(document page) {
    const braid::permit worker = co_await free_.acquire();
    std::string killed;
    for (int i = 0; i < options_.attempts; ++i) {
        try {
            co_return co_await attempt(page);
        } catch (const braid::worker_died& death) {
            if (!killed_from_outside(death)) co_return parse_failure{outcome::parser_crashed, death.what()};
            killed = death.what();
        }
    }
    co_return parse_failure{outcome::parser_crashed, fmt::format("{} times: {}", options_.attempts, killed)};
}

braid::task<parse_result> parse_stage::attempt(const document& page) {
    std::string failure;
    try {
        auto parsed = co_await braid::move_on_after(options_.timeout, pool_.run(options_.parse, page));
        if (parsed) co_return std::move(*parsed);
        co_return parse_failure{outcome::parser_hung, fmt::format("not done after {} ms", options_.timeout.count())};
    } catch (const braid::worker_died&) {
        throw;
    } catch (const std::exception& e) {
        failure = e.what();
    }
    co_return parse_failure{outcome::parser_failed, std::move(failure)};
}

}  // namespace crawl
