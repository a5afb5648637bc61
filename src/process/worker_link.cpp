#include "process/worker_link.hpp"

#include "process/batch_call.hpp"
#include "process/memory_held.hpp"
#include "process/pool_engine.hpp"
#include "process/symbolise.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <random>
#include <tuple>
#include <utility>

namespace braid::detail {

namespace {

// Between two calls a worker should not wait for the next one to arrive: so much work is sent ahead.
constexpr double prefetched_ns = 200'000;
constexpr std::size_t most_in_flight = 512;
constexpr int pipe_capacity = 1 << 20;

std::string name_of(const call_base& call) {
    if (call.options().name) return call.options().name;
    const called_function called = call.called();
    return pd::name_of_function(called.address, *called.type);
}

pd::pipe_ends make_wide_pipe() {
    pd::pipe_ends ends = pd::make_pipe();
    ::fcntl(ends.write.get(), F_SETPIPE_SZ, pipe_capacity);  // as a favour: without it, it works with less at a time
    return ends;
}

void set_nonblocking(int fd) {
    if (::fcntl(fd, F_SETFL, O_NONBLOCK) != 0) pd::throw_errno("making a pipe non-blocking");
}

std::size_t items_in(call_base& call) noexcept {
    const batch_call* batch = call.as_batch();
    return batch ? batch->left() : 1;
}

std::size_t draw_calls_allowed(std::size_t calls) {
    static thread_local std::minstd_rand random(std::random_device{}());
    return calls + std::uniform_int_distribution<std::size_t>(0, calls / 5)(random);
}

pd::child_settings settings_of(const process_pool_options& options) {
    pd::child_settings settings;
    const worker_limits& limits = options.limits;
    if (limits.memory) settings.limits.push_back({RLIMIT_AS, *limits.memory, *limits.memory});
    if (limits.file_size) settings.limits.push_back({RLIMIT_FSIZE, *limits.file_size, *limits.file_size});
    if (limits.cpu_time) {
        // The soft limit sends SIGXCPU, which can be ignored; a second later the hard one kills.
        const auto seconds = static_cast<rlim_t>(limits.cpu_time->count());
        settings.limits.push_back({RLIMIT_CPU, seconds, seconds + 1});
    }
    settings.niceness = options.niceness;
    if (!options.cpus.empty()) {
        CPU_ZERO(&settings.cpus.emplace());
        for (const int cpu : options.cpus) CPU_SET(cpu, &*settings.cpus);
    }
    return settings;
}

std::vector<std::string> environment_of(const process_pool_options& options, unsigned depth) {
    std::vector<std::string> own = options.environment;
    own.push_back(fmt::format("{}={}", pd::worker_variable, depth));
    return pd::child_environment(own);
}

}  // namespace

worker_link::worker_link(std::shared_ptr<pool_engine> pool)
    : pool_(std::move(pool)),
      board_({.memory_limit = pool_->options().memory_per_worker}),
      requests_(pool_->where().executor()),
      replies_(pool_->where().executor()),
      slots_(board_.slot_count()),
      calls_allowed_(draw_calls_allowed(pool_->options().calls_per_worker)) {
    readable_.link = this;
    readable_.run = [](work* w) noexcept {
        const auto keep = std::exchange(static_cast<readable_work*>(w)->keep, nullptr);
        keep->read_replies();
    };
    kill_timer_.link = this;
    kill_timer_.fire = [](timer* t) noexcept { static_cast<kill_timer*>(t)->link->grace_is_over(); };
    for (std::uint32_t slot = board_.slot_count(); slot-- > 0;) free_slots_.push_back(slot);
}

worker_link::~worker_link() = default;

// --- its life

void worker_link::launch() {
    pd::process_services& services = pool_->services();
    pd::pipe_ends requests = make_wide_pipe();
    pd::pipe_ends replies = make_wide_pipe();
    pd::pipe_ends control = pd::make_pipe();
    pd::socket_ends beside = pd::make_attachment_socket();
    const int board = ::fcntl(board_.fd(), F_DUPFD_CLOEXEC, 0);
    if (board < 0) pd::throw_errno("passing the call board on");

    pd::child_program program;
    program.path = services.program;
    program.executable = services.executable.get();
    program.arguments = {pool_->options().name};
    program.environment = environment_of(pool_->options(), services.depth + 1);
    program.directory = pool_->options().working_directory;
    program.settings = settings_of(pool_->options());
    program.descriptors.push_back({std::move(requests.read), pd::request_descriptor});
    program.descriptors.push_back({std::move(replies.write), pd::reply_descriptor});
    program.descriptors.push_back({std::move(control.read), pd::control_descriptor});
    program.descriptors.push_back({pd::unique_fd(board), pd::board_descriptor});
    program.descriptors.push_back({std::move(beside.worker), pd::attachment_descriptor});

    set_nonblocking(requests.write.get());
    set_nonblocking(replies.read.get());
    set_nonblocking(control.write.get());
    requests_.assign(requests.write.get());
    std::ignore = requests.write.release();
    replies_.assign(replies.read.get());
    std::ignore = replies.read.release();
    control_ = std::move(control.write);
    beside_.emplace(std::move(beside.parent), pd::attachment_socket::side::parent);

    // The launcher answers on its own thread, and std::function wants something copyable.
    services.launcher.start(std::move(program), [self = shared_from_this()](pd::spawn_result result) mutable {
        auto shared = std::make_shared<pd::spawn_result>(std::move(result));
        pool_engine::post_for(std::move(self), [shared](pool_engine& pool, const std::shared_ptr<worker_link>& link) {
            pool.worker_started(link, std::move(*shared));
        });
    });
}

void worker_link::started(pd::started_child child) {
    pid_ = child.pid;
    child_ = pool_->services().children.watch(
        std::move(child), [self = shared_from_this()](pd::child_id, const pd::exit_status& status) mutable {
            pool_engine::post_for(std::move(self),
                                  [status](pool_engine& pool, const std::shared_ptr<worker_link>& link) {
                                      pool.worker_gone(link, status);
                                  });
        });
    await_replies();
}

void worker_link::leave(std::chrono::milliseconds grace, ending why) {
    if (ending_ == ending::none) ending_ = why;
    if (state_ != state::ready) {
        if (coming()) kill();
        return;
    }
    state_ = state::leaving;
    requests_.close();  // the end of the stream: the worker goes by itself
    kill_timer_.at = clock::now() + grace;
    pool_->where().arm(kill_timer_);
}

void worker_link::kill() noexcept {
    condemned_ = true;
    give_back_waiting();
    if (child_) pool_->services().children.kill(*child_);
}

void worker_link::violated(const std::string& what) noexcept {
    if (violation_.empty()) violation_ = what;
    kill();
}

// --- calls to it

std::size_t worker_link::wanted() const noexcept {
    const auto ahead = static_cast<std::size_t>(prefetched_ns / call_ns_);
    return std::min(1 + ahead, most_in_flight);
}

bool worker_link::stuck_since_last_look() noexcept {
    return std::exchange(replies_at_last_look_, replies_seen_) == replies_seen_;
}

worker_link::ending worker_link::used_up() const noexcept {
    if (calls_allowed_ != 0 && given_ >= calls_allowed_) return ending::calls_used_up;
    return board_.worn_out() ? ending::memory_used_up : ending::none;
}

void worker_link::expect_long_calls() noexcept { call_ns_ = 10 * prefetched_ns; }

void worker_link::nudge() noexcept {
    const char byte = 0;
    [[maybe_unused]] const auto written = ::write(control_.get(), &byte, 1);  // a full pipe is nudge enough
}

bool worker_link::give(call_base& call) noexcept {
    const std::uint32_t slot = free_slots_.back();
    last_id_ = (last_id_ + 1) & pd::call_id_mask;
    const std::size_t begun = out_.size();
    try {
        const auto kind = call.as_batch() ? pd::frame_kind::batch : pd::frame_kind::request;
        const std::uint64_t id = pd::frame_id(slot, last_id_);
        std::ignore = wire::begin_frame(out_, id, static_cast<std::uint32_t>(kind));
        beside_->write_frame(id);
        wire::writer request(out_);
        request.set_beside(&*beside_);
        call.encode(request);
        if (beside_->added()) wire::set_frame_flags(out_, begun, pd::has_attachments);
        if (const std::size_t size = out_.size() - begun; size > wire::frame_reader_options{}.max_length) {
            throw wire::encode_error(
                fmt::format("the arguments of this call take {} bytes, and a worker takes no more than {}", size,
                            wire::frame_reader_options{}.max_length));
        }
    } catch (...) {
        wire::drop_frame(out_, begun);
        call.fail(std::current_exception());
        return false;
    }
    wire::end_frame(out_, begun);
    board_.queue(slot, last_id_);
    free_slots_.pop_back();
    given_ += items_in(call);
    slots_[slot] = &call;
    call.slot_ = slot;
    call.id_ = last_id_;
    call.worker_ = this;
    call.place_ = call_base::place::at_worker;
    calls_.push_back(call.entry_);
    if (in_flight_++ == 0) busy_since_ = clock::now();
    return true;
}

void worker_link::flush() {
    if (beside_) beside_->forget_dropped();
    if (awaiting_room_ || out_sent_ == out_.size() || !requests_.is_open()) return;
    while (out_sent_ != out_.size()) {
        const ssize_t n = ::write(requests_.native_handle(), out_.data() + out_sent_, out_.size() - out_sent_);
        if (n >= 0) {
            out_sent_ += static_cast<std::size_t>(n);
        } else if (errno == EAGAIN) {
            await_room();
            break;
        } else if (errno != EINTR) {
            break;  // EPIPE: it is dead, and the reaper will tell
        }
    }
    drop_what_is_sent();
    await_replies();
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
                         [self = shared_from_this()](boost::system::error_code error) {
                             self->pool_->post([self, error] {
                                 self->awaiting_room_ = false;
                                 if (!error) self->flush();
                             });
                         });
}

