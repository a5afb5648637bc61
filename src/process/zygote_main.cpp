#include "process/zygote_main.hpp"

#include "process/crash_handler.hpp"
#include "process/fault_points.hpp"
#include "process/fork_sibling.hpp"
#include "process/forked_worker.hpp"
#include "process/zygote_channel.hpp"

#include <braid/core/error.hpp>
#include <braid/wire/archive.hpp>
#include <braid/wire/call.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

namespace braid::process_detail {

namespace {

// ThreadSanitizer has a thread of its own.
#if defined(__SANITIZE_THREAD__)
constexpr unsigned threads_of_tools = 1;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
constexpr unsigned threads_of_tools = 1;
#else
constexpr unsigned threads_of_tools = 0;
#endif
#else
constexpr unsigned threads_of_tools = 0;
#endif

class zygote {
public:
    zygote(unsigned depth, std::span<char> name) : name_(name), depth_(depth) {
        const char* const binds = std::getenv(bind_variable);
        if (binds && std::string_view(binds) == bind_value) ::unsetenv(bind_variable);  // for us, not for our children
        hold_places();
        warm_up_unwinder();
    }

    /// Tells the parent how it went, and does not return if it went wrong.
    void preload() {
        pass(step::preloads);
        wire::buffer out;
        wire::writer reply(out);
        run_preload(reply);
        if (!wire::is_failure(out.bytes())) refuse_threads(reply);
        std::fflush(nullptr);  // or each worker would print it
        std::cout.flush();
        const bool failed = wire::is_failure(out.bytes());
        tell({.what = failed ? zygote_says::refused : zygote_says::ready,
              .reply = {out.bytes().begin(), out.bytes().end()}});
        if (failed) ::_exit(1);
    }

    /// Until the parent has closed its end.
    void serve() {
        for (;;) {
            auto message = receive_from(socket_.get(), patience::endless);
            if (!message) continue;
            if (message->bytes.empty()) return;
            auto request = wire::decode<fork_request>(message->bytes);
            if (!page_.take(request.slot, request.number)) continue;
            pass(step::takes_fork);
            zygote_answer answer{.what = zygote_says::forked, .slot = request.slot, .number = request.number};
            answer.error = fork_worker(std::move(request), message->descriptors);
            pass(step::forked);
            message.reset();  // before the answer: whoever gets it may rely on end-of-file
            tell(answer);
        }
    }

private:
    /// A worker's descriptors have these numbers: whatever the preload opens shall have others.
    static void hold_places() {
        for (int place = zygote_socket_descriptor; place != first_free_descriptor; ++place) {
            // In use, or the lowest that is free.
            if (::fcntl(place, F_SETFD, FD_CLOEXEC) == 0) continue;
            if (::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, place) < 0) throw_errno("hold a place for a descriptor");
        }
    }

    static void run_preload(wire::writer& reply) {
        struct stat status{};
        if (::fstat(preload_descriptor, &status) != 0) throw_errno("look at a preload");
        const auto size = static_cast<std::size_t>(status.st_size);
        const shared_mapping call(preload_descriptor, size);
        ::dup3(STDIN_FILENO, preload_descriptor, O_CLOEXEC);  // the place is still needed
        wire::reader request(std::span<const std::byte>(call.data(), size));
        wire::run_call(request, reply);
    }

    static unsigned threads() {
        struct stat tasks{};
        if (::stat("/proc/self/task", &tasks) != 0) throw_errno("count threads");
        return static_cast<unsigned>(tasks.st_nlink) - 2;
    }

    /// A lock that another thread holds would be held for ever in a copy of this process.
    static void refuse_threads(wire::writer& reply) {
        unsigned count = threads();
        // One that was joined is seen for a moment more.
        for (int looks = 0; count > 1 + threads_of_tools && looks != 100; ++looks) {
            constexpr timespec moment{.tv_sec = 0, .tv_nsec = 1'000'000};
            ::nanosleep(&moment, nullptr);
            count = threads();
        }
        if (count <= 1 + threads_of_tools) return;
        reply.rewind(0);
        wire::encode_failure(
            reply, wire::outcome::exception,
            std::make_exception_ptr(usage_error(
                fmt::format("it left {} threads running beside its own: a process is forked with one", count - 1))));
    }

    /// Returns 0 or an errno.
    int fork_worker(fork_request request, std::vector<unique_fd>& descriptors) {
        if (descriptors.size() != request.descriptors.size()) return EMFILE;  // there was no room for them here
        const pid_t pid = fork_sibling(page_.place_for_pid(request.slot));
        if (pid < 0) return errno;
        if (pid == 0) {
            socket_.reset();  // the parent is to hear of the zygote's end, not of ours
            run_forked_worker(request, std::move(descriptors), {.parent = parent_, .depth = depth_, .name = name_});
        }
        return 0;
    }

    void tell(const zygote_answer& answer) const {
        wire::buffer out;
        wire::writer message(out);
        wire::encode(message, answer);
        std::ignore = send_to(socket_.get(), out.bytes(), {}, patience::endless);
    }

    unique_fd socket_{zygote_socket_descriptor};
    zygote_page page_{unique_fd(zygote_page_descriptor)};
    const std::span<char> name_;
    const unsigned depth_;
    const pid_t parent_ = ::getppid();  // it has not changed: we would be dead
};

}  // namespace

void run_zygote(unsigned depth, std::span<char> name) {
    try {
        zygote z(depth, name);
        z.preload();
        z.serve();
    } catch (const std::exception& e) {
        fmt::print(stderr, "braid: a zygote ends: {}\n", e.what());
        std::fflush(stderr);
        ::_exit(1);
    }
    ::_exit(0);
}

}  // namespace braid::process_detail
