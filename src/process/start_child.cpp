#include "process/start_child.hpp"

#include "process/fault_points.hpp"

#include <braid/process/spawn_error.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Sanitizers keep a shadow of each thread's stack. The child runs on the parent's thread state and never returns from
// its outermost function, so that function must leave no trace there.
#if defined(__clang__)
#define BRAID_NO_SANITIZERS __attribute__((disable_sanitizer_instrumentation, noinline))
#else
#define BRAID_NO_SANITIZERS __attribute__((no_sanitize_address, no_sanitize_undefined, noinline))
#endif

// ThreadSanitizer replaces clone() by something that assumes separate memory; glibc's other name for it is left alone.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
extern "C" int __clone(int (*)(void*), void*, int, void*, ...);
#define BRAID_CLONE ::__clone
#endif
#endif
#ifndef BRAID_CLONE
#define BRAID_CLONE ::clone
#endif

namespace braid::process_detail {

namespace {

constexpr std::size_t child_stack_size = 256 * 1024;  // only what is touched costs anything
constexpr std::size_t kernel_sigset_size = 8;

/// Blocks every signal there is, glibc's private ones included: a handler that ran in the child would run in the
/// parent's memory.
class all_signals_blocked {
public:
    all_signals_blocked() noexcept {
        const std::uint64_t all = ~std::uint64_t{0};
        ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before_, kernel_sigset_size);
    }
    all_signals_blocked(const all_signals_blocked&) = delete;
    all_signals_blocked& operator=(const all_signals_blocked&) = delete;
    ~all_signals_blocked() { ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before_, nullptr, kernel_sigset_size); }

private:
    std::uint64_t before_ = 0;
};

class child_stack {
public:
    child_stack() noexcept
        : base_(::mmap(nullptr, child_stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1,
                       0)) {}
    child_stack(const child_stack&) = delete;
    child_stack& operator=(const child_stack&) = delete;
    ~child_stack() {
        if (*this) ::munmap(base_, child_stack_size);
    }
    explicit operator bool() const noexcept { return base_ != MAP_FAILED; }
    [[nodiscard]] void* top() const noexcept { return static_cast<std::byte*>(base_) + child_stack_size; }

private:
    void* base_;
};

/// Shared by parent and child; the parent sleeps while the child uses it.
struct child_state {
    const start_plan& plan;
    pid_t parent;
    int first_free;           // above every number that the child is to see
    std::vector<int> staged;  // room for a safe copy of each mapped descriptor
    std::vector<int> kept;    // the child's numbers above 2, ascending
    int executable = -1;
    spawn_step step = spawn_step::clone;
    int error = 0;
};

child_state make_state(const start_plan& plan) {
    child_state state{.plan = plan,
                      .parent = ::getpid(),
                      .first_free = STDERR_FILENO + 1,
                      .staged = std::vector<int>(plan.descriptors.size(), -1),
                      .kept = {}};
    for (const auto& mapping : plan.descriptors) {
        if (mapping.child > STDERR_FILENO) state.kept.push_back(mapping.child);
        state.first_free = std::max(state.first_free, mapping.child + 1);
    }
    std::sort(state.kept.begin(), state.kept.end());
    return state;
}

// ---- in the child: raw system calls only, whose wrappers neither lock nor are intercepted by sanitizers ----

/// False with errno set.
bool die_with_parent(pid_t parent) {
    if (::syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return false;
    if (::syscall(SYS_getppid) == parent) return true;
    errno = ESRCH;  // it died before we asked to die with it
    return false;
}

bool call_initialiser(const start_plan& plan) {
    if (plan.initialise == nullptr) return true;
    errno = plan.initialise(plan.initialise_argument);
    return errno == 0;
}

int copy_above(int fd, int lowest) { return static_cast<int>(::syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, lowest)); }

bool close_on_exec(int first, unsigned last) {
    return ::syscall(SYS_close_range, static_cast<unsigned>(first), last, CLOSE_RANGE_CLOEXEC) == 0;
}

