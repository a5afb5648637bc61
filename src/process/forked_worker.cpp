#include "process/forked_worker.hpp"

#include "process/call_board.hpp"
#include "process/fault_points.hpp"
#include "process/services.hpp"
#include "process/worker_main.hpp"

#include <braid/wire/archive.hpp>
#include <braid/wire/frame.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <system_error>

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace braid::process_detail {

namespace {

static_assert(first_free_descriptor > attachment_descriptor);

void die_with(pid_t parent) {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) throw_errno("ask to die with the parent");
    if (::getppid() != parent) ::_exit(1);  // it died before we asked
}

/// All of them are above the numbers that they are to get: those were not free when they came.
void arrange(const std::vector<int>& wanted, std::vector<unique_fd>& descriptors) {
    for (std::size_t i = 0; i != wanted.size(); ++i) {
        const int flags = wanted[i] > STDERR_FILENO ? O_CLOEXEC : 0;
        if (::dup3(descriptors[i].get(), wanted[i], flags) < 0) throw_errno("give a descriptor its number");
        descriptors[i].reset();
    }
}

void apply(const fork_request& request) {
    const child_settings settings{
        .limits = request.limits, .niceness = request.niceness, .cpus = cpu_set_of(request.cpus)};
    if (const int error = settings.apply()) {
        throw std::system_error(error, std::generic_category(), "set limits, niceness or CPUs");
    }
    if (!request.directory.empty() && ::chdir(request.directory.c_str()) != 0) {
        throw_errno(fmt::format("enter the directory {}", request.directory));
    }
    for (const std::string& entry : request.environment) {
        const std::size_t equals = entry.find('=');
        if (::setenv(entry.substr(0, equals).c_str(), entry.c_str() + equals + 1, 1) != 0) {
            throw_errno(fmt::format("set the variable {}", entry));
        }
    }
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);  // whatever the preload has left
}

void show_name(std::span<char> shown, const std::string& name) {
    std::ranges::fill(shown, '\0');
    std::copy_n(name.begin(), std::min(shown.size(), name.size()), shown.begin());
}

[[noreturn]] void tell_unfit(const char* why) {
    wire::buffer out;
    const std::size_t begun = wire::begin_frame(out, 0, static_cast<std::uint32_t>(frame_kind::unfit));
    wire::writer message(out);
    wire::encode(message, std::string(why));
    wire::end_frame(out, begun);
    board_client board{unique_fd(board_descriptor)};
    board.outgoing().append(out.bytes(), reply_descriptor);
    board.outgoing().flush(reply_descriptor);
    ::_exit(1);
}

}  // namespace

void run_forked_worker(const fork_request& request, std::vector<unique_fd> descriptors,
                       const forked_from& from) noexcept {
    pass(step::is_forked);
    try {
        die_with(from.parent);
        ::setpgid(0, 0);  // our parent does it too: it may want to signal the group before we come here
        arrange(request.descriptors, descriptors);
        try {
            show_name(from.name, request.name);
            apply(request);
        } catch (const std::exception& e) {
            tell_unfit(e.what());
        }
    } catch (const std::exception&) {
        ::_exit(1);  // whom to tell
    }
    run_worker(from.depth);
}

}  // namespace braid::process_detail
