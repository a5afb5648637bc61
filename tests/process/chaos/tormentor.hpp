#pragma once
// Does to workers what befalls processes: kills them, stops them for a while or for good, takes their memory, makes
// them slow. On a thread of its own, paced by how many calls were answered. It keeps what it did to whom.

#include "process/chaos/inquest.hpp"
#include "process/chaos/judge.hpp"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace chaos {

/// Threads: any.
class tormentor {
public:
    /// Some pools can do without those that were stopped for good: calls to those have to have deadlines, or pools
    /// heartbeats.
    enum class stops : bool { for_a_while, for_good_too };

    tormentor(std::uint64_t seed, const judge& watched, stops allowed);
    tormentor(const tormentor&) = delete;
    tormentor& operator=(const tormentor&) = delete;
    ~tormentor() { stop(); }

    /// -1: they are not forked.
    void workers_are(std::vector<int> pids, int zygote);
    /// Lets those go on that it had stopped for a while, and says what it has done.
    harm_by_pid stop();

private:
    void run();
    void wait_for_calls(std::size_t more);
    void torment(int pid);
    void stop_for_a_while(int pid);
    static bool starve(int pid);

    const judge& watched_;
    const stops allowed_;
    std::mt19937_64 random_;
    harm_by_pid done_;
    std::atomic<bool> stopping_ = false;
    std::mutex mutex_;
    std::vector<int> pids_;  // under mutex_
    int zygote_ = -1;        // under mutex_
    std::thread thread_{[this] { run(); }};
};

/// "7 killed, 3 stopped, ..."
[[nodiscard]] std::string summary_of(const harm_by_pid& done);

}  // namespace chaos
