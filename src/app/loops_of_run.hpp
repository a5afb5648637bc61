#pragma once
// The event loops of a run beside that of main.

#include <braid/thread/thread_pool.hpp>

#include <optional>

namespace braid::detail {

/// There for as long as the run takes.
class loops_of_run {
public:
    /// `wanted` as in run_options. Throws: `usage_error` for fewer than none.
    explicit loops_of_run(int wanted);
    loops_of_run(const loops_of_run&) = delete;
    loops_of_run& operator=(const loops_of_run&) = delete;
    ~loops_of_run();

private:
    std::optional<thread_pool> pool_;
};

}  // namespace braid::detail
