#include "process/worker_main.hpp"

#include "process/attachment_ends.hpp"
#include "process/board_access.hpp"
#include "process/call_board.hpp"
#include "process/call_clock.hpp"
#include "process/crash_handler.hpp"
#include "process/fault_points.hpp"
#include "process/limits_in_force.hpp"
#include "process/memory_held.hpp"
#include "process/message_limit.hpp"
#include "process/orphan_guard.hpp"
#include "process/output_marks.hpp"
#include "process/part_writer.hpp"
#include "process/request_stream.hpp"
#include "process/services.hpp"
#include "process/worker_exit.hpp"

#include <braid/core/detail/spin.hpp>
#include <braid/core/stop.hpp>
#include <braid/wire/archive.hpp>
#include <braid/wire/batch.hpp>
#include <braid/wire/call.hpp>
#include <braid/wire/frame.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace braid::process_detail {

namespace {

class worker {
public:
    worker() : board_(unique_fd(board_descriptor)), output_(board_) { install_crash_handler(board_.crash_report()); }

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
        request_stream stream(board_.incoming(), [] { write_out([] { ring_bell(reply_descriptor); }); });
        auto chunk = stream.next();
        if (board_.incoming()) {
            detail::know_from_parent(board_.parent_may_spin());
            stream.look_for(board_.spin());
        }
        for (; !chunk.empty(); chunk = stream.next()) {
            if (chunk.size() <= longest_lone_request) board_.expects_call(slot_);
            requests_.feed(chunk);
            clock_.requests_came();
            while (const auto request = requests_.next()) take(*request);
            deliver();
        }
    }

    /// The parent wants to know whether we are alive, and what is finished. Threads: one besides the one that serves.
    void answer_nudge() {
        board_.beat();
        flush();
    }

    /// Writes what is finished. Threads: any.
    void flush() {
        const auto only_one = lock_pipe();
        write_out([&] { board_.outgoing().flush(reply_descriptor); });
    }

private:
    /// Bytes. Where more come at once, the parent is busy with the slots beside those.
    static constexpr std::size_t longest_lone_request = 256;

    static bool asked_to_stop(void* self) noexcept {
        const auto& w = *static_cast<const worker*>(self);
        return w.board_.stop_requested(w.slot_, w.id_);
    }

    void take(const wire::frame& request) {
        beside_.read_frame(request.header.id, (request.header.flags & has_attachments) != 0);
        take_call(request);
        beside_.end_reading();
    }

    void take_call(const wire::frame& request) {
        if (request.header.kind == static_cast<std::uint32_t>(frame_kind::initialise)) {
            return answer(request, frame_kind::initialised);
        }
        slot_ = slot_of(request.header.id);
        id_ = call_of(request.header.id);
        const bool is_batch = request.header.kind == static_cast<std::uint32_t>(frame_kind::batch);
        if (is_batch) clock_.batch_begins();
        if (!(is_batch ? run_batch(request) : run_call(request))) return;  // the parent has taken it back
        pass(step::finishes_call);
        board_.finish(slot_, id_);
        pass(step::finished_call);
        if (is_batch) {
            clock_.batch_ended(items_run_);
        } else {
            clock_.call_ended();
        }
        if (clock_.should_deliver()) deliver();
    }

    bool run_call(const wire::frame& request) {
        if (!board_.try_start(slot_, id_)) return false;
        pass(step::starts_call);
        answer(request, frame_kind::reply);
        return true;
    }

    bool run_batch(const wire::frame& request) {
        wire::reader items(request.body);
        std::optional<call_limits> limits;
        if (request.header.flags & has_limits) limits = items.scalar<call_limits>("the limits of a batch");
        const std::uint32_t first = wire::first_item(request.body.last(items.remaining()));
        const wire::batch_progress progress = board_.begin_batch(id_, first);
        if (!board_.try_start(slot_, id_)) return false;
        pass(step::starts_call);
        items.set_beside(&beside_);
        part_writer out(board_, beside_, request.header.id, progress,
                        {.make_room = [this](std::size_t size) { make_room(size); },
                         .append = [this](auto bytes) { append(bytes); },
                         .send_beside = [this](wire::writer& reply) { return send_beside(reply, 0); }});
        std::uint32_t reached = 0;
        {
            std::optional<limits_in_force> in_force;
            if (limits) in_force.emplace(*limits);
            reached = wire::batch_run(items, out).run();
        }
        const std::chrono::nanoseconds took = clock_.batch_took();
        items_run_ = reached - first;
        const wire::batch_end end{
            .reached = reached, .ran = items_run_, .took_ns = static_cast<std::uint64_t>(took.count())};
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
        wire::writer result(reply_);
        result.set_beside(&beside_);
        beside_.write_frame(request.header.id);
        beside_.write_result_into(0);
        const std::size_t body = result.position();
        if (run(request, arguments, result) != wire::outcome::value) beside_.drop_frame();
        refuse_if_too_large(result, body);
        output_.call_ends(request.header.id);
        if (beside_.has_something() && send_beside(result, body)) {
            wire::set_frame_flags(reply_, begun, has_attachments);
        }
        wire::end_frame(reply_, begun);
        send();
    }

