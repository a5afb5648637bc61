#include "sandbox.hpp"

#include <fcntl.h>
#include <iconv.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>
#include <vector>

#include "legacy_text.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CRAWL_HAS_SANITIZERS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define CRAWL_HAS_SANITIZERS 1
#endif
#endif
#ifndef CRAWL_HAS_SANITIZERS
#define CRAWL_HAS_SANITIZERS 0
#endif

namespace crawl {
namespace {

/// The legacy encodings of the web, under the names that iconv has for them: in sitemaps libxml2 has it convert.
/// Source: https://encoding.spec.whatwg.org/#names-and-labels
constexpr std::array charsets{
    "ASCII",        "BIG5",         "BIG5-HKSCS",   "CP932",        "CP949",        "CP950",        "EUC-JP",
    "EUC-KR",       "GB18030",      "GB2312",       "GBK",          "IBM866",       "ISO-2022-JP",  "ISO-8859-1",
    "ISO-8859-2",   "ISO-8859-3",   "ISO-8859-4",   "ISO-8859-5",   "ISO-8859-6",   "ISO-8859-7",   "ISO-8859-8",
    "ISO-8859-9",   "ISO-8859-10",  "ISO-8859-11",  "ISO-8859-13",  "ISO-8859-14",  "ISO-8859-15",  "ISO-8859-16",
    "KOI8-R",       "KOI8-U",       "MAC-CYRILLIC", "MACINTOSH",    "SHIFT_JIS",    "TIS-620",      "UHC",
    "UTF-16",       "UTF-16BE",     "UTF-16LE",     "UTF-32",       "WINDOWS-31J",  "WINDOWS-874",  "WINDOWS-1250",
    "WINDOWS-1251", "WINDOWS-1252", "WINDOWS-1253", "WINDOWS-1254", "WINDOWS-1255", "WINDOWS-1256", "WINDOWS-1257",
    "WINDOWS-1258", "CP874"};

/// ICU's are for pages. Those of the C library are files of their own; one that is in use stays in memory.
void open_charsets() {
    load_encodings();
    static std::vector<iconv_t> kept;
    for (const char* name : charsets) {
        if (auto* const from = iconv_open("UTF-8", name); from != reinterpret_cast<iconv_t>(-1)) kept.push_back(from);
    }
}

/// What libraries make, and open, at their first use.
void parse_something() {
    (void)parse_page_and_fragments(
        {"http://page.example/", "text/html", "<title>x</title><a href=\"//\xC3\xBF.example/#z\">"});
    (void)parse_page({"http://page.example/", "text/css", "a { background: url(x) }"});
}

/// Without conditions. What other threads, signals and clocks need, and whatever uses only what is open already.
constexpr std::array allowed{
    // memory
    SCMP_SYS(brk), SCMP_SYS(madvise), SCMP_SYS(membarrier), SCMP_SYS(mmap), SCMP_SYS(mprotect), SCMP_SYS(mremap),
    SCMP_SYS(munmap),
    // what is open
    SCMP_SYS(close), SCMP_SYS(dup), SCMP_SYS(fstat), SCMP_SYS(fcntl), SCMP_SYS(lseek), SCMP_SYS(poll), SCMP_SYS(ppoll),
    SCMP_SYS(pread64), SCMP_SYS(pselect6), SCMP_SYS(pwrite64), SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(recvmsg),
    SCMP_SYS(select), SCMP_SYS(sendmsg), SCMP_SYS(write), SCMP_SYS(writev),
    // a loop of its own, for parsers that are coroutines
    SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_wait), SCMP_SYS(eventfd2),
    SCMP_SYS(pipe2), SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime),
    // time
    SCMP_SYS(clock_getres), SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep), SCMP_SYS(gettimeofday),
    SCMP_SYS(nanosleep), SCMP_SYS(restart_syscall), SCMP_SYS(time), SCMP_SYS(timer_create), SCMP_SYS(timer_delete),
    SCMP_SYS(timer_gettime), SCMP_SYS(timer_settime), SCMP_SYS(times),
    // threads and signals
    SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(futex), SCMP_SYS(futex_waitv), SCMP_SYS(gettid), SCMP_SYS(pause),
    SCMP_SYS(rseq), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigpending), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigsuspend), SCMP_SYS(rt_sigtimedwait), SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_yield),
    SCMP_SYS(set_robust_list), SCMP_SYS(sigaltstack),
    // who and where it is
    SCMP_SYS(getegid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getpgrp), SCMP_SYS(getpid), SCMP_SYS(getppid),
    SCMP_SYS(getrandom), SCMP_SYS(getrlimit), SCMP_SYS(getrusage), SCMP_SYS(getuid), SCMP_SYS(sysinfo),
    SCMP_SYS(uname)};

/// Everything that is not listed anywhere here fails with EPERM; these are no accident.
constexpr std::array deadly{SCMP_SYS(accept),
                            SCMP_SYS(accept4),
                            SCMP_SYS(bind),
                            SCMP_SYS(bpf),
                            SCMP_SYS(connect),
                            SCMP_SYS(execve),
                            SCMP_SYS(execveat),
                            SCMP_SYS(fork),
                            SCMP_SYS(io_uring_setup),
                            SCMP_SYS(listen),
                            SCMP_SYS(mount),
                            SCMP_SYS(process_vm_readv),
                            SCMP_SYS(process_vm_writev),
                            SCMP_SYS(setns),
                            SCMP_SYS(socket),
                            SCMP_SYS(unshare),
                            SCMP_SYS(vfork)};

