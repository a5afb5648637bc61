// What is asked of a zygote, and what it answers.

#include "process/fault_points.hpp"
#include "process/zygote_process.hpp"

#include <braid/wire/archive.hpp>
#include <braid/wire/call.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace braid::process_detail {

namespace {

std::string message_of(std::span<const std::byte> reply, int pid) {
    try {
        wire::reader failure(reply);
        wire::decode_reply<void>(failure, {.pid = pid, .call = "the preload"});
    } catch (const std::exception& e) {
        return e.what();
    }
    return "its answer makes no sense";
}

}  // namespace

void zygote_process::hear(life& one, calls& then) {
    try {
        while (auto message = receive_from(one.socket.get(), patience::none)) {
            if (message->bytes.empty()) return stop_watching(one);
            pass(step::hears_zygote);
            take_answer(one, wire::decode<zygote_answer>(message->bytes), then);
        }
    } catch (const std::exception&) {
        kill();  // whatever that was, it is no zygote of ours
    }
}

void zygote_process::take_answer(life& one, const zygote_answer& said, calls& then) {
    if (said.what == zygote_says::ready) {
        phase_ = phase::ready;
    } else if (said.what == zygote_says::refused) {
        one.refusal = message_of(said.reply, one.pid);
        return;
    } else if (said.slot < fork_slots && sent_[said.slot] && sent_[said.slot]->what.number == said.number) {
        request done = std::move(*std::exchange(sent_[said.slot], std::nullopt));
        if (said.error != 0) {
            answer(
                std::move(done),
                fork_refusal{fmt::format("its zygote could not fork: {}", std::generic_category().message(said.error))},
                then);
        } else {
            answer(std::move(done), adopt(one.page->pid(said.slot)), then);
            ++one.forks;
            deaths_ = 0;
        }
    }
    send_waiting(then);
}

void zygote_process::send_waiting(calls& then) {
    for (std::uint32_t slot = 0; slot != fork_slots && !waiting_.empty(); ++slot) {
        if (sent_[slot]) continue;
        request next = std::move(waiting_.front());
        waiting_.pop_front();
        if (send(slot, next, then)) continue;
        waiting_.push_front(std::move(next));
        return;
    }
}

bool zygote_process::send(std::uint32_t slot, request& next, calls& then) {
    next.what.slot = slot;
    next.what.number = ++last_number_;
    life_->page->ask(slot, next.what.number);
    pass(step::asks_zygote);
    try {
        wire::buffer out;
        wire::writer message(out);
        wire::encode(message, next.what);
        if (send_to(life_->socket.get(), out.bytes(), next.descriptors, patience::none)) {
            sent_[slot] = std::move(next);
            return true;
        }
        // There is room again when it has answered another.
        if (std::ranges::any_of(sent_, [](const auto& sent) { return sent.has_value(); })) return false;
        throw std::system_error(ETOOMANYREFS, std::generic_category(), "send descriptors");
    } catch (const std::exception& e) {
        answer(std::move(next), fork_refusal{fmt::format("its zygote cannot be asked: {}", e.what())}, then);
        return true;
    }
}

/// The process is a child of ours that nobody has waited for, so the number is its own.
fork_result zygote_process::adopt(pid_t pid) {
    pass(step::adopts_worker);
    ::setpgid(pid, pid);  // it does so too; whoever comes first: from now on there is a group to signal
    unique_fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (pidfd) return started_child{.pid = pid, .pidfd = std::move(pidfd)};
    const int error = errno;
    if (error != ESRCH) {
        ::kill(pid, SIGKILL);
        while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
    return fork_refusal{
        fmt::format("a worker was forked and cannot be watched: {}", std::generic_category().message(error))};
}

}  // namespace braid::process_detail
