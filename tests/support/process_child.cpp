// The child of the process tests: does what its first argument says. It prints to standard output only when asked to.

#include "process/call_board.hpp"
#include "process/descriptors.hpp"
#include "process/launcher_thread.hpp"
#include "process/orphan_guard.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

namespace process = braid::process_detail;
using arguments = std::span<char*>;

namespace {

int to_int(std::string_view text) {
    int value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

void say(int fd, std::string_view text) { process::write_all(fd, std::as_bytes(std::span(text))); }

[[noreturn]] void hang() {
    for (;;) ::pause();
}

int raise_signal(arguments args) {
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::signal(to_int(args[0]), SIG_DFL);  // sanitizers install handlers of their own
    ::raise(to_int(args[0]));
    return 1;
}

int ignore_sigterm(arguments args) {
    ::signal(SIGTERM, SIG_IGN);
    say(to_int(args[0]), "r");
    hang();
}

/// Open descriptors as "0 1 2 7 ", and where standard input leads.
int list_descriptors(arguments args) {
    std::string list;
    std::vector<int> open;
    DIR* const dir = ::opendir("/proc/self/fd");
    while (const dirent* entry = ::readdir(dir)) {
        const std::string_view name = entry->d_name;
        if (name.front() != '.' && to_int(name) != ::dirfd(dir)) open.push_back(to_int(name));
    }
    ::closedir(dir);
    std::sort(open.begin(), open.end());
    for (const int fd : open) list += std::to_string(fd) + ' ';
    std::array<char, 256> input{};
    const ssize_t length = ::readlink("/proc/self/fd/0", input.data(), input.size());
    list.append(input.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
    say(to_int(args[0]), list);
    return 0;
}

int print_environment(arguments args) {
    std::string all;
    for (char** entry = ::environ; *entry != nullptr; ++entry) all += std::string(*entry) + '\n';
    say(to_int(args[0]), all);
    return 0;
}

/// argv[0], whether it leads its group, and how many signals are ignored or blocked.
int describe(arguments args, const char* argv0) {
    int unusual = 0;
    sigset_t mask;
    ::sigprocmask(SIG_SETMASK, nullptr, &mask);
    for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGCHLD, SIGUSR1, SIGHUP}) {
        struct sigaction action{};
        ::sigaction(signal, nullptr, &action);
        unusual += action.sa_handler == SIG_IGN || ::sigismember(&mask, signal);
    }
    say(to_int(args[0]),
        std::string(argv0) + (::getpgrp() == ::getpid() ? " leads " : " follows ") + std::to_string(unusual));
    return 0;
}

/// Forks a child that holds the pipe and sleeps; then hangs, or exits 0 if told to.
int grandchild(arguments args) {
    const int pipe = to_int(args[0]);
    if (::fork() == 0) {
        say(pipe, "g");
        hang();
    }
    if (args.size() > 1) return 0;
    hang();
}

/// Starts a child through a launcher of its own that holds `pipe`, with the parent-death signal as the only guard.
int intermediate(arguments args) {
    process::launcher_thread launcher;
    process::child_program program{.path = "/proc/self/exe",
                                   .arguments = {"ready", "9"},
                                   .environment = process::child_environment(),
                                   .descriptors = {}};
    program.descriptors.push_back({process::unique_fd(to_int(args[0])), 9});
    launcher.start(std::move(program), [](const process::spawn_result&) {});
    hang();
}

/// Says so on each of the descriptors, then hangs.
int ready(arguments args) {
    for (const char* fd : args) say(to_int(fd), "r");
    hang();
}

/// With the guard of a worker: dies when `control` does, together with a child that holds `pipe`.
int guarded(arguments args) {
    const int pipe = to_int(args[1]);
    if (::fork() == 0) {
        say(pipe, "g");
        hang();
    }
    const process::orphan_guard guard{process::unique_fd(to_int(args[0]))};
    say(pipe, "w");
    hang();
}

/// Starts calls 1 to n as they appear, call i in slot i mod the board's size, and says how many it could start. One
/// that the parent took back is asked to stop; it is marked done all the same, which tells the parent to go on.
int race(arguments args) {
    const process::unique_fd memory(to_int(args[0]));
    process::board_client board{process::unique_fd(::dup(memory.get()))};
    // The slots themselves, to mark what a worker has nothing to say of.
    const auto layout = process::board_layout::of({.slot_count = board.slot_count()});
    const process::shared_mapping whole(memory.get(), layout.total);
    auto* const slots = reinterpret_cast<process::call_slot*>(whole.data() + layout.slots);
    const auto rounds = static_cast<std::uint32_t>(to_int(args[1]));
    say(to_int(args[2]), "r");
    std::uint32_t won = 0;
    for (std::uint32_t id = 1; id <= rounds; ++id) {
        const std::uint32_t slot = id % board.slot_count();
        bool started = board.try_start(slot, id);
        for (unsigned spins = 1; !started && !board.stop_requested(slot, id); ++spins) {
            if (spins % 256 == 0) ::sched_yield();
            started = board.try_start(slot, id);
        }
        won += started;
        if (started) {
            board.finish(slot, id);
        } else {
            slots[slot].word = process::pack(process::slot_state::done, id);
        }
    }
    say(to_int(args[2]), std::to_string(won));
    return 0;
}

/// Talks for ever: frames of growing sizes whose bytes follow from their place in the stream.
int stream(arguments args) {
    process::board_client board{process::unique_fd(to_int(args[0]))};
    const int pipe = to_int(args[1]);
    std::uint64_t offset = 0;
    std::vector<std::byte> frame;
    for (std::uint32_t round = 1;; ++round) {
        const bool large = round % 64 == 0;
        frame.resize(large ? 3 * board.outgoing().capacity() : 1 + round * 37 % 1000);
        for (auto& byte : frame) byte = static_cast<std::byte>(offset++ * 31 >> 3);
        board.outgoing().append(frame, pipe);
        if (round % 5 == 0) board.outgoing().flush(pipe);
    }
}

int spoil(arguments args) {
    const process::board_client board{process::unique_fd(::dup(to_int(args[0])))};
    return ::ftruncate(to_int(args[0]), 0) == 0 ? 0 : errno;
}

}  // namespace

int main(int argc, char** argv) {
    const std::map<std::string_view, std::function<int(arguments)>> verbs{
        {"exit", [](arguments args) { return to_int(args[0]); }},
        {"raise", raise_signal},
        {"ignore-sigterm", ignore_sigterm},
        {"descriptors", list_descriptors},
        {"environment", print_environment},
        {"describe", [&](arguments args) { return describe(args, argv[0]); }},
        {"grandchild", grandchild},
        {"intermediate", intermediate},
        {"ready", ready},
        {"guarded", guarded},
        {"race", race},
        {"stream", stream},
        {"spoil", spoil},
    };
    const auto verb = argc > 1 ? verbs.find(argv[1]) : verbs.end();
    if (verb == verbs.end()) {
        std::fputs("process_child: unknown verb\n", stderr);
        return 64;
    }
    return verb->second(arguments(argv + 2, static_cast<std::size_t>(argc - 2)));
}