void worker_link::release(call_base& call) noexcept {
    if (stopping_ == &call) {
        stopping_ = nullptr;
        pool_->where().disarm(kill_timer_);
    }
    call.entry_.unlink();
    slots_[call.slot_] = nullptr;
    free_slots_.push_back(call.slot_);
    call.worker_ = nullptr;
    call.place_ = call_base::place::nowhere;
    if (--in_flight_ == 0) idle_since_ = clock::now();
}

bool worker_link::take_back(call_base& call) noexcept {
    if (!board_.try_revoke(call.slot_, call.id_)) return false;
    board_.free(call.slot_);
    release(call);
    given_ -= items_in(call);
    return true;
}

call_base* worker_link::take_back_any() noexcept {
    if (in_flight_ < 2) return nullptr;
    call_base& last = calls_.back().call;
    return take_back(last) ? &last : nullptr;
}

void worker_link::give_back_waiting() noexcept {
    while (!calls_.empty()) {
        call_base& last = calls_.back().call;
        if (!take_back(last)) return;
        pool_->call_returned(last);
    }
}

// Nothing may begin behind a call whose process may have to be killed: only that call is to end by it.
void worker_link::stop_begun(call_base& call, std::chrono::milliseconds grace) {
    call.stopping_ = true;
    board_.request_stop(call.slot_, call.id_);
    if (call.as_batch()) board_.stop_batch(call.id_);
    if (board_.state(call.slot_, call.id_) == pd::slot_state::done) return nudge();
    give_back_waiting();
    stopping_ = &call;
    pool_->where().disarm(kill_timer_);
    kill_timer_.at = clock::now() + grace;
    pool_->where().arm(kill_timer_);
}

bool worker_link::may_keep_waiting() noexcept {
    if (in_flight_ != 1) return in_flight_ > 1;
    return items_in(calls_.front().call) > 1;
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
    if (const auto first_left = board_.cut_short(call->slot_, call->id_)) batch->cut(*first_left);
}

void worker_link::grace_is_over() noexcept {
    // It may have ended meanwhile, its reply waiting behind a call that began before we could take that back.
    if (stopping_ && board_.state(stopping_->slot_, stopping_->id_) == pd::slot_state::done) return nudge();
    if (stopping_) ending_ = ending::stopped_call;
    kill();
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
