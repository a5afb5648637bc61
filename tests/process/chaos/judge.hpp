#pragma once
// Keeps how each call of a chaos run ended, and says what of it cannot be right.

#include "process/chaos/inquest.hpp"
#include "process/chaos/plan.hpp"
#include "support/run_counter.hpp"

#include <braid/process/error.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chaos {

enum class outcome : std::uint8_t { none, value, failed, starved, died, late, cancelled, shut_down, refused, wrong };
inline constexpr std::size_t outcomes = 10;

/// What a round was like.
struct circumstances {
    bool terminated = false;   ///< the pool was
    bool has_limit = false;    ///< calls without a deadline of their own have one
    bool queue_limit = false;  ///< max_queued
};

/// Threads: the members that take an outcome, any.
class judge {
public:
    judge(std::uint64_t seed, std::size_t calls);

    // How a call ended, exactly once for each:
    void text(std::size_t call, std::string_view text);
    /// With something else than text, or all of a map.
    void value(std::size_t call);
    void refused(std::size_t call);
    /// In a handler: what the call, or the map after so many items, threw.
    outcome caught(std::size_t call, std::size_t items_given = 0);

    // Of the items of a map, at most once for each:
    void item_text(std::size_t call, std::size_t item, std::size_t number, std::string_view text);
    void item_failed(std::size_t call, std::size_t item, const std::exception_ptr& error);

    /// Something else that is not right. `where` tells of which call.
    void expect(bool right, std::size_t call, std::string_view what);

    [[nodiscard]] const std::string& counter() const noexcept { return runs_.path(); }
    [[nodiscard]] std::size_t ended() const noexcept { return ended_; }
    /// Those among them that workers have answered.
    [[nodiscard]] std::size_t answered() const noexcept { return answered_; }
    [[nodiscard]] const std::vector<testimony>& deaths() const noexcept { return deaths_; }
    [[nodiscard]] const std::vector<want>& wants() const noexcept { return wants_; }

    /// When all is over. Empty if each call has the one end that it can have.
    [[nodiscard]] std::vector<std::string> complaints(const circumstances& round);
    /// "2,871 values, 12 died, ..."
    [[nodiscard]] std::string summary() const;

private:
    /// A call, or an item of a map.
    struct subject {
        std::size_t number = 0;
        deed what = deed::answer;
        unsigned retries = 0;
        bool may_be_cancelled = false;
        std::optional<std::size_t> item = {};
    };
    [[nodiscard]] subject subject_of(std::size_t call) const;
    [[nodiscard]] subject subject_of(std::size_t call, std::size_t item) const;
    subject failed_item(std::size_t call, std::size_t items_given, const std::exception_ptr& error);

    outcome outcome_of(const subject& s, const std::exception_ptr& error);
    outcome death_of(const subject& s, const braid::worker_died& death);
    outcome outcome_of_other(const subject& s, const std::exception& error);
    bool is_answer(const errand_plan& p, std::size_t number, std::string_view text);
    void record(std::size_t call, outcome how);
    void record_item(std::size_t number, outcome how);
    void complain(std::string what);
    void check_runs(std::size_t call);
    void check_runs(std::size_t number, outcome how, unsigned retries);

    const std::uint64_t seed_;
    const std::size_t calls_;
    braid::testing::run_counter runs_;
    std::vector<std::atomic<outcome>> ends_;  // by number, of calls and of items
    std::vector<std::uint8_t> runs_at_end_;   // the same; written by whoever ends the call
    std::atomic<std::size_t> ended_ = 0;
    std::atomic<std::size_t> answered_ = 0;
    std::mutex mutex_;
    std::vector<testimony> deaths_;  // under mutex_, as all that follows
    std::vector<want> wants_;
    std::vector<std::string> complaints_;
};

}  // namespace chaos
