#pragma once
// How many fetches of one host may run at a time, by how it answers.

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace crawl {

/// How a fetch ended, as far as it tells whether its host copes.
enum class reaction : std::uint8_t {
    answered,
    refused,    ///< it said that it is too much: 429 or 503
    timed_out,  ///< it said nothing
    unknown,    ///< that says nothing about it
};

/// A limit that gives way to a host that answers more slowly the more it is asked at a time. It begins with a few
/// fetches, doubles while answers take no longer, and never exceeds what the user allows.
///
/// Answers are judged a round at a time: as many as there were fetches in flight, by their median, so that pages that
/// are slow by nature do not count while they are the fewer. Slow is what takes twice as long as the host's best round,
/// and 50 ms longer at least. After two slow rounds half as many fetches are tried. If that makes answers quicker it
/// stays so, and grows again by an eighth for every round that is not slow. If it does not, parallelism is not the
/// reason, such as where a part of a site is slow by nature: the limit is what it was, and the round the one to compare
/// with. A refusal halves the limit without a trial, and each makes growing slower.
///
/// What was in flight when the limit fell tells of the time before, and counts for nothing: a burst of refusals is one.
///
/// Source: additive increase, multiplicative decrease and the one cut in a round are TCP's (RFC 5681); to go by the
/// best time seen is the idea of TCP Vegas and of Netflix's concurrency-limits; to let no error page speed things up
/// that of Scrapy's AutoThrottle. Threads: one.
class host_pace {
public:
    static constexpr std::uint32_t first_limit = 4;

    /// `most` is what the user allows, above zero.
    explicit host_pace(std::uint32_t most);

    [[nodiscard]] std::uint32_t limit() const noexcept { return limit_; }

    [[nodiscard]] std::uint32_t in_flight() const noexcept { return in_flight_; }

    /// Tells fetches that began before the limit fell from those after.
    using age = std::uint32_t;

    /// A fetch begins; it is to be ended by `end`.
    age begin() noexcept;

    /// `first_byte` is the time from the request to the answer's head, where there is one.
    void end(age begun, reaction how, std::chrono::microseconds first_byte = {});

    /// That it was, or is, held below what it had.
    struct slowdown {
        std::uint32_t from;                     ///< fetches at a time before it fell for the first time
        std::uint32_t to;                       ///< the fewest
        reaction why;                           ///< of the latest; `answered` means slowly
        std::chrono::microseconds usual{};      ///< if it answered slowly: its best round
        std::chrono::microseconds with_more{};  ///< and the one that was slow
    };
    [[nodiscard]] const std::optional<slowdown>& slowed() const noexcept { return slowed_; }

private:
    using time = std::chrono::microseconds;
    struct trial {
        std::uint32_t limit_before;
        time median_before;
    };

    [[nodiscard]] bool round_is_full() const noexcept;
    void end_round();
    void judge(const trial& made, time median);
    void try_fewer(time median, std::uint32_t parallel);
    void give_way(reaction why, std::uint32_t parallel);
    void fall_to(std::uint32_t limit) noexcept;
    void grow() noexcept;
    void note(slowdown what);
    [[nodiscard]] bool is_slow(time median) const noexcept;

    std::uint32_t most_;
    std::uint32_t limit_;
    std::uint32_t in_flight_ = 0;
    std::uint32_t peak_ = 0;  // of in_flight_, in this round
    age age_ = 0;
    bool starting_ = true;  // the limit never fell
    std::uint32_t slow_rounds_ = 0;
    std::uint32_t good_rounds_ = 0;  // since the limit grew
    std::uint32_t rounds_to_grow_ = 1;
    std::vector<time> round_;  // what its answers took
    std::optional<time> best_;
    std::optional<trial> trial_;
    std::optional<slowdown> slowed_;
};

}  // namespace crawl
