#pragma once
// What the workers of a round printed, as the pool tells it: each line once, in its order, before its call ends, and of
// the call that printed it.

#include "process/chaos/inquest.hpp"
#include "process/chaos/plan.hpp"

#include <braid/process/worker_output.hpp>

#include <array>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace chaos {

/// Threads: any.
class transcript {
public:
    /// On the pool's home.
    void add(const braid::worker_line& line);
    /// The call came to its end in a worker that said so: all of its lines have to be there.
    void ended_with_answer(std::size_t number, std::size_t lines);
    /// It ended in any way: nothing of it comes later.
    void ended(std::size_t number);

    /// Where memory is taken from a worker that is being started, its loader says so.
    [[nodiscard]] std::vector<std::string> complaints(const harm_by_pid& done);

private:
    struct speaker {
        std::array<std::size_t, 2> lines{};  // seen of either stream
        bool is_over = false;
    };
    bool continues(std::size_t number, const braid::worker_line& line);

    std::mutex mutex_;
    std::map<std::size_t, speaker> speakers_;  // under mutex_, by number of the call
    std::vector<std::string> complaints_;      // under mutex_, as what no errand has printed:
    std::vector<std::pair<int, std::string>> strange_;
};

[[nodiscard]] std::string name_of(std::size_t number);

}  // namespace chaos
