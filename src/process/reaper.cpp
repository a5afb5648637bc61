#include "process/reaper.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

namespace braid::process_detail {

namespace {

constexpr unsigned signal_process_group = 1U << 2;  // PIDFD_SIGNAL_PROCESS_GROUP, Linux 6.9; not in Debian 12's headers

unique_fd make_epoll() {
    const int fd = ::epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0) throw_errno("make an epoll descriptor");
    return unique_fd(fd);
}

bool add_to(const unique_fd& epoll, int fd, std::uint64_t id) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = id;
    return ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

/// Signals the group through the pidfd, which cannot mean another process. Kernels before 6.9 know no groups there:
/// the group's number is as good while the child is unreaped, and `unreaped` says whether that is sure.
void signal_group(const started_child& child, int signal, bool unreaped) {
    if (::syscall(SYS_pidfd_send_signal, child.pidfd.get(), signal, nullptr, signal_process_group) == 0) return;
    if (errno == EINVAL && unreaped) ::killpg(child.pid, signal);
    // else ESRCH: nobody is left in the group
}

struct wait_result {
    int error = 0;  // ECHILD: there is nothing to wait for (any more)
    siginfo_t info{};
    rusage usage{};
};

/// The system call, because the C library's waitid() does not tell what the child used.
wait_result wait_for(const started_child& child, int options) {
    wait_result result;
    while (::syscall(SYS_waitid, P_PIDFD, child.pidfd.get(), &result.info, options, &result.usage) != 0) {
        if (errno == EINTR) continue;
        result.error = errno;
        break;
    }
    return result;
}

std::chrono::microseconds to_duration(const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

exit_status to_status(const wait_result& result, std::uint64_t borrowed_peak) {
    exit_status status;
    if (result.error != 0) return status;
    status.how = result.info.si_code == CLD_EXITED ? exit_status::kind::exited : exit_status::kind::signalled;
    status.code = result.info.si_status;
    status.dumped_core = result.info.si_code == CLD_DUMPED;
    status.user_time = to_duration(result.usage.ru_utime);
    status.system_time = to_duration(result.usage.ru_stime);
    const auto peak = static_cast<std::uint64_t>(result.usage.ru_maxrss) * 1024;
    if (peak > borrowed_peak) status.peak_memory = peak;
    return status;
}

/// The group goes first: while the child is a zombie, its pid, and with it the number of its group, is nobody else's.
exit_status kill_group_and_reap(const started_child& child) {
    const bool unreaped = wait_for(child, WEXITED | WNOWAIT).error == 0;
    signal_group(child, SIGKILL, unreaped);
    return to_status(wait_for(child, WEXITED), child.borrowed_peak);
}

}  // namespace

std::string to_string(const exit_status& status) {
    switch (status.how) {
        case exit_status::kind::exited: return fmt::format("exited with code {}", status.code);
        case exit_status::kind::signalled:
            return fmt::format("was killed by signal {} ({}){}", status.code, ::strsignal(status.code),
                               status.dumped_core ? ", core dumped" : "");
        case exit_status::kind::unknown: break;
    }
    return "ended in a way that is not known: somebody else reaped it";
}

reaper::reaper() : epoll_(make_epoll()), stop_event_(make_event()) {
    if (!add_to(epoll_, stop_event_.get(), 0)) throw_errno("watch an eventfd");
    thread_ = std::thread([this] { run(); });
}

reaper::~reaper() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    signal_event(stop_event_.get());
    thread_.join();
}

child_id reaper::watch(started_child child, exit_callback ended) {
    const std::lock_guard lock(mutex_);
    const child_id id{++last_id_};
    // Into the table first: an event for it may come at once, and its handler waits for the lock.
    const auto at = children_.emplace(id, watched{std::move(child), std::move(ended)}).first;
    const started_child& added = at->second.child;
    if (!add_to(epoll_, added.pidfd.get(), last_id_)) {
        const int code = errno;
        signal_group(added, SIGKILL, true);
        kill_group_and_reap(added);
        const pid_t pid = added.pid;
        children_.erase(at);
        throw std::system_error(code, std::generic_category(), fmt::format("watch child process {}", pid));
    }
    if (stopping_) signal_group(added, SIGKILL, true);
    return id;
}

bool reaper::send(child_id id, int signal) {
    const std::lock_guard lock(mutex_);
    const auto at = children_.find(id);
    if (at == children_.end()) return false;
    signal_group(at->second.child, signal, wait_for(at->second.child, WEXITED | WNOWAIT | WNOHANG).error == 0);
    return true;
}

bool reaper::kill(child_id id) { return send(id, SIGKILL); }

void reaper::run() {
    // Not on the stack: so this thread has its share of the allocator's memory before the first child dies.
    std::vector<epoll_event> events(64);
    while (!finished()) {
        const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < count; ++i) {
            const std::uint64_t id = events[static_cast<std::size_t>(i)].data.u64;
            if (id == 0) {
                drain_event(stop_event_.get());
                kill_all();
            } else {
                reap(child_id{id});
            }
        }
    }
}

bool reaper::finished() {
    const std::lock_guard lock(mutex_);
    return finishes();
}

void reaper::reap(child_id id) {
    std::unique_lock lock(mutex_);
    const auto at = children_.find(id);
    if (at == children_.end()) return;
    watched gone;
    const exit_status status = end_watch(at, gone);
    lock.unlock();
    gone.ended(id, status);
}

std::optional<exit_status> reaper::reap_if_dead(child_id id) {
    watched gone;  // what its callback holds goes last, without the lock
    const std::lock_guard lock(mutex_);
    const auto at = children_.find(id);
    if (at == children_.end()) return std::nullopt;
    if (wait_for(at->second.child, WEXITED | WNOWAIT | WNOHANG).info.si_pid == 0) return std::nullopt;
    const exit_status status = end_watch(at, gone);
    if (finishes()) signal_event(stop_event_.get());
    return status;
}

/// Of one that is dead.
exit_status reaper::end_watch(table::iterator of, watched& gone) {
    gone = std::move(of->second);
    const exit_status status = kill_group_and_reap(gone.child);
    children_.erase(of);
    // By name, not by closing it: a copy in a process that the user forked would keep it in the set, for ever ready.
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, gone.child.pidfd.get(), nullptr);
    gone.child.pidfd.reset();  // nothing of the child is left when its end is told
    return status;
}

void reaper::kill_all() {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, entry] : children_) signal_group(entry.child, SIGKILL, true);
}

}  // namespace braid::process_detail
