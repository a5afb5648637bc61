#include "parse_stage.hpp"

#include <braid/core/deadline.hpp>

#include <fmt/format.h>

#include <csignal>
#include <exception>
#include <new>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "counted.hpp"
#include "sandbox.hpp"

namespace crawl {
namespace {

/// Nothing that a parser does ends in SIGKILL: somebody else sent it, an administrator or a kernel short of memory.
bool killed_from_outside(const braid::worker_died& death) { return death.signal() == SIGKILL; }

/// No core dumps, and nothing written to disk, even where the kernel has no sandbox.
constexpr std::uint64_t largest_file = 0;

braid::process_pool_options pool_of(const parse_settings& s) {
    braid::process_pool_options pool{.workers = s.workers, .name = "crawl-parser"};
    pool.limits.file_size = largest_file;
    if (!has_sanitizers()) pool.limits.memory = s.memory;
    if (s.heard) {
        pool.output = braid::worker_output::lines;
        pool.on_line = s.heard;
    }
    if (s.sandbox) pool.initialise = braid::worker_initialiser(enter_sandbox);
    return pool;
}

std::uint64_t size_of(const parsed_page& page) {
    std::uint64_t size = page.title.size() + page.language.size() + page.base.size();
    for (const link& l : page.links) size += sizeof l + l.url.size() + l.problem.size();
    for (const std::string& place : page.places) size += sizeof place + place.size();
    for (const linked_fragments& of : page.fragments) {
        size += sizeof of + of.url.size();
        for (const std::string& name : of.fragments) size += sizeof name + name.size();
    }
    for (const extract& e : page.extracts) size += sizeof e + e.name.size() + e.value.size();
    return size;
}

/// What is found in a page takes the crawler's memory, where no limit of a worker holds.
parsed_page parse_within(std::uint64_t most, page_parser with, const document& page) {
    parsed_page found = with(page);
    const std::uint64_t size = size_of(found);
    if (size <= most) return found;
    throw std::length_error(fmt::format("what it found takes {} bytes, more than {}", size, most));
}

struct parsed_in_worker {
    parsed_page page;
    std::string sandbox_problem;
};

/// What a worker runs: the parts of a document travel from where they are, with no copy of them made for the call.
parsed_in_worker parse_document(page_parser with, std::uint64_t most, std::string url, std::string content_type,
                                std::string body) {
    return {parse_within(most, with, {std::move(url), std::move(content_type), std::move(body)}), sandbox_problem()};
}

}  // namespace

parse_stage::parse_stage(parse_settings options) : options_(std::move(options)) {
    if (options_.workers == 0) return;
    pool_.emplace(pool_of(options_));
    free_.emplace(options_.workers);
}

braid::task<parse_result> parse_stage::parse(document page) {
    const counted here(in_flight_);
    if (!pool_) co_return parse_here(page);
    const braid::permit worker = co_await free_->acquire();
    co_return co_await parse_in_worker(page);
}

/// Parsing is pure, so that doing it again does no harm.
braid::task<parse_result> parse_stage::parse_in_worker(const document& page) {
    std::string killed;
    for (int i = 0; i < options_.attempts; ++i) {
        try {
            co_return co_await attempt(page);
        } catch (const braid::worker_died& death) {
            if (!killed_from_outside(death)) co_return failure_of(death);
            killed = death.what();
        }
    }
    co_return parse_failure{outcome::parser_crashed, fmt::format("{} times: {}", options_.attempts, killed)};
}

parse_result parse_stage::parse_here(const document& page) const {
    try {
        return parse_within(options_.most_found, options_.parse, page);
    } catch (const std::exception& e) {
        return parse_failure{outcome::parser_failed, e.what()};
    } catch (...) {
        return parse_failure{outcome::parser_failed, "it threw what is no std::exception"};
    }
}

braid::task<> parse_stage::close() {
    if (pool_) co_await pool_->close();
}

std::uint32_t parse_stage::workers() const {
    return pool_ ? static_cast<std::uint32_t>(pool_->worker_pids().size()) : 0;
}

braid::task<parse_result> parse_stage::attempt(const document& page) {
    std::string failure;
    try {
        const braid::call_options how{.limits = {.cpu_time = options_.cpu_time}};
        auto parsed = co_await braid::move_on_after(
            options_.timeout,
            pool_->run(how, parse_document, options_.parse, options_.most_found, std::string_view(page.url),
                       std::string_view(page.content_type), std::string_view(page.body)));
        if (parsed && sandbox_problem_.empty()) sandbox_problem_ = std::move(parsed->sandbox_problem);
        if (parsed) co_return std::move(parsed->page);
        co_return parse_failure{outcome::parser_hung, fmt::format("not done after {} ms", options_.timeout.count())};
    } catch (const braid::worker_died&) {
        throw;
    } catch (const std::bad_alloc&) {
        failure = fmt::format("it wants more memory than a worker may have, which is {} MiB", options_.memory >> 20U);
    } catch (const std::exception& e) {
        failure = e.what();
    }
    co_return parse_failure{outcome::parser_failed, std::move(failure)};
}

parse_failure parse_stage::failure_of(const braid::worker_died& death) const {
    if (death.reason() == braid::death_reason::cpu_limit) {
        return {outcome::parser_hung, fmt::format("not done after {} ms of CPU time", options_.cpu_time.count())};
    }
    if (death.signal() == SIGSYS) {
        return {outcome::parser_crashed, fmt::format("it tried what a parser may not do: {}", death.what())};
    }
    return {outcome::parser_crashed, death.what()};
}

}  // namespace crawl
