// The half of worker_link that listens: what a worker says.

#include "process/batch_call.hpp"
#include "process/fault_points.hpp"
#include "process/pool_engine.hpp"
#include "process/symbolise.hpp"
#include "process/worker_link.hpp"

#include <braid/core/detail/spin.hpp>

#include <fmt/format.h>

#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <utility>

namespace braid::detail {

namespace {

// Read of one worker before anybody else has a turn: it may have something to say for ever.
constexpr std::size_t read_at_once = 4U << 20;

}  // namespace

void worker_link::await_replies() {
    if (awaiting_replies_ || !expects_replies() || !violation_.empty() || !replies_.is_open()) return;
    awaiting_replies_ = true;
    // The handler keeps nothing of the link alive: it may be called, or dropped, long after the end of that, and while
    // it is called the home may run beyond it.
    replies_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                        [weak = weak_from_this(), wait = ++wait_](boost::system::error_code error) {
                            auto self = error ? nullptr : weak.lock();
                            if (!self) return;
                            worker_link& link = *self;
                            link.readable_.ended(wait);
                            if (link.readable_.posted.exchange(true)) return;
                            const auto pool = link.pool_;
                            const auto where = link.home_;
                            link.readable_.keep = std::move(self);
                            if (!pool->post_from_handler(link.readable_, *where)) link.readable_.keep = nullptr;
                        });
}

/// What is awaited keeps the context running. Replies that come without a bell, or never, leave it so.
void worker_link::let_context_go() noexcept {
    if (!awaiting_replies_ || expects_replies()) return;
    awaiting_replies_ = false;
    boost::system::error_code ignored;
    replies_.cancel(ignored);
}

void worker_link::read_replies() {
    if (state_ == state::gone) return;  // and the pool may be
    drain_replies(read_at_once);
    if (rings_ && awaiting_room_) look_for_room();
    if (!replies_ended_) {
        await_replies();
    } else if (!std::exchange(heard_their_end_, true)) {
        end_of_replies();
    }
    pool_->worker_has_room();
}

// It comes at about the time of the process's end, and before the reaper's word of that, whose thread has to wake
// first. A worker that lives on without the pipe is of no use to anybody.
void worker_link::end_of_replies() {
    if (const auto status = child_ ? pool_->services().children.reap_if_dead(*child_) : std::nullopt) {
        return pool_->worker_gone(shared_from_this(), *status);
    }
    // Of one that has not yet run a call the pool wants to know first why, so that it does not start them for ever.
    makes_way_ = replies_seen_ != 0 || running_call() != nullptr;
    kill();
}

void worker_link::drain_replies(std::size_t most) {
    while (most != 0 && replies_.is_open()) {
        const std::size_t size = std::min(most, pool_->read_buffer().size());
        const auto buffer = pool_->read_buffer().first(pd::before(pd::step::reads_replies, size));
        const std::size_t n = rings_ ? read_ring(buffer) : read_pipe(buffer);
        if (n == 0) return;
        pd::after(pd::step::reads_replies, n);
        most -= n;
        received_ += n;
        if (output_->gives_lines()) tell_lines();  // what a call printed comes before its result
        if (!take_chunk(buffer.first(n))) return;
        if (n < buffer.size() && !rings_) return;  // the pipe is empty
    }
}

std::size_t worker_link::read_pipe(std::span<std::byte> into) noexcept {
    ssize_t n = 0;
    do {
        n = ::read(replies_.native_handle(), into.data(), into.size());
    } while (n < 0 && errno == EINTR);
    replies_ended_ = n == 0;
    return n > 0 ? static_cast<std::size_t>(n) : 0;
}

void worker_link::tell_lines() {
    const call_base* named = nullptr;
    std::string name;
    for (const auto& line : output_->take_lines()) {
        const call_base* call = call_of_line(line);
        if (call != named) name = call ? name_of(*call) : std::string();
        named = call;
        pool_->options().on_line(
            {.pid = pid_, .stream = line.stream, .call = name, .text = line.text, .goes_on = line.goes_on});
    }
}

const call_base* worker_link::call_of_line(const pd::output_line& line) const noexcept {
    if (!line.call) return nullptr;
    const std::uint32_t slot = pd::slot_of(*line.call);
    const call_base* call = slot < slots_.size() ? slots_[slot] : nullptr;
    return call && call->id_ == pd::call_of(*line.call) ? call : nullptr;
}

bool worker_link::take_chunk(std::span<const std::byte> chunk) {
    const std::uint64_t before = replies_seen_;
    const auto now = clock::now();
    try {
        frames_.feed(chunk);
        while (const auto frame = frames_.next()) take_frame(*frame, now);
    } catch (const std::exception& e) {
        violated(e.what());
        return false;
    }
    measure(static_cast<std::size_t>(replies_seen_ - before), now);
    return true;
}

void worker_link::take_frame(const wire::frame& frame, clock::time_point now) {
    switch (static_cast<pd::frame_kind>(frame.header.kind)) {
        case pd::frame_kind::hello: return take_hello(frame);
        case pd::frame_kind::reply: return take_reply(frame, now);
        case pd::frame_kind::part: return take_part(frame);
        case pd::frame_kind::initialised: return take_initialised(frame);
        case pd::frame_kind::unfit: return unfit("it could not " + wire::decode<std::string>(frame.body));
        case pd::frame_kind::request:
        case pd::frame_kind::batch:
        case pd::frame_kind::initialise: break;
    }
    throw wire::decode_error(fmt::format("a frame of kind {}, which no worker sends", frame.header.kind));
}

