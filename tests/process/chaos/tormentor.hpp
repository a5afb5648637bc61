#pragma once
// Does to workers what befalls processes: kills them, stops them for a while or for good, takes their memory, makes
// them slow. On a thread of its own, paced by how many calls have ended.

#include "process/chaos/judge.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

namespace chaos {

/// Threads: any.
class tormentor {
public:
    tormentor(std::uint64_t seed, const judge& watched);
    tormentor(const tormentor&) = delete;
    tormentor& operator=(const tormentor&) = delete;
    ~tormentor() { stop(); }

    /// -1: they are not forked.
    void workers_are(std::vector<int> pids, int zygote);
    /// Lets those go on that it had stopped for a while, and says what it has done.
    harm stop();

private:
    void run();
    void wait_for_calls(std::size_t more);
    void torment(int pid);
    void stop_for_a_while(int pid);
    static bool starve(int pid);

    const judge& watched_;
    std::mt19937_64 random_;
    harm done_;
    std::atomic<bool> stopping_ = false;
    std::mutex mutex_;
    std::vector<int> pids_;  // under mutex_
    int zygote_ = -1;        // under mutex_
    std::thread thread_{[this] { run(); }};
};

}  // namespace chaos
