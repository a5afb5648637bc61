#pragma once
// Keeps how each call of a chaos run ended, and says what of it cannot be right.

#include "process/chaos/errand.hpp"
#include "support/run_counter.hpp"

#include <braid/process/error.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace chaos {

enum class outcome : std::uint8_t { none, value, failed, starved, died, late, cancelled, shut_down, wrong };
inline constexpr std::size_t outcomes = 9;

/// What was done to the workers of a round, from outside.
struct harm {
    std::size_t kills = 0;
    std::size_t stops = 0;
    std::size_t starved = 0;
    bool shut_down = false;  ///< the pool was terminated
};

/// Threads: the members that take an outcome, any.
class judge {
public:
    judge(std::uint64_t seed, std::size_t calls);

    void value(std::size_t number, const std::string& text);
    /// In a handler: what the call threw.
    void caught(std::size_t number);

    [[nodiscard]] const std::string& counter() const noexcept { return runs_.path(); }
    [[nodiscard]] std::size_t ended() const noexcept { return ended_; }

    /// When all is over. Empty if each call has the one end that it can have.
    [[nodiscard]] std::vector<std::string> complaints(const harm& done);
    /// "2,871 values, 12 died, ..."
    [[nodiscard]] std::string summary() const;

private:
    outcome outcome_of_caught(std::size_t number, const plan& p);
    outcome judge_death(const braid::worker_died& e, const plan& p);
    void record(std::size_t number, outcome how);
    void complain(std::string what);
    void check_runs(std::size_t number, outcome how);
    void check_harm(const harm& done);

    const std::uint64_t seed_;
    braid::testing::run_counter runs_;
    std::vector<std::atomic<outcome>> ends_;
    std::atomic<std::size_t> ended_ = 0;
    std::atomic<std::size_t> killed_calls_ = 0;
    std::atomic<std::size_t> starved_calls_ = 0;
    std::atomic<std::size_t> shut_down_calls_ = 0;
    std::mutex mutex_;
    std::vector<std::string> complaints_;  // under mutex_
};

}  // namespace chaos