void worker_link::take_hello(const wire::frame& frame) {
    if (state_ != state::starting) throw wire::decode_error("a second hello from a worker");
    pool_->where().disarm(kill_timer_);
    if (rings_) board_.tell_whether_to_spin(may_spin());
    const std::string differs =
        wire::difference(wire::fingerprint(), wire::decode<wire::image_fingerprint>(frame.body));
    if (!differs.empty()) return unfit(fmt::format("it is not the same program: {}", differs));
    if (pool_->initialiser().empty()) return become_ready();
    state_ = state::initialising;
    arm_kill(pool_->options().initialise_limit);
    initialise();
}

void worker_link::initialise() {
    const std::size_t begun = wire::begin_frame(out_, 0, static_cast<std::uint32_t>(pd::frame_kind::initialise));
    out_.append(pool_->initialiser().data(), pool_->initialiser().size());
    wire::end_frame(out_, begun);
    flush(clock::now());
}

void worker_link::take_initialised(const wire::frame& frame) {
    if (state_ != state::initialising) throw wire::decode_error("an initialiser was run that nobody asked for");
    pool_->where().disarm(kill_timer_);
    wire::reader reply(frame.body);
    try {
        wire::decode_reply<void>(reply, {.pid = pid_, .call = "the initialiser"});
    } catch (const std::exception& e) {
        return unfit(fmt::format("its initialiser failed: {}", e.what()));
    }
    become_ready();
}

void worker_link::become_ready() noexcept {
    state_ = state::ready;
    idle_since_ = clock::now();
    pool_->worker_ready();
}

call_base& worker_link::call_of(const wire::frame& frame) const {
    const std::uint32_t slot = pd::slot_of(frame.header.id);
    call_base* call = slot < slots_.size() ? slots_[slot] : nullptr;
    if (!call || call->id_ != pd::call_of(frame.header.id)) {
        throw wire::decode_error(fmt::format("an answer to a call that was not made: {:#x}", frame.header.id));
    }
    return *call;
}

void worker_link::take_reply(const wire::frame& frame, clock::time_point now) {
    call_base& call = call_of(frame);
    pd::pass(pd::step::takes_reply);
    bool ended = true;
    if (batch_call* batch = call.as_batch()) {
        wire::reader reply(frame.body);
        ended = batch->take_end(reply);
    } else {
        take_value(call, frame);
    }
    beside_->was_read(frame.header.id);
    ++replies_seen_;
    board_.free(call.slot_);
    release(call, now);
    pool_->worker_works();
    pool_->count_answer(call.waited_);
    ended ? pool_->call_ended(call) : pool_->call_returned(call);
}

void worker_link::take_value(call_base& call, const wire::frame& frame) {
    wire::reader reply(frame.body);
    reply.set_beside(&*beside_);
    if (frame.header.flags & pd::has_attachments) beside_->read_frame(frame.header.id);
    beside_->begin_reading(frame.header.id);
    wire::remote_origin::place where{.pid = pid_};
    if (wire::is_failure(frame.body)) {
        where.call = lasting_name_of(call);
        beside_->may_be_lost(frame.header.id);
    } else if (const std::size_t size = frame.body.size(); size >= wire::worth_lending) {
        large_results_.saw(call, size, beside_->had_result_room(frame.header.id, size));
    }
    call.accept(reply, where);
    beside_->end_reading();
}

void worker_link::take_part(const wire::frame& frame) {
    batch_call* batch = call_of(frame).as_batch();
    if (!batch) throw wire::decode_error("a part of the answer to a call that has but one result");
    wire::reader body(frame.body);
    const auto header = body.scalar<wire::part_header>("the header of a part");
    if (frame.header.flags & pd::has_attachments) beside_->read_frame(frame.header.id);
    take_results(*batch, static_cast<wire::part_kind>(frame.header.flags & ~pd::has_attachments), header, body);
}

void worker_link::take_results(batch_call& batch, wire::part_kind kind, const wire::part_header& header,
                               wire::reader& body) {
    body.set_beside(&*beside_);
    beside_->begin_reading(pd::frame_id(batch.slot_, batch.id_));
    const bool some_failed = batch.take_part(kind, header, body, {.pid = pid_, .call = lasting_name_of(batch)});
    if (some_failed) beside_->may_be_lost(pd::frame_id(batch.slot_, batch.id_));
    beside_->end_reading();
}

// What a batch has finished since its last part lies in the shared memory only.
void worker_link::take_unfinished_part() {
    call_base* call = running_call();
    batch_call* batch = call ? call->as_batch() : nullptr;
    if (!batch) return;
    const auto part = board_.unfinished_part();
    if (part.bytes.empty()) return;
    wire::reader bytes(part.bytes);
    const auto frame = bytes.scalar<wire::frame_header>("the header of a part");
    auto header = bytes.scalar<wire::part_header>("the header of a part");
    const bool of_this_batch = frame.id == pd::frame_id(call->slot_, call->id_);
    // What comes before it may still be on its way.
    if (!of_this_batch || header.first > batch->next() || part.end <= header.first) return;
    header.count = part.end - header.first;
    take_results(*batch, static_cast<wire::part_kind>(frame.flags), header, bytes);
}

void worker_link::measure(std::size_t finished, clock::time_point now) noexcept {
    if (finished == 0) return;
    pool_->count_travel(board_.travelled(now), finished);
    const double each =
        std::chrono::duration<double, std::nano>(now - busy_since_).count() / static_cast<double>(finished);
    expect_calls_of(0.5 * call_ns_ + 0.5 * std::max(each, 1.0));
    busy_since_ = now;
}

wire::remote_origin::call_name worker_link::lasting_name_of(const call_base& call) {
    if (call.options().name) return call.options().name;
    const called_function called = call.called();
    return {&pd::name_of_function, called.address, *called.type};
}

}  // namespace braid::detail