/// libseccomp's filter while it is put together. The first failure is kept, and what follows it does nothing.
class filter {
public:
    filter() : context_(seccomp_init(SCMP_ACT_ERRNO(EPERM))) {
        if (context_ == nullptr) error_ = -ENOMEM;
        set(SCMP_FLTATR_CTL_TSYNC, 1);
        set(SCMP_FLTATR_CTL_OPTIMIZE, 2);  // looks a call up by halving, not one by one
    }

    template <class... Conditions>
    void add(std::uint32_t action, int call, const Conditions&... conditions) {
        const std::array<scmp_arg_cmp, sizeof...(Conditions)> all{conditions...};
        if (error_ == 0) note(seccomp_rule_add_array(context_.get(), action, call, all.size(), all.data()));
    }

    /// From now on it holds. Else gives the error's number.
    [[nodiscard]] int install() {
        if (error_ == 0) note(seccomp_load(context_.get()));
        return -error_;
    }

private:
    void set(scmp_filter_attr what, std::uint32_t value) {
        if (error_ == 0) note(seccomp_attr_set(context_.get(), what, value));
    }
    void note(int result) { error_ = result < 0 ? result : error_; }

    struct release {
        void operator()(void* context) const { seccomp_release(context); }
    };
    std::unique_ptr<std::remove_pointer_t<scmp_filter_ctx>, release> context_;
    int error_ = 0;
};

constexpr scmp_arg_cmp argument_is(unsigned number, scmp_datum_t value) {
    return {.arg = number, .op = SCMP_CMP_EQ, .datum_a = value, .datum_b = 0};
}
constexpr scmp_arg_cmp argument_has(unsigned number, scmp_datum_t mask, scmp_datum_t value) {
    return {.arg = number, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

void allow_by_argument(filter& to) {
    constexpr std::uint32_t allow = SCMP_ACT_ALLOW;
    const auto self = static_cast<scmp_datum_t>(::getpid());
    to.add(allow, SCMP_SYS(tgkill), argument_is(0, self));
    to.add(allow, SCMP_SYS(kill), argument_is(0, self));
    to.add(allow, SCMP_SYS(kill), argument_is(0, 0));  // its own group, when its parent is gone
    to.add(allow, SCMP_SYS(prlimit64), argument_is(0, 0));
    to.add(allow, SCMP_SYS(prctl), argument_is(0, PR_SET_NAME));
    // fstat(), which by this name could ask for a path: not with this flag.
    to.add(allow, SCMP_SYS(newfstatat), argument_is(3, AT_EMPTY_PATH));
    for (const int asks : {FIONBIO, FIONREAD, TCGETS}) {
        to.add(allow, SCMP_SYS(ioctl), argument_is(1, static_cast<scmp_datum_t>(asks)));
    }
    // The C library makes threads by clone() where there is no clone3(), whose flags a filter cannot see.
    constexpr scmp_datum_t thread = CLONE_THREAD;
    to.add(allow, SCMP_SYS(clone), argument_has(0, thread, thread));
    to.add(SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3));
}

/// Sanitizers read what they tell about from files, and look for leaks from a process of their own.
void allow_sanitizers(filter& to) {
    constexpr std::uint32_t allow = SCMP_ACT_ALLOW;
    constexpr scmp_datum_t writes = O_ACCMODE | O_CREAT | O_TRUNC;
    to.add(allow, SCMP_SYS(openat), argument_has(2, writes, O_RDONLY));
    to.add(allow, SCMP_SYS(open), argument_has(1, writes, O_RDONLY));
    to.add(allow, SCMP_SYS(prctl));
    for (const int call : {SCMP_SYS(clone), SCMP_SYS(getdents64), SCMP_SYS(newfstatat), SCMP_SYS(ptrace),
                           SCMP_SYS(readlink), SCMP_SYS(stat), SCMP_SYS(wait4), SCMP_SYS(waitid)}) {
        to.add(allow, call);
    }
}

std::string& problem_of_sandbox() noexcept {
    static std::string of_this_process;
    return of_this_process;
}

}  // namespace

bool has_sanitizers() noexcept { return CRAWL_HAS_SANITIZERS != 0; }

bool can_sandbox() noexcept {
    constexpr std::uint32_t action = SECCOMP_RET_KILL_PROCESS;
    return ::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0 &&
           ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

void enter_sandbox() {
    open_charsets();
    parse_something();
    filter calls;
    for (const int call : allowed) calls.add(SCMP_ACT_ALLOW, call);
    for (const int call : deadly) calls.add(SCMP_ACT_KILL_PROCESS, call);
    allow_by_argument(calls);
    if (has_sanitizers()) {
        allow_sanitizers(calls);
    } else {
        calls.add(SCMP_ACT_KILL_PROCESS, SCMP_SYS(ptrace));
    }
    const int error = calls.install();
    if (error != 0) problem_of_sandbox() = std::strerror(error);
}

const std::string& sandbox_problem() noexcept { return problem_of_sandbox(); }

}  // namespace crawl
