#include "process/worker_main.hpp"

#include "process/attachment_socket.hpp"
#include "process/call_board.hpp"
#include "process/crash_handler.hpp"
#include "process/memory_held.hpp"
#include "process/orphan_guard.hpp"
#include "process/part_writer.hpp"
#include "process/services.hpp"

#include <braid/core/stop.hpp>
#include <braid/wire/archive.hpp>
#include <braid/wire/batch.hpp>
#include <braid/wire/call.hpp>
#include <braid/wire/frame.hpp>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define BRAID_HAS_LSAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BRAID_HAS_LSAN 1
#endif
#endif
#ifdef BRAID_HAS_LSAN
#include <sanitizer/lsan_interface.h>
#endif

// Of coverage tools: there if the program was built for one.
extern "C" {
[[gnu::weak]] void __gcov_dump();
[[gnu::weak]] int __llvm_profile_write_file();
}

namespace braid::process_detail {

namespace {

// What is finished is written at the end of a batch, or after so long.
constexpr std::chrono::microseconds longest_batch{100};

class worker {
public:
    worker() : board_(unique_fd(board_descriptor)) { install_crash_handler(board_.crash_report()); }

    void say_hello() {
        const std::size_t begun = wire::begin_frame(reply_, 0, static_cast<std::uint32_t>(frame_kind::hello));
        wire::writer hello(reply_);
        wire::encode(hello, wire::fingerprint());
        wire::end_frame(reply_, begun);
        send();
        flush();
    }

    void serve() {
        const detail::stop_query_guard asks_us({.ask = &worker::asked_to_stop, .data = this});
        std::vector<std::byte> chunk(256 * 1024);
        while (const std::size_t n = read_some(request_descriptor, chunk)) {
            requests_.feed(std::span(chunk).first(n));
            beside_.drop_forgotten();
            last_look_ = batch_began_ = clock::now();
            board_.starts_count_from(batch_began_);
            while (const auto request = requests_.next()) take(*request);
            deliver();
        }
    }

    /// Writes what is finished. Threads: any.
    void flush() {
        const std::lock_guard only_one(flushing_);
        write_out([&] { board_.outgoing().flush(reply_descriptor); });
    }

private:
    using clock = std::chrono::steady_clock;

    static bool asked_to_stop(void* self) noexcept {
        const auto& w = *static_cast<const worker*>(self);
        return w.board_.stop_requested(w.slot_, w.id_);
    }

    void take(const wire::frame& request) {
        if (request.header.kind == static_cast<std::uint32_t>(frame_kind::initialise)) {
            return answer(request, frame_kind::initialised);
        }
        slot_ = slot_of(request.header.id);
        id_ = call_of(request.header.id);
        const bool is_batch = request.header.kind == static_cast<std::uint32_t>(frame_kind::batch);
        if (!(is_batch ? run_batch(request) : run_call(request))) return;  // the parent has taken it back
        board_.finish(slot_, id_);
        const auto now = clock::now();
        board_.starts_count_from(now);
        last_look_ = now;
        if (now - batch_began_ > longest_batch) {
            deliver();
            batch_began_ = now;
        }
    }

    bool run_call(const wire::frame& request) {
        const bool brings_something = request.header.flags == has_attachments;
        const bool ours = board_.try_start(slot_, id_);
        if (ours) answer(request, frame_kind::reply);
        if (brings_something) beside_.end_frame(request.header.id);
        return ours;
    }

    bool run_batch(const wire::frame& request) {
        wire::reader items(request.body);
        const std::uint32_t first = wire::first_item(request.body);
        const wire::batch_progress progress = board_.begin_batch(id_, first);
        if (!board_.try_start(slot_, id_)) return false;
        part_writer out(board_, request.header.id, progress,
                        {.flush = [this] { flush(); }, .append = [this](auto bytes) { append(bytes); }});
        const std::uint32_t reached = wire::batch_run(items, out).run();
        const std::chrono::nanoseconds took = clock::now() - last_look_;
        const wire::batch_end end{
            .reached = reached, .ran = reached - first, .took_ns = static_cast<std::uint64_t>(took.count())};
        const std::size_t begun =
            wire::begin_frame(reply_, request.header.id, static_cast<std::uint32_t>(frame_kind::reply));
        reply_.append(&end, sizeof end);
        wire::end_frame(reply_, begun);
        send();
        return true;
    }

