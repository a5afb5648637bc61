#pragma once
// Very many tasks on four loops that all want the same thing, half of which change their minds.

#include <braid/core/job.hpp>

#include <support/loop_thread.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace braid_test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
inline constexpr bool sanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
inline constexpr bool sanitized = false;
#endif

/// How many there are in a crowd; fewer where everything takes longer.
inline constexpr std::size_t many = sanitized ? 2'000 : 10'000;

class crowd {
public:
    crowd() {
        for (auto& loop : loops_) homes_.push_back(braid::detail::home::of(loop.executor()));
    }

    /// `make(i)` gives the task of the i-th.
    template <class Make>
    void start(Make make) {
        for (std::size_t i = 0; i < many; ++i) {
            jobs_.push_back(braid::detail::start_job<void>(make(i), homes_[i % homes_.size()]));
        }
    }

    /// Cancels about half of the first half and sees them end. Then calls `release`, for which all may have waited, and
    /// goes on in the second half, while the others are being served.
    template <class Release>
    void cancel_half(unsigned seed, Release release) {
        std::minstd_rand random(seed);
        std::vector<std::size_t> stopping;
        for (std::size_t i = 0; i < many / 2; ++i) {
            if (random() % 2 == 0) stopping.push_back(i);
        }
        for (const std::size_t i : stopping) jobs_[i].cancel();
        for (const std::size_t i : stopping) {
            while (!jobs_[i].done()) std::this_thread::yield();
        }
        release();
        for (std::size_t i = many / 2; i < many; ++i) {
            if (random() % 2 == 0) jobs_[i].cancel();
        }
    }

    /// Waits until all have ended. Gives how many were cancelled; rethrows anything else.
    std::size_t join() {
        std::size_t stopped = 0;
        for (auto& j : jobs_) {
            try {
                j.get_blocking();
            } catch (const braid::cancelled&) {
                ++stopped;
            }
        }
        jobs_.clear();
        return stopped;
    }

private:
    std::array<loop_thread, 4> loops_;
    std::vector<std::shared_ptr<braid::detail::home>> homes_;
    std::vector<braid::job<>> jobs_;
};

}  // namespace braid_test