/// Copies first, above every wanted number, so that no mapping overwrites the source of another.
bool arrange_descriptors(child_state& state) {
    const auto mappings = state.plan.descriptors;
    for (std::size_t i = 0; i < mappings.size(); ++i) {
        state.staged[i] = copy_above(mappings[i].parent, state.first_free);
        if (state.staged[i] < 0) return false;
    }
    if (state.plan.executable >= 0) {
        state.executable = copy_above(state.plan.executable, state.first_free);
        if (state.executable < 0) return false;
    }
    for (std::size_t i = 0; i < mappings.size(); ++i) {
        if (::syscall(SYS_dup3, state.staged[i], mappings[i].child, 0) < 0) return false;
    }
    int next = STDERR_FILENO + 1;
    for (const int fd : state.kept) {
        if (fd > next && !close_on_exec(next, static_cast<unsigned>(fd) - 1)) return false;
        next = fd + 1;
    }
    return close_on_exec(next, ~0U);
}

/// Ignored signals stay ignored across exec, and so does the mask: both are undone here. Handlers first, so that what
/// was blocked until now meets its default action.
bool restore_signals() {
    const std::array<unsigned long, 8> default_action{};  // the kernel's sigaction, SIG_DFL without flags
    for (int signal = 1; signal <= 64; ++signal) {
        if (signal == SIGKILL || signal == SIGSTOP) continue;
        if (::syscall(SYS_rt_sigaction, signal, default_action.data(), nullptr, kernel_sigset_size) != 0) return false;
    }
    const std::uint64_t none = 0;
    return ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, kernel_sigset_size) == 0;
}

bool set_up(child_state& state) {
    state.step = spawn_step::bind_to_parent;
    if (!die_with_parent(state.parent)) return false;
    state.step = spawn_step::process_group;
    if (::syscall(SYS_setpgid, 0, 0) != 0) return false;
    state.step = spawn_step::initialise;
    if (!call_initialiser(state.plan)) return false;
    state.step = spawn_step::descriptors;
    if (!arrange_descriptors(state)) return false;
    state.step = spawn_step::signals;
    if (!restore_signals()) return false;
    state.step = spawn_step::exec;
    return true;
}

BRAID_NO_SANITIZERS int child_main(void* argument) {
    auto& state = *static_cast<child_state*>(argument);
    if (set_up(state)) {
        const auto* const argv = state.plan.argv;
        const auto* const environment = state.plan.environment;
        if (state.executable >= 0) {
            ::syscall(SYS_execveat, state.executable, "", argv, environment, AT_EMPTY_PATH);
        } else {
            ::syscall(SYS_execve, state.plan.path, argv, environment);
        }
    }
    state.error = errno;
    ::syscall(SYS_exit_group, 127);  // not exit(): the parent's exit handlers and buffers are not the child's to run
    return 127;
}

// ---- in the parent ----

std::uint64_t peak_memory() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

[[noreturn]] void fail(const start_plan& plan, spawn_step step, int code) {
    throw spawn_error(plan.path, step, std::error_code(code, std::generic_category()));
}

/// The child has ended without running anything. ECHILD is fine: the user's SIGCHLD setting has reaped it already.
void discard(const unique_fd& pidfd) {
    siginfo_t info{};
    while (::waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &info, WEXITED) != 0 && errno == EINTR) {
    }
}

}  // namespace

started_child start_child(const start_plan& plan) {
    child_state state = make_state(plan);
    const child_stack stack;
    if (!stack) fail(plan, spawn_step::prepare, errno);

    int pidfd = -1;
    pid_t pid = -1;
    int clone_error = 0;
    {
        const all_signals_blocked guard;
        pid = BRAID_CLONE(child_main, stack.top(), CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &state, &pidfd);
        clone_error = errno;
    }
    if (pid < 0) fail(plan, spawn_step::clone, clone_error);

    pass(step::starts_process);
    started_child child{.pid = pid, .pidfd = unique_fd(pidfd), .borrowed_peak = peak_memory()};
    if (state.error != 0) {
        discard(child.pidfd);
        fail(plan, state.step, state.error);
    }
    return child;
}

}  // namespace braid::process_detail
