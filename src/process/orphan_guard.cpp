#include "process/orphan_guard.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include <poll.h>
#include <unistd.h>

namespace braid::process_detail {

namespace {

/// True if the pipe is at its end. An error counts as the end: a worker that cannot hear its parent must not linger.
bool at_end(int control) {
    std::array<std::byte, 64> ignored;
    const ssize_t n = ::read(control, ignored.data(), ignored.size());
    return n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN);
}

[[noreturn]] void end_process() {
    if (::getpgrp() == ::getpid()) ::kill(0, SIGKILL);
    ::kill(::getpid(), SIGKILL);
    ::_exit(127);  // not reached: SIGKILL cannot be held up
}

}  // namespace

orphan_guard::orphan_guard(unique_fd control, std::function<void()> nudged)
    : control_(std::move(control)), nudged_(std::move(nudged)), stop_event_(make_event()), thread_([this] { run(); }) {}

orphan_guard::~orphan_guard() {
    signal_event(stop_event_.get());
    thread_.join();
}

void orphan_guard::run() const {
    std::array<pollfd, 2> watched{{{control_.get(), POLLIN, 0}, {stop_event_.get(), POLLIN, 0}}};
    for (;;) {
        if (::poll(watched.data(), watched.size(), -1) < 0) continue;  // EINTR
        if (watched[1].revents != 0) return;
        if (watched[0].revents == 0) continue;
        if (at_end(control_.get())) end_process();
        nudged_();
    }
}

}  // namespace braid::process_detail