    void refuse_if_too_large(wire::writer& result, std::size_t body) {
        const std::size_t size = result.position() - body + beside_.lent_bytes();
        if (size <= board_.message_limit()) return;
        beside_.drop_frame();
        result.rewind(body);
        encode_too_large(result, size, board_.message_limit());
    }

    /// Where too much is on its way, waits for the parent, which reads it as soon as it has the results that it
    /// belongs to.
    bool send_beside(wire::writer& result, std::size_t body) {
        try {
            if (!beside_.send_frame(when_full::give_up)) {
                flush();
                std::ignore = beside_.send_frame(when_full::wait);
            }
            return true;
        } catch (const std::exception&) {
            beside_.drop_frame();
            result.rewind(body);
            wire::encode_failure(result, wire::outcome::result_rejected, std::current_exception());
            return false;
        }
    }

    wire::outcome run(const wire::frame& request, wire::reader& arguments, wire::writer& result) {
        std::optional<limits_in_force> limits;
        try {
            if (request.header.flags & has_limits) {
                beside_.map_what_came();  // it does not count as what the call uses
                limits.emplace(arguments.scalar<call_limits>("the limits of a call"));
            }
            if (request.header.flags & has_result_room)
                beside_.write_result_into(arguments.scalar<std::uint64_t>("memory for the result"));
        } catch (const std::exception&) {
            wire::encode_failure(result, wire::outcome::exception, std::current_exception());
            return wire::outcome::exception;
        }
        return wire::run_call(arguments, result);
    }

    /// What is said of the memory is there when the parent wakes.
    void deliver() {
        clock_.delivers();
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
        const bool at_once = before(step::commits_reply, bytes.size()) == bytes.size();
        if (const auto room = out.reserve(at_once ? bytes.size() : 0); !room.empty()) {
            std::memcpy(room.data(), bytes.data(), bytes.size());
            out.commit(bytes.size());
            after(step::commits_reply, bytes.size());
        } else {
            const auto began = call_clock::clock::now();
            append(bytes);
            clock_.spent_on_sending(call_clock::clock::now() - began);
        }
        reply_.clear();
    }

    void append(std::span<const std::byte> bytes) {
        const auto only_one = lock_pipe();
        write_out([&] { board_.outgoing().append(bytes, reply_descriptor); });
    }

    void make_room(std::size_t size) {
        const auto only_one = lock_pipe();
        write_out([&] { board_.outgoing().make_room(size, reply_descriptor); });
    }

    /// A bell needs no lock, and waiting for room under one would keep the thread that looks after orphans.
    [[nodiscard]] std::unique_lock<std::mutex> lock_pipe() {
        return board_.incoming() ? std::unique_lock<std::mutex>() : std::unique_lock(flushing_);
    }

    board_client board_;
    worker_attachments beside_{unique_fd(attachment_descriptor)};
    output_marks output_;
    call_clock clock_{board_};
    std::mutex flushing_;
    wire::frame_reader requests_{{.max_length = longest_frame(board_.message_limit())}};
    wire::buffer reply_;
    std::uint32_t slot_ = 0;  // of the call that runs
    std::uint32_t id_ = 0;
    std::uint32_t items_run_ = 0;  // of the batch that was run last
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

}  // namespace

void run_worker(unsigned depth) {
    keep_from_children();
    heed_fences();  // while there is no other thread
    late_services services(program_name(), depth);
    install_services(services);
    {
        worker w;
        w.say_hello();  // first: the parent has its part to do now
        // What is finished may lie behind a call that takes long.
        const orphan_guard guard(unique_fd(control_descriptor), [&w] { w.answer_nudge(); });
        w.serve();
        pass(step::leaves);
    }
    remove_services();
    leave_worker();
}

}  // namespace braid::process_detail
