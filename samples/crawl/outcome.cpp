#include "outcome.hpp"

namespace crawl {

std::string_view to_string(outcome how) noexcept {
    switch (how) {
        case outcome::pending: return "pending";
        case outcome::fetched: return "fetched";
        case outcome::out_of_scope: return "out of scope";
        case outcome::over_depth: return "over the depth limit";
        case outcome::over_page_limit: return "over the page limit";
        case outcome::refused_address: return "address refused";
        case outcome::disallowed: return "disallowed";
        case outcome::nofollow: return "nofollow";
        case outcome::only_on_copies: return "only on copies";
        case outcome::trap: return "trap";
        case outcome::bad_url: return "bad URL";
        case outcome::bad_scheme: return "bad scheme";
        case outcome::too_many_redirects: return "too many redirects";
        case outcome::network_error: return "network error";
        case outcome::timed_out: return "timed out";
        case outcome::too_large: return "too large";
        case outcome::bad_encoding: return "bad encoding";
        case outcome::parser_crashed: return "parser crashed";
        case outcome::parser_hung: return "parser hung";
        case outcome::parser_failed: return "parser failed";
        case outcome::cancelled: return "cancelled";
    }
    return "unknown";
}

std::optional<outcome> outcome_of(std::string_view name) noexcept {
    for (std::uint8_t i = 0; i < outcome_count; ++i) {
        if (to_string(static_cast<outcome>(i)) == name) return static_cast<outcome>(i);
    }
    return std::nullopt;
}

bool is_refusal(outcome how) noexcept {
    switch (how) {
        case outcome::out_of_scope:
        case outcome::over_depth:
        case outcome::over_page_limit:
        case outcome::nofollow:
        case outcome::only_on_copies:
        case outcome::trap:
        case outcome::bad_url:
        case outcome::bad_scheme:
        case outcome::too_many_redirects: return true;
        default: return false;
    }
}

bool is_broken(outcome how, int status) noexcept {
    switch (how) {
        case outcome::fetched: return status >= 400;
        case outcome::bad_url:
        case outcome::too_many_redirects:
        case outcome::network_error:
        case outcome::timed_out: return true;
        default: return false;
    }
}

}  // namespace crawl
