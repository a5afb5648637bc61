#include "fetch.hpp"

#include <braid/core/deadline.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>

#include "counted.hpp"
#include "credentials.hpp"
#include "fetch_error.hpp"

namespace crawl {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;
using braid::time_point;

std::string in_seconds(std::chrono::milliseconds time) {
    return fmt::format("{:.4g} s", std::chrono::duration<double>(time).count());
}

bool is_redirect(unsigned status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// One phase of a fetch: its own deadline, unless that of the whole is earlier.
struct phase {
    std::string_view doing;
    std::chrono::milliseconds limit;
    time_point begin = braid::time_point::clock::now();

    [[nodiscard]] time_point deadline(time_point end) const { return std::min(begin + limit, end); }
    [[nodiscard]] fetch_failure timed_out(time_point end, std::chrono::milliseconds total) const {
        const auto spent = begin + limit <= end ? limit : total;
        // What took too long once may not the next time; all the time that there is has been spent once.
        const bool passing = begin + limit <= end;
        return {outcome::timed_out, fmt::format("timed out after {} while {}", in_seconds(spent), doing), passing};
    }
};

/// The server may close an idle connection at any time, also just when a request is on its way. Then nothing of a
/// response has come, and the request may be made again: it is a GET.
bool was_stale(const connection& over) { return over.used() && !over.answered(); }

/// What may come for a body: a compressed one that unpacks to nothing, or chunks with more around them than in them,
/// would else go on until the deadline. No honest encoding doubles a body.
std::uint64_t most_received(const body_limit& limit) {
    constexpr std::uint64_t slack = 1024 * 1024;
    return limit.bytes < (UINT64_MAX - slack) / 2 ? 2 * limit.bytes + slack : UINT64_MAX;
}

/// Source: WARC 1.1, 5.13.
std::string_view why_truncated(outcome how) {
    switch (how) {
        case outcome::too_large: return "length";
        case outcome::timed_out: return "time";
        case outcome::network_error: return "disconnect";
        default: return "unspecified";
    }
}

std::string text_of(boost::beast::string_view field) { return {field.data(), field.size()}; }

fetched take_response(http_response& from) {
    fetched result;
    result.status = static_cast<int>(from.result_int());
    result.content_type = text_of(from[http::field::content_type]);
    if (is_redirect(from.result_int())) result.location = text_of(from[http::field::location]);
    result.retry_after = text_of(from[http::field::retry_after]);
    const auto [robots, end] = from.equal_range("X-Robots-Tag");
    for (auto field = robots; field != end; ++field) result.robots += text_of(field->value()) + '\n';
    result.known = {text_of(from[http::field::etag]), text_of(from[http::field::last_modified])};
    result.body = std::move(from.body().bytes);
    result.received = from.body().received;
    return result;
}

}  // namespace

fetcher::fetcher(boost::asio::any_io_executor executor, fetch_options options)
    : options_(std::move(options)),
      connector_(options_.connecting),
      connections_(std::move(executor), options_.max_idle) {}

/// What one fetch is to do.
struct fetcher::order {
    url target;
    std::optional<validators> unless;
    body_limit limit;
    time_point end;
    bool copy;
};

braid::task<fetch_result> fetcher::fetch(url target, fetch_terms terms) {
    const counted goes_on(in_flight_);
    const body_limit limit{terms.cut_after.value_or(options_.max_body), terms.cut_after.has_value()};
    const order wanted{std::move(target), std::move(terms.unless), limit,
                       time_point::clock::now() + options_.total_timeout, terms.copy};
    std::unique_ptr<connection> over = connections_.take(wanted.target);
    if (over) {
        fetch_result result = co_await exchange(*over, wanted);
        const auto* failure = std::get_if<fetch_failure>(&result);
        const bool again = failure && failure->how == outcome::network_error && was_stale(*over);
        if (!again) {
            connections_.give_back(wanted.target, std::move(over));
            co_return result;
        }
    }
    over = connections_.make();
    fetch_result result = co_await connect_and_exchange(*over, wanted);
    connections_.give_back(wanted.target, std::move(over));
    co_return result;
}

braid::task<fetch_result> fetcher::connect_and_exchange(connection& over, const order& wanted) {
    const phase connecting{"connecting", options_.connect_timeout};
    const time_point deadline = connecting.deadline(wanted.end);
    auto ended = co_await braid::move_on_at(deadline, connector_.open(over, wanted.target, deadline));
    if (!ended) co_return connecting.timed_out(wanted.end, options_.total_timeout);
    if (*ended) co_return std::move(**ended);
    co_return co_await exchange(over, wanted);
}

braid::task<fetch_result> fetcher::exchange(connection& over, const order& wanted) {
    const http_request asked = make_request(wanted);
    const std::shared_ptr<crawl::exchange> copy = make_copy(over, wanted);
    const phase waiting{"waiting for the response", options_.first_byte_timeout};
    const auto error =
        co_await braid::move_on_at(waiting.deadline(wanted.end), over.exchange_heads(asked, wanted.limit, copy.get()));
    if (!error) co_return waiting.timed_out(wanted.end, options_.total_timeout);
    if (*error) co_return network_failure(*error, waiting.doing);
    const auto waited = time_point::clock::now() - waiting.begin;
    if (options_.cookies) take_cookies(wanted.target, over.answer());
    auto failure = co_await read_body(over, wanted);
    if (copy) copy->status = static_cast<int>(over.answer().result_int());
    if (failure) {
        if (copy) copy->truncated = why_truncated(failure->how);
        failure->wire = copy;
        co_return std::move(*failure);
    }
    if (copy) copy->payload_digest = copy->payload.finish();
    fetched result = take_response(over.answer());
    result.first_byte = std::chrono::duration_cast<std::chrono::microseconds>(waited);
    result.wire = copy;
    co_return result;
}

std::shared_ptr<crawl::exchange> fetcher::make_copy(const connection& over, const order& wanted) const {
    if (!wanted.copy) return nullptr;
    auto copy = std::make_shared<crawl::exchange>(options_.temporary);
    copy->begun = std::chrono::system_clock::now();
    if (options_.connecting.proxies.of(wanted.target) == nullptr) copy->address = over.peer();
    return copy;
}

braid::task<std::optional<fetch_failure>> fetcher::read_body(connection& over, const order& wanted) {
    while (!over.complete()) {
        const phase reading{"reading the response", options_.idle_timeout};
        const auto error = co_await braid::move_on_at(reading.deadline(wanted.end), over.read_some());
        if (!error) co_return reading.timed_out(wanted.end, options_.total_timeout);
        decoded_body::value_type& body = over.answer().body();
        if (!body.refusal && over.received() > most_received(wanted.limit)) {
            body.refusal = outcome::too_large;
            body.message = fmt::format("{} bytes came for a body of at most {}", over.received(), wanted.limit.bytes);
        }
        if (body.refusal == outcome::too_large && wanted.limit.cut) co_return std::nullopt;
        if (body.refusal) co_return fetch_failure{*body.refusal, std::move(body.message)};
        if (*error) co_return network_failure(*error, reading.doing);
    }
    co_return std::nullopt;
}

http_request fetcher::make_request(const order& wanted) const {
    const url& target = wanted.target;
    const proxy* const by_proxy = target.scheme() == "http" ? options_.connecting.proxies.of(target) : nullptr;
    const std::string_view wanted_of_it = by_proxy != nullptr ? target.text() : target.target();
    http_request asked(http::verb::get, {wanted_of_it.data(), wanted_of_it.size()}, 11);
    const std::string_view authority = target.authority();
    asked.set(http::field::host, {authority.data(), authority.size()});
    asked.set(http::field::user_agent, options_.user_agent);
    asked.set(http::field::accept, "*/*");
    asked.set(http::field::accept_encoding, {accepted_codings.data(), accepted_codings.size()});
    if (wanted.unless) {
        if (!wanted.unless->etag.empty()) asked.set(http::field::if_none_match, wanted.unless->etag);
        if (!wanted.unless->last_modified.empty()) {
            asked.set(http::field::if_modified_since, wanted.unless->last_modified);
        }
    }
    add_headers(asked, target);
    if (by_proxy != nullptr && !by_proxy->authorization.empty()) {
        asked.set(http::field::proxy_authorization, by_proxy->authorization);
    }
    return asked;
}

/// The one that the URL of its host was given with, before that for all.
const std::string& fetcher::user_for(const url& target) const {
    const auto is_for_it = [&target](const auto& one) { return is_home(one.first, target); };
    const auto found = std::find_if(options_.users.begin(), options_.users.end(), is_for_it);
    return found != options_.users.end() ? found->second : options_.user;
}

void fetcher::add_headers(http_request& to, const url& target) const {
    const std::string& user = user_for(target);
    const bool has_own = !options_.headers.empty() || !user.empty();
    const bool at_home = has_own && is_home(options_.homes, target);
    for (const auto& [name, value] : options_.headers) {
        if (at_home || !is_secret(name)) to.set(name, value);
    }
    if (at_home && !user.empty()) to.set(http::field::authorization, basic_authorization(user));
    if (!options_.cookies) return;
    const std::string kept = cookies_.for_request(target, std::chrono::system_clock::now());
    if (kept.empty()) return;
    const std::string given = text_of(to[http::field::cookie]);
    to.set(http::field::cookie, given.empty() ? kept : given + "; " + kept);
}

void fetcher::take_cookies(const url& from, const http_response& response) {
    const auto [begin, end] = response.equal_range(http::field::set_cookie);
    const auto now = std::chrono::system_clock::now();
    for (auto field = begin; field != end; ++field) cookies_.take(from, text_of(field->value()), now);
}

}  // namespace crawl
