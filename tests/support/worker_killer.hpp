#pragma once
// Kills workers at random moments, from a thread of its own. It is paced by how many calls have ended, not by time.

#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <random>
#include <thread>
#include <utility>
#include <vector>

namespace braid::testing {

class worker_killer {
public:
    /// One kill each `between` calls, on average.
    worker_killer(std::uint32_t seed, std::uint32_t between) : random_(seed), between_(between) {}
    worker_killer(const worker_killer&) = delete;
    worker_killer& operator=(const worker_killer&) = delete;
    ~worker_killer() { stop(); }

    /// A call has ended; these are the workers that run now.
    void progress(std::vector<int> workers) {
        {
            const std::lock_guard lock(mutex_);
            workers_ = std::move(workers);
        }
        ended_.fetch_add(1);
        ended_.notify_one();
    }
    void stop() {
        if (!thread_.joinable()) return;
        stopping_ = true;
        ended_.fetch_add(1);
        ended_.notify_one();
        thread_.join();
    }
    [[nodiscard]] std::size_t kills() const noexcept { return kills_; }

private:
    void run() {
        std::uint32_t target = 0;
        for (;;) {
            target += std::uniform_int_distribution<std::uint32_t>(1, 2 * between_)(random_);
            for (std::uint32_t seen = ended_; seen < target; seen = ended_) {
                if (stopping_) return;
                ended_.wait(seen);
            }
            if (stopping_) return;
            // Not always right after a call has ended, either.
            for (auto spin = random_() % 20'000; spin != 0; --spin) std::atomic_signal_fence(std::memory_order_seq_cst);
            const std::lock_guard lock(mutex_);
            if (workers_.empty()) continue;
            // A pid of the list may be gone already, then this kills nothing: numbers are not reused so soon.
            if (::kill(workers_[random_() % workers_.size()], SIGKILL) == 0) ++kills_;
        }
    }

    std::mt19937 random_;
    const std::uint32_t between_;
    std::atomic<std::uint32_t> ended_ = 0;
    std::atomic<bool> stopping_ = false;
    std::atomic<std::size_t> kills_ = 0;
    std::mutex mutex_;
    std::vector<int> workers_;  // under mutex_
    std::thread thread_{[this] { run(); }};
};

}  // namespace braid::testing
