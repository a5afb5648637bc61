#pragma once
// A zygote as this process sees it: started when there is use for it, asked for workers, started again if it dies.

#include "process/launcher_thread.hpp"
#include "process/output_thread.hpp"
#include "process/reaper.hpp"
#include "process/services.hpp"
#include "process/zygote_channel.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace braid::process_detail {

/// Why there is no worker.
struct fork_refusal {
    std::string why;
    bool may_try_again = true;  ///< for want of memory, processes or descriptors: it may go better next time
};
using fork_result = std::variant<started_child, fork_refusal>;
using fork_callback = std::function<void(fork_result)>;

/// Threads: every member may be called by any thread. Callbacks are called on threads of the services, or before the
/// call that caused them returns; they must not throw.
/// Lifetime: before the services. Whoever uses it enters it and leaves it again.
class zygote_process : public std::enable_shared_from_this<zygote_process> {
public:
    /// Names a request.
    enum class ticket : std::uint64_t {};

    /// `preload` is the request of a call.
    zygote_process(process_services& services, std::vector<std::byte> preload);

    void enter() noexcept;
    /// The last to leave ends the process; `gone` is called when it is reaped, or at once if others stay.
    void leave(std::function<void()> gone);

    /// So that it is warm when it is asked.
    void start();

    /// The worker is ours as if we had started it. `done` is called exactly once. A zygote that dies is started again
    /// and asked again, unless its preload fails or it dies over and over.
    ticket fork(fork_request request, std::vector<unique_fd> descriptors, fork_callback done);
    /// The worker is not wanted any more. Unless it is being made, `done` is called before this returns.
    void take_back(ticket which);
    /// The same, because the zygote has taken too long: it is killed.
    void give_up(ticket which);

    /// -1 while there is none.
    [[nodiscard]] int pid() const;

private:
    enum class phase : unsigned char { absent, starting, preloading, ready };
    struct request {
        ticket id;
        fork_request what;
        std::vector<unique_fd> descriptors;  // kept until there is an answer: it may have to be sent again
        fork_callback done;
    };
    /// One process: what it has in common with us.
    struct life {
        unique_fd socket;
        std::optional<zygote_page> page{std::in_place};
        output_thread::watch_id watch{};
        bool watched = false;
        std::optional<child_id> child;
        int pid = -1;
        std::size_t forks = 0;
        std::string refusal;  // of the preload

        /// When its end is told nothing of it is to be open, though another thread may keep this for a moment more.
        void close() noexcept {
            socket.reset();
            page.reset();
        }
    };
    /// What is to be called when the lock is given up.
    using calls = std::vector<std::function<void()>>;
    template <class Do>
    void locked(Do what);

    // All of these under mutex_:
    void begin_life(calls& then);
    [[nodiscard]] child_program program_of(life& one, unique_fd its_end) const;
    void launched(const std::shared_ptr<life>& one, spawn_result result, calls& then);
    void watch_socket(const std::shared_ptr<life>& one);
    void stop_watching(life& one);
    void hear(life& one, calls& then);
    void take_answer(life& one, const zygote_answer& answer, calls& then);
    void ended(life& one, const exit_status& status, calls& then);
    void settle_sent(const life& one, calls& then);
    [[nodiscard]] std::string why_no_more(const life& one, const exit_status& status);
    void send_waiting(calls& then);
    bool send(std::uint32_t slot, request& next, calls& then);
    void fail_waiting(const fork_refusal& why, calls& then);
    void kill();
    static void answer(request done, fork_result result, calls& then);
    [[nodiscard]] static fork_result adopt(pid_t pid);

    process_services& services_;
    const std::vector<std::byte> preload_;

    mutable std::mutex mutex_;
    // Under mutex_:
    phase phase_ = phase::absent;
    std::shared_ptr<life> life_;  // null if absent
    std::size_t users_ = 0;
    bool leaving_ = false;
    std::vector<std::function<void()>> gone_;
    std::deque<request> waiting_;
    std::array<std::optional<request>, fork_slots> sent_;
    std::uint64_t last_ticket_ = 0;
    std::uint32_t last_number_ = 0;
    unsigned deaths_ = 0;  // since it last forked something
};

// Implementation

template <class Do>
void zygote_process::locked(Do what) {
    calls then;
    {
        const std::lock_guard lock(mutex_);
        what(then);
    }
    for (const auto& call : then) call();
}

}  // namespace braid::process_detail
