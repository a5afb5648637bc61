#pragma once
// Once more, after a while: what the network, or a server that is busy, refuses now it may give later.

#include <braid/core/task.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "fetch.hpp"
#include "idle_origin.hpp"
#include "pacer.hpp"
#include "throttle.hpp"

namespace crawl {

struct patience_options {
    unsigned attempts = 3;                       ///< at one URL, the first included
    std::chrono::milliseconds first_delay{500};  ///< grows twofold from pause to pause, and is drawn from zero to that
    std::chrono::milliseconds longest_wait{
        60'000};  ///< that a Retry-After can ask for; beyond it the answer stands, too
};

/// Fetches when it is the site's turn, and again if that may help. Threads: one.
class patient_fetcher {
public:
    /// `told`, which may be null, hears how hosts answer. `tell`, if there is one, is called with what a user should
    /// know: a Retry-After that is cut.
    patient_fetcher(patience_options options, fetcher& by, pacer& pace, throttle* told = nullptr,
                    std::function<void(std::string)> tell = {})
        : options_(options), fetcher_(by), pacer_(pace), throttle_(told), tell_(std::move(tell)) {}

    /// The last attempt's result. A Retry-After holds for all URLs of the site. Where the pacer was stopped before it
    /// was the site's turn, the outcome is `cancelled`.
    braid::task<fetch_result> fetch(url target, fetch_terms terms);
    braid::task<fetch_result> fetch(url target) { return fetch(std::move(target), fetch_terms()); }

    /// May tell of such origins once more.
    void forget_if(const idle_origin& is_idle) { std::erase_if(cut_, is_idle); }

private:
    struct try_again;
    braid::task<fetch_result> attempt(const url& target, const fetch_terms& terms, unsigned& left);
    [[nodiscard]] bool worth_another(const fetch_result& result, const url& target);
    void note_cut(const url& target, std::chrono::seconds asked);

    patience_options options_;
    fetcher& fetcher_;
    pacer& pacer_;
    throttle* throttle_;
    std::function<void(std::string)> tell_;
    std::set<std::string> cut_;  // origins that it was told of
};

/// What a Retry-After header says, a number of seconds or a date, as a time from now; nothing if it is neither.
[[nodiscard]] std::optional<std::chrono::seconds> parse_retry_after(std::string_view value,
                                                                    std::chrono::system_clock::time_point now);

}  // namespace crawl