    void answer(const wire::frame& request, frame_kind kind) {
        const std::size_t begun = wire::begin_frame(reply_, request.header.id, static_cast<std::uint32_t>(kind));
        wire::reader arguments(request.body);
        arguments.set_beside(&beside_);
        beside_.read_frame(request.header.id);
        wire::writer result(reply_);
        result.set_beside(&beside_);
        beside_.write_frame(request.header.id);
        wire::run_call(arguments, result);
        if (beside_.added()) wire::set_frame_flags(reply_, begun, has_attachments);
        wire::end_frame(reply_, begun);
        send();
    }

    /// What is said of the memory is there when the parent wakes.
    void deliver() {
        look_at_memory();
        flush();
    }

    void look_at_memory() noexcept {
        const std::uint64_t limit = board_.memory_limit();
        if (limit == 0) return;
        const auto held = memory_held_by(::getpid());
        if (held && *held > limit) board_.tell_worn_out();
    }

    /// A parent that is gone wants no answer, and nobody to see us complain. (SIGPIPE says so first, unless it is
    /// ignored.)
    template <class Write>
    static void write_out(Write write) {
        try {
            write();
        } catch (const std::system_error& e) {
            if (e.code() == std::errc::broken_pipe) ::_exit(1);
            throw;
        }
    }

    void send() {
        outgoing_buffer& out = board_.outgoing();
        const std::span<const std::byte> bytes = reply_.bytes();
        if (const std::span<std::byte> room = out.reserve(bytes.size()); !room.empty()) {
            std::memcpy(room.data(), bytes.data(), bytes.size());
            out.commit(bytes.size());
        } else {
            append(bytes);
        }
        reply_.clear();
    }

    void append(std::span<const std::byte> bytes) {
        const std::lock_guard only_one(flushing_);
        write_out([&] { board_.outgoing().append(bytes, reply_descriptor); });
    }

    board_client board_;
    attachment_socket beside_{unique_fd(attachment_descriptor), attachment_socket::side::worker};
    std::mutex flushing_;
    wire::frame_reader requests_;
    wire::buffer reply_;
    std::uint32_t slot_ = 0;  // of the call that runs
    std::uint32_t id_ = 0;
    clock::time_point batch_began_;  // of what is written together
    clock::time_point last_look_;    // at the clock
};

// What /proc shows as argv[0]: pools of this worker start theirs under the same name.
std::string program_name() { return program_invocation_name; }

// The call's own children must not keep our pipes open.
void keep_from_children() {
    for (const int fd :
         {request_descriptor, reply_descriptor, control_descriptor, board_descriptor, attachment_descriptor}) {
        ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
}

// Static destructors belong to the parent's idea of a program: a worker leaves without them, but not without what tools
// and the standard streams still hold.
[[noreturn]] void leave() {
    std::fflush(nullptr);
    if (__gcov_dump) __gcov_dump();
    if (__llvm_profile_write_file) __llvm_profile_write_file();
#ifdef BRAID_HAS_LSAN
    __lsan_do_leak_check();
#endif
    ::_exit(0);
}

}  // namespace

void run_worker(unsigned depth) {
    keep_from_children();
    process_services services(program_name(), depth);
    install_services(services);
    {
        worker w;
        // A nudge: what is finished lies behind a call that takes long.
        const orphan_guard guard(unique_fd(control_descriptor), [&w] { w.flush(); });
        w.say_hello();
        w.serve();
    }
    remove_services();
    leave();
}

}  // namespace braid::process_detail
