// What a worker leaves when it is dead: results, calls that it had begun, and what it died of.

#include "process/batch_call.hpp"
#include "process/crash_handler.hpp"
#include "process/fault_points.hpp"
#include "process/pool_engine.hpp"
#include "process/worker_death.hpp"
#include "process/worker_link.hpp"

#include <fmt/format.h>

#include <sys/ioctl.h>
#include <algorithm>
#include <csignal>
#include <utility>

namespace braid::detail {

namespace {

/// What can be read now. Of a process that is dead that is all there will be, even if somebody else has its pipe.
std::size_t bytes_waiting(int pipe) {
    int bytes = 0;
    return ::ioctl(pipe, FIONREAD, &bytes) == 0 ? static_cast<std::size_t>(bytes) : 0;
}

}  // namespace

void worker_link::bury(const pd::exit_status& status) {
    pd::pass(pd::step::buries);
    output_->finish();
    if (output_->gives_lines()) tell_lines();
    // What it wrote, and what it had finished but not written yet.
    if (violation_.empty() && replies_.is_open()) {
        drain_replies(rings_ ? rings_->replies.capacity() : bytes_waiting(replies_.native_handle()));
    }
    if (rings_) rings_->unlink();
    if (violation_.empty()) {
        try {
            const std::vector<std::byte> rest = board_.recover(received_);
            if (take_chunk(rest)) take_unfinished_part();
        } catch (const std::exception& e) {
            violation_ = e.what();
        }
    }
    reason_ = reason_of(status);
    state_ = state::gone;
    pool_->where().disarm(kill_timer_);
    requests_.close();
    replies_.close();
    control_.reset();
    beside_.reset();
    child_.reset();

    const auto now = clock::now();
    while (!calls_.empty()) {  // from the last on: what is given back comes to the front of the queue
        call_base& call = call_base::of(calls_.back());
        // Only what it had not begun may run again. A slot that makes no sense counts as begun.
        const bool begun = board_.state(call.slot_, call.id_) != pd::slot_state::queued;
        release(call, now);
        begun ? lose(call, status) : pool_->call_returned(call);
    }
}

void worker_link::lose(call_base& call, const pd::exit_status& status) noexcept {
    const batch_call* batch = call.as_batch();
    if (batch && batch->left() == 0) return pool_->call_ended(call);  // only the word that it is done was not said
    died_of_a_call_ = true;
    if (call.stopping_) {
        call.cancelled_ = true;
        return pool_->call_ended(call);
    }
    const auto ran_for = clock::now() - board_.running_since();
    worker_death death{.pid = pid_,
                       .status = status,
                       .reason = reason_,
                       .violation = violation_,
                       .called = call.called(),
                       .name = call.options().name ? call.options().name : "",
                       .item = batch ? std::optional(batch->number()) : std::nullopt,
                       .ran_for = std::chrono::duration_cast<std::chrono::microseconds>(ran_for),
                       .stack = {},
                       .stderr_tail = output_->last_errors(),
                       .earlier = {}};
    if (death.reason == death_reason::crashed) death.stack = pd::stack_of(board_.crash_report());
    pool_->call_lost(call, std::move(death), batch ? items_begun(*batch) : 1);
}

// Of a worker that broke the protocol no result is taken any more, though it had run the items that those are of.
std::uint32_t worker_link::items_begun(const batch_call& batch) const noexcept {
    if (violation_.empty()) return 1;
    if (board_.state(batch.slot_, batch.id_) != pd::slot_state::running) return batch.left();
    const std::uint32_t done = std::max(board_.items_done(), batch.next());
    return std::min(done - batch.next(), batch.left() - 1) + 1;
}

death_reason worker_link::reason_of(const pd::exit_status& status) const {
    using kind = pd::exit_status::kind;
    if (!violation_.empty()) return fault_;
    if (unresponsive_) return death_reason::unresponsive;
    if (status.how == kind::exited) return death_reason::exited;
    if (status.how == kind::unknown) return death_reason::unknown;
    switch (status.code) {
        case SIGSEGV:
        case SIGBUS:
        case SIGILL:
        case SIGFPE:
        case SIGTRAP:
        case SIGABRT:
        case SIGSYS: return death_reason::crashed;
        case SIGXCPU: return death_reason::cpu_limit;
        case SIGXFSZ: return death_reason::file_size_limit;
        case SIGKILL:
            if (ending_ != ending::none) return death_reason::killed;  // by us
            return pool_->services().memory.killed_since() ? death_reason::out_of_memory : death_reason::killed;
        default: return death_reason::killed;
    }
}

std::string worker_link::why_useless(const pd::exit_status& status) const {
    if (!violation_.empty()) return violation_;
    const auto said = output_->last_errors();
    return fmt::format("it {} before it could run a call{}", pd::to_string(status),
                       said.empty() ? "" : fmt::format("; the last it said was: {}", said.back()));
}

}  // namespace braid::detail
