#include "process/worker_link.hpp"

#include "process/batch_call.hpp"
#include "process/fault_points.hpp"
#include "process/memory_held.hpp"
#include "process/message_limit.hpp"
#include "process/pool_engine.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <random>
#include <tuple>
#include <utility>

namespace braid::detail {

namespace {

// Between two calls a worker should not wait for the next one to arrive, nor fall asleep while its parent reads what it
// has finished: so much work is sent ahead. Calls of 1 KiB go through 1.2 times as fast as with a third of it.
constexpr double prefetched_ns = 600'000;
constexpr std::size_t most_in_flight = 512;
// One is sent ahead of calls up to this length, too: a parent that has much to do takes so long to have a turn. A
// worker that has nothing is given that one.
constexpr double one_ahead_ns = 5'000'000;
// What it takes to wake a worker that sleeps, to write to it and to read from it, where that takes long.
constexpr double waking_ns = 100'000;
// What a call takes is a guess at first, that sends little ahead.
constexpr double first_guess_ns = 300'000;
// Of a pool that spins. What does not fit in waits here.
constexpr std::size_t request_ring_capacity = 256 * 1024;

std::size_t items_in(call_base& call) noexcept {
    const batch_call* batch = call.as_batch();
    return batch ? batch->left() : 1;
}

std::uint64_t draw(std::uint64_t least, std::uint64_t most) {
    static thread_local std::minstd_rand random(std::random_device{}());
    return std::uniform_int_distribution<std::uint64_t>(least, most)(random);
}

std::size_t draw_calls_allowed(std::size_t calls) { return draw(calls, calls + calls / 5); }
std::uint64_t draw_memory_allowed(std::uint64_t bytes) { return draw(bytes - bytes / 10, bytes); }

}  // namespace

worker_link::worker_link(std::shared_ptr<pool_engine> pool)
    : pool_(std::move(pool)),
      home_(pool_->where().shared_from_this()),
      board_({.incoming_capacity = pool_->options().spin.count() != 0 ? request_ring_capacity : 0,
              .spin = pool_->options().spin,
              .memory_limit = draw_memory_allowed(pool_->options().memory_per_worker),
              .message_limit = pool_->options().max_message_size,
              .output_is_marked = pool_->options().output == worker_output::lines}),
      output_(std::make_shared<pd::captured_output>(pool_->services().output, board_, pool_->options().output)),
      requests_(pool_->where().executor()),
      replies_(pool_->where().executor()),
      frames_({.max_length = pd::longest_frame(pool_->options().max_message_size)}),
      slots_(board_.slot_count()),
      calls_allowed_(draw_calls_allowed(pool_->options().calls_per_worker)) {
    readable_.link = this;
    readable_.run = [](work* w) noexcept {
        const auto keep = std::exchange(static_cast<readable_work*>(w)->keep, nullptr);
        keep->readable_.posted = false;
        keep->pool_->arrived();
        if (keep->readable_.last_wait == keep->wait_) keep->awaiting_replies_ = false;
        if (keep->rings_) keep->hear_bells();
        keep->read_replies();
    };
    kill_timer_.link = this;
    kill_timer_.fire = [](timer* t) noexcept { static_cast<kill_timer*>(t)->link->grace_is_over(); };
    for (std::uint32_t slot = board_.slot_count(); slot-- > 0;) free_slots_.push_back(slot);
    expect_calls_of(first_guess_ns);
    if (board_.has_rings()) rings_ = std::make_unique<rings>(*this);
}

worker_link::~worker_link() { output_->finish(); }

// --- calls to it

void worker_link::expect_calls_of(double ns) noexcept {
    call_ns_ = ns;
    const std::size_t least = ns < one_ahead_ns ? 1 : 0;
    worth_waking_for_ = std::max<std::size_t>(static_cast<std::size_t>(waking_ns / ns), 1);
    wanted_ = std::min(1 + std::max(static_cast<std::size_t>(prefetched_ns / ns), least), most_in_flight);
}

bool worker_link::stuck_since_last_look() noexcept {
    return std::exchange(replies_at_last_look_, replies_seen_) == replies_seen_;
}

worker_link::ending worker_link::used_up() const noexcept {
    if (calls_allowed_ != 0 && given_ >= calls_allowed_) return ending::calls_used_up;
    return board_.worn_out() ? ending::memory_used_up : ending::none;
}

void worker_link::expect_long_calls() noexcept { expect_calls_of(10 * prefetched_ns); }

void worker_link::look_for_life() noexcept {
    const std::uint64_t now = board_.heartbeats();
    if (std::exchange(heartbeats_at_last_look_, now) != now) return nudge();
    unresponsive_ = true;
    kill();
}

void worker_link::nudge() noexcept {
    const char byte = 0;
    [[maybe_unused]] const auto written = ::write(control_.get(), &byte, 1);  // a full pipe is nudge enough
}

void worker_link::encode_request(call_base& call, std::size_t begun, std::uint64_t frame) {
    try {
        encode_request(call, begun, frame, true);
    } catch (const wire::encode_error&) {
        // What is lent takes a descriptor, of which there may be too many: it can do without.
        if (!beside_->has_lent() || size_since(begun) > pool_->options().max_message_size) throw;
        wire::drop_frame(out_, begun);
        beside_->drop_frame();
        encode_request(call, begun, frame, false);
    }
}

void worker_link::encode_request(call_base& call, std::size_t begun, std::uint64_t frame, bool lends) {
    beside_->write_frame(frame);
    beside_->lend_or_not(lends);
    const call_limits& limits = call.options().limits;
    if (limits.cpu_time && *limits.cpu_time <= std::chrono::milliseconds::zero()) {
        throw usage_error(fmt::format("the CPU time of a call cannot be limited to {} ms", limits.cpu_time->count()));
    }
    const auto kind = call.as_batch() ? pd::frame_kind::batch : pd::frame_kind::request;
    const std::size_t result_size = large_results_.size_for(call);
    const std::uint32_t flags = (limits.any() ? pd::has_limits : 0) | (result_size != 0 ? pd::has_result_room : 0);
    std::ignore = wire::begin_frame(out_, frame, static_cast<std::uint32_t>(kind), flags);
    wire::writer request(out_);
    request.set_beside(&*beside_);
    if (limits.any()) request.scalar(limits);
    const std::size_t room_at = request.position();
    if (result_size != 0) request.scalar(std::uint64_t{0});
    call.encode(request);
    const std::uint64_t most = pool_->options().max_message_size;
    if (const std::size_t size = size_since(begun); size > most) {
        throw wire::encode_error(fmt::format(
            "the arguments of this call take {} bytes, and a worker takes no more than {} (max_message_size)", size,
            most));
    }
    if (result_size != 0) out_.patch(room_at, beside_->lend_for_result(result_size));
    if (beside_->send_frame()) wire::set_frame_flags(out_, begun, flags | pd::has_attachments);
}

bool worker_link::give(call_base& call, clock::time_point now) noexcept {
    if (rings_ && in_flight_ == 0) rings_->requests.expects_some();
    const std::uint32_t slot = free_slots_.back();
    free_slots_.pop_back();  // encoding may give others back, as far as cancelling them does
    last_id_ = (last_id_ + 1) & pd::call_id_mask;
    const std::size_t begun = out_.size();
    try {
        encode_request(call, begun, pd::frame_id(slot, last_id_));
    } catch (...) {
        wire::drop_frame(out_, begun);
        beside_->drop_frame();
        free_slots_.push_back(slot);
        call.fail(std::current_exception());
        return false;
    }
    wire::end_frame(out_, begun);
    board_.queue(slot, last_id_);
    given_ += items_in(call);
    slots_[slot] = &call;
    call.slot_ = slot;
    call.id_ = last_id_;
    call.worker_ = this;
    call.worker_pid_.store(pid_, std::memory_order_relaxed);
    call.place_ = call_base::place::at_worker;
    calls_.push_back(call.entry());
    if (in_flight_++ == 0) busy_since_ = now;
    if (rings_) rings_->patience = pool_->options().spin;
    return true;
}

void worker_link::flush(clock::time_point now) {
    if (out_sent_ == out_.size() || !requests_.is_open()) return;
    if (!awaiting_room_) {
        if (out_sent_ == 0) board_.sends_from(now);
        rings_ ? write_into_ring() : write_into_pipe();
        drop_what_is_sent();
    }
    // Without room, too: if all that it had was taken back meanwhile, nobody listens any more.
    await_replies();
}

void worker_link::write_into_pipe() {
    while (out_sent_ != out_.size()) {
        const std::size_t most = pd::before(pd::step::writes_requests, out_.size() - out_sent_);
        const ssize_t n = ::write(requests_.native_handle(), out_.data() + out_sent_, most);
        if (n >= 0) {
            pd::after(pd::step::writes_requests, static_cast<std::size_t>(n));
            out_sent_ += static_cast<std::size_t>(n);
        } else if (errno == EAGAIN) {
            await_room();
            break;
        } else if (errno != EINTR) {
            break;  // EPIPE: it is dead, and the reaper will tell
        }
    }
}

// A worker that is never quite up to date must not make the buffer grow for ever.
void worker_link::drop_what_is_sent() noexcept {
    const std::size_t left = out_.size() - out_sent_;
    if (left > out_sent_) return;
    if (left != 0) std::memmove(out_.data(), out_.data() + out_sent_, left);
    out_.truncate(left);
    out_sent_ = 0;
}

void worker_link::await_room() {
    awaiting_room_ = true;
    requests_.async_wait(boost::asio::posix::stream_descriptor::wait_write,
                         [weak = weak_from_this()](boost::system::error_code error) {
                             auto self = error ? nullptr : weak.lock();
                             if (!self) return;  // it was closed: nothing is written any more
                             const auto pool = self->pool_;
                             std::ignore = pool->post_unless_gone([self = std::move(self)] {
                                 self->awaiting_room_ = false;
                                 self->flush(clock::now());
                             });
                         });
}

void worker_link::release(call_base& call, clock::time_point now) noexcept {
    call.entry().unlink();
    if (stopping_ == &call) watch_no_more();
    slots_[call.slot_] = nullptr;
    free_slots_.push_back(call.slot_);
    if (beside_) beside_->take_back(pd::frame_id(call.slot_, call.id_));
    call.worker_ = nullptr;
    call.worker_pid_.store(0, std::memory_order_relaxed);
    call.place_ = call_base::place::nowhere;
    if (--in_flight_ != 0) return;
    if (rings_) rings_->patience = clock::duration::zero();
    idle_since_ = now;
    pool_->worker_rests();
}

bool worker_link::take_back(call_base& call) noexcept {
    if (!board_.try_revoke(call.slot_, call.id_)) return false;
    board_.free(call.slot_);
    release(call, clock::now());
    given_ -= items_in(call);
    let_context_go();
    return true;
}

call_base* worker_link::take_back_any() noexcept {
    if (in_flight_ < 2) return nullptr;
    call_base& last = call_base::of(calls_.back());
    return take_back(last) ? &last : nullptr;
}

std::string worker_link::describe(const call_base& call) const {
    const auto running = board_.running();
    if (!running || running->slot != call.slot_ || running->id != (call.id_ & pd::call_id_mask)) {
        return fmt::format("{} in worker {}, which has yet to begin it", name_of(call), pid_);
    }
    const std::chrono::duration<double> age = clock::now() - board_.running_since();
    return fmt::format("{} in worker {}, which has run it for {:.3f} s", name_of(call), pid_, age.count());
}

bool worker_link::may_keep_waiting() noexcept {
    if (in_flight_ != 1) return in_flight_ > 1;
    return items_in(call_base::of(calls_.front())) > 1;
}

call_base* worker_link::running_call() const noexcept {
    const auto running = board_.running();
    call_base* call = running ? slots_[running->slot] : nullptr;
    return call && (call->id_ & pd::call_id_mask) == running->id ? call : nullptr;
}

void worker_link::split_batch() noexcept {
    call_base* call = running_call();
    batch_call* batch = call ? call->as_batch() : nullptr;
    if (!batch || call->stopping_) return;
    try {
        take_unfinished_part();
    } catch (const std::exception& e) {
        return violated(e.what());
    }
    if (batch->left() < 2) return;
    batch->found_at(board_.items_done(), clock::now() - board_.running_since());
    batch->may_end_early();
    if (const auto first_left = board_.cut_short(call->slot_, call->id_)) batch->cut(*first_left);
}

worker_stats worker_link::stats() const {
    worker_stats now{.pid = pid_, .calls = replies_seen_, .in_flight = in_flight_};
    if (pid_ > 0) now.memory = pd::memory_held_by(pid_);
    if (coming()) return now;
    now.at = state_ == state::leaving || condemned_ ? worker_stats::state::leaving
             : in_flight_ == 0                      ? worker_stats::state::idle
                                                    : worker_stats::state::busy;
    if (const call_base* call = running_call()) {
        now.call = name_of(*call);
        now.age = std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - board_.running_since());
    }
    return now;
}

}  // namespace braid::detail
