#include "process/crash_handler.hpp"

#include <array>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <utility>

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>

namespace braid::process_detail {

namespace {

constexpr std::array crash_signals{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT};
constexpr std::size_t most_frames = 64;
constexpr std::size_t handler_stack_size = 64 * 1024;

// Written before the handlers are installed, read by them.
std::span<std::byte> report_page;

struct trace {
    std::array<const void*, most_frames> frames;
    std::size_t count = 0;
};

// Source: unwinding is safe in a signal handler since glibc 2.35 and GCC 12, which find the tables of a module without
// a lock (_dl_find_object).
_Unwind_Reason_Code add_frame(_Unwind_Context* context, void* data) {
    auto& found = *static_cast<trace*>(data);
    int is_interrupted = 0;
    const auto at = _Unwind_GetIPInfo(context, &is_interrupted);
    if (is_interrupted != 0) found.count = 0;  // so far it was the handler: the crash begins here
    if (at == 0 || found.count == found.frames.size()) return _URC_END_OF_STACK;
    // A return address may belong to the next line already, or to the next function.
    found.frames[found.count++] = reinterpret_cast<const void*>(is_interrupted != 0 ? at : at - 1);
    return _URC_NO_REASON;
}

void write_report(const trace& found) noexcept {
    char* out = reinterpret_cast<char*>(report_page.data());
    char* const end = out + report_page.size() - 1;
    for (std::size_t i = 0; i != found.count; ++i) {
        const auto address = wire::find_address(found.frames[i]);
        const auto written = std::to_chars(out, end, address ? wire::pack(*address) : 0, 16);
        if (written.ec != std::errc() || written.ptr == end) break;
        out = written.ptr;
        *out++ = '\n';
    }
    *out = '\0';
}

// It was installed to act once: whatever goes wrong in here ends the process by the default action.
void report_crash(int signal, siginfo_t* info, void*) {
    trace found;
    _Unwind_Backtrace(add_frame, &found);
    write_report(found);
    // A fault comes again by itself when the handler returns; what was sent has to be sent again.
    if (info->si_code <= 0) ::syscall(SYS_tgkill, ::getpid(), ::syscall(SYS_gettid), signal);
}

void give_handlers_a_stack() {
    void* const memory =
        ::mmap(nullptr, handler_stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED) return;  // then a stack overflow goes without a report
    stack_t stack{};
    stack.ss_sp = memory;
    stack.ss_size = handler_stack_size;
    ::sigaltstack(&stack, nullptr);
}

}  // namespace

void warm_up_unwinder() noexcept {
    static bool warm = false;
    if (std::exchange(warm, true)) return;
    trace unused;
    _Unwind_Backtrace(add_frame, &unused);
}

void install_crash_handler(std::span<std::byte> report) {
    report_page = report;
    wire::capture_image();
    warm_up_unwinder();
    give_handlers_a_stack();
    struct sigaction action{};
    action.sa_sigaction = report_crash;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | static_cast<int>(SA_RESETHAND);
    for (const int signal : crash_signals) {
        struct sigaction before{};
        ::sigaction(signal, nullptr, &before);
        if (before.sa_handler == SIG_DFL) ::sigaction(signal, &action, nullptr);
    }
}

std::vector<wire::code_address> stack_of(std::string_view report) {
    std::vector<wire::code_address> stack;
    while (!report.empty() && stack.size() != most_frames) {
        std::uint64_t packed = 0;
        const auto read = std::from_chars(report.data(), report.data() + report.size(), packed, 16);
        if (read.ec != std::errc() || read.ptr == report.data() + report.size() || *read.ptr != '\n') break;
        report.remove_prefix(static_cast<std::size_t>(read.ptr + 1 - report.data()));
        stack.push_back(wire::unpack(packed));
    }
    return stack;
}

}  // namespace braid::process_detail
