#include "process/fork_sibling.hpp"

#include <cerrno>
#include <csignal>
#include <cstddef>

#include <linux/futex.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace braid::process_detail {

namespace {

#ifndef PR_GET_TID_ADDRESS
constexpr int PR_GET_TID_ADDRESS = 40;
#endif

/// Where the C library keeps the number of this thread: locks and pthread_kill believe it. It has told the kernel, to
/// be woken when the thread ends. Null if the kernel does not tell (it lacks CONFIG_CHECKPOINT_RESTORE).
pid_t* kept_thread_id() noexcept {
    pid_t* at = nullptr;
    if (::prctl(PR_GET_TID_ADDRESS, &at, 0, 0, 0) != 0) return nullptr;
    return at && *at == static_cast<pid_t>(::syscall(SYS_gettid)) ? at : nullptr;
}

/// The list of robust locks is not the new process's until that says so.
struct robust_list {
    robust_list_head* head = nullptr;
    std::size_t length = 0;

    robust_list() noexcept { ::syscall(SYS_get_robust_list, 0, &head, &length); }
    void announce() const noexcept {
        if (head) ::syscall(SYS_set_robust_list, head, length);
    }
};

}  // namespace

// The system call, since the C library has no fork that takes flags. Of what its own does besides, a process with one
// thread needs these two things. Source: glibc 2.36, sysdeps/nptl/_Fork.c and posix/fork.c.
pid_t fork_sibling(pid_t* told) noexcept {
    pid_t* const thread_id = kept_thread_id();
    if (!thread_id) {
        errno = ENOSYS;
        return -1;
    }
    const robust_list locks;
    constexpr unsigned long flags =
        CLONE_PARENT | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD;
#if defined(__x86_64__)
    const long pid = ::syscall(SYS_clone, flags, nullptr, told, thread_id, nullptr);
#else
    const long pid = ::syscall(SYS_clone, flags, nullptr, told, nullptr, thread_id);
#endif
    if (pid == 0) locks.announce();
    return static_cast<pid_t>(pid);
}

}  // namespace braid::process_detail
