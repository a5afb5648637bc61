#pragma once
// One worker process as its pool sees it: the pipes to it, the calls it has, what is known of it.

#include "process/attachment_ends.hpp"
#include "process/call_board.hpp"
#include "process/captured_output.hpp"
#include "process/large_results.hpp"
#include "process/reaper.hpp"

#include <braid/core/detail/home.hpp>
#include <braid/process/detail/call.hpp>
#include <braid/process/error.hpp>
#include <braid/process/pool_stats.hpp>
#include <braid/wire/batch.hpp>
#include <braid/wire/buffer.hpp>
#include <braid/wire/frame.hpp>

#include "process/zygote_process.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace braid::detail {

namespace pd = braid::process_detail;

/// Threads: the pool's home.
class worker_link : public std::enable_shared_from_this<worker_link> {
public:
    enum class state : unsigned char {
        starting,      // the process may not exist yet; it has not said hello
        initialising,  // it runs the pool's initialiser
        ready,
        leaving,  // was told that no request comes any more
        gone,
    };
    /// Why we end it.
    enum class ending : unsigned char { none, stopped_call, calls_used_up, memory_used_up, not_needed };

    explicit worker_link(std::shared_ptr<pool_engine> pool);
    worker_link(const worker_link&) = delete;
    worker_link& operator=(const worker_link&) = delete;
    ~worker_link();

    /// Asks the launcher for the process. What comes of it is told to the pool.
    void launch();

    [[nodiscard]] state where() const noexcept { return state_; }
    [[nodiscard]] int pid() const noexcept { return pid_; }
    [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
    /// How many calls it should have at a time: one, and what fills the time that a new one takes to arrive.
    [[nodiscard]] std::size_t wanted() const noexcept { return wanted_; }
    /// So many calls in a row, of those that it runs, take longer than waking it, writing to it and reading from it do.
    [[nodiscard]] std::size_t worth_waking_for() const noexcept { return worth_waking_for_; }
    [[nodiscard]] bool has_room() const noexcept {
        return state_ == state::ready && !condemned_ && !stopping_ && in_flight_ < wanted() &&
               used_up() == ending::none && (in_flight_ == 0 || !beside_->far_ahead());
    }
    [[nodiscard]] bool idle() const noexcept { return state_ == state::ready && !condemned_ && in_flight_ == 0; }
    [[nodiscard]] clock::time_point idle_since() const noexcept { return idle_since_; }
    /// It is on its way, but cannot take a call yet.
    [[nodiscard]] bool coming() const noexcept { return state_ == state::starting || state_ == state::initialising; }
    /// It is dying, for no fault of the pool's: it has closed its pipe and is killed for that, and the kernel takes a
    /// moment more until it says what it died of. Another may be started in its place.
    [[nodiscard]] bool makes_way() const noexcept { return makes_way_; }
    /// It has run so many calls, or holds so much memory, that it should be replaced.
    [[nodiscard]] ending used_up() const noexcept;
    /// Nothing has come back since the last look, though there is something to do.
    [[nodiscard]] bool stuck_since_last_look() noexcept;
    /// It was found at a call longer than measured so far: nothing is sent ahead until it is measured again.
    void expect_long_calls() noexcept;

    /// It has calls, or makes itself ready for them.
    [[nodiscard]] bool has_to_live() const noexcept { return in_flight_ != 0 || state_ == state::initialising; }
    /// Ends it if it has not answered since the last look; asks it again.
    void look_for_life() noexcept;

    /// Makes it write what it has finished, though it is busy with a call.
    void nudge() noexcept;

    /// What has been finished of a batch that takes its time arrives now, and what it has not begun may run elsewhere.
    void split_batch() noexcept;
    /// It has more than one thing to do, so that one may wait for another.
    [[nodiscard]] bool may_keep_waiting() noexcept;

    /// A turn of the pool begins in which calls may be given.
    void begin_turn() {
        if (beside_) beside_->look_for_dropped();
    }
    /// Encodes the call and keeps it to be written. False if it cannot be encoded: the call has failed then.
    bool give(call_base& call, clock::time_point now) noexcept;
    /// Writes what was given.
    void flush(clock::time_point now);
    /// Takes a call back. False: the worker has begun it.
    bool take_back(call_base& call) noexcept;
    /// The last call that can be taken back, if any.
    call_base* take_back_any() noexcept;
    /// Asks a call that it has begun to stop, and kills the process if it is still at that after the grace period.
    void stop_begun(call_base& call, std::chrono::milliseconds grace);

    void leave(std::chrono::milliseconds grace, ending why);
    /// Gives back what it has not begun, so that it begins nothing more, and ends the process.
    void kill() noexcept;
    /// The same because the pool ends.
    void dismiss() noexcept;

    /// The process is gone: takes the replies that it left, and gives the calls back that it had not begun.
    void bury(const pd::exit_status& status);
    [[nodiscard]] worker_stats stats() const;
    /// Where this call of its own is, in words.
    [[nodiscard]] std::string describe(const call_base& call) const;
    [[nodiscard]] static std::string name_of(const call_base& call) { return lasting_name_of(call).text(); }
    /// How long it has run its calls.
    [[nodiscard]] time_histogram ran() const noexcept { return board_.ran(); }
    /// Why it died, when it is buried.
    [[nodiscard]] death_reason reason() const noexcept { return reason_; }
    [[nodiscard]] ending ended_for() const noexcept { return ending_; }
    [[nodiscard]] bool died_of_a_call() const noexcept { return died_of_a_call_; }
    [[nodiscard]] bool broke_protocol() const noexcept { return reason_ == death_reason::broke_protocol; }
    /// It has answered a call, or died of one.
    [[nodiscard]] bool ran_a_call() const noexcept { return replies_seen_ != 0 || died_of_a_call_; }
    [[nodiscard]] std::string why_useless(const pd::exit_status& status) const;

private:
    friend class pool_engine;

    struct readable_work : work {
        worker_link* link;
        std::shared_ptr<worker_link> keep;
        // A wait that is cancelled may have ended already, and its handler may come with that of the next one.
        std::atomic<std::uint64_t> last_wait = 0;  // that ended
        std::atomic<bool> posted = false;
        void ended(std::uint64_t wait) noexcept {
            std::uint64_t last = last_wait;
            while (last < wait && !last_wait.compare_exchange_weak(last, wait)) {
            }
        }
    };
    struct kill_timer : timer {
        worker_link* link;
    };
    /// With a board that has rings: both ends here, and the look at what comes.
    struct rings final : lookout {
        explicit rings(worker_link& owner);
        void stays_awake() noexcept override { replies.stays_awake(); }
        [[nodiscard]] bool has_something() const noexcept override;
        [[nodiscard]] bool may_sleep() noexcept override;
        [[nodiscard]] work& found() noexcept override;

        worker_link& link;
        pd::ring_writer requests;
        pd::ring_reader replies;
        readable_work seen;
        bool seen_is_ready = false;  // it is in the home's queue
    };

    [[nodiscard]] std::vector<pd::passed_descriptor> connect();
    void spawn(std::vector<pd::passed_descriptor> descriptors);
    void fork(std::vector<pd::passed_descriptor> descriptors);
    void started(pd::started_child child);
    void never_started();
    /// Nobody wants it any more, though it may have been wanted when it was asked for.
    [[nodiscard]] bool was_taken_back() const noexcept { return condemned_ && !took_too_long(); }
    [[nodiscard]] bool took_too_long() const noexcept { return !violation_.empty(); }
    [[nodiscard]] const std::string& violation() const noexcept { return violation_; }
    /// Writes the call's frame. Throws: what its encoding throws; wire::encode_error, if it is too large or something
    /// of it cannot be sent; usage_error.
    void encode_request(call_base& call, std::size_t begun, std::uint64_t frame);
    void encode_request(call_base& call, std::size_t begun, std::uint64_t frame, bool lends);
    /// Bytes of the frame that is written, with those in lent memory.
    [[nodiscard]] std::size_t size_since(std::size_t begun) const noexcept {
        return out_.size() - begun + beside_->lent_bytes();
    }
    void await_replies();
    void await_room();
    void read_replies();
    void end_of_replies();
    void drain_replies(std::size_t most);
    std::size_t read_pipe(std::span<std::byte> into) noexcept;
    std::size_t read_ring(std::span<std::byte> into) noexcept;
    void look_for_room();
    void hear_bells() noexcept;
    void let_context_go() noexcept;
    [[nodiscard]] bool expects_replies() const noexcept { return in_flight_ != 0 || coming(); }
    void write_into_pipe();
    void write_into_ring() noexcept;
    void tell_lines();
    [[nodiscard]] const call_base* call_of_line(const pd::output_line& line) const noexcept;
    /// For an error, which may be read when the call is gone.
    [[nodiscard]] static wire::remote_origin::call_name lasting_name_of(const call_base& call);
    bool take_chunk(std::span<const std::byte> chunk);
    void take_frame(const wire::frame& frame, clock::time_point now);
    void take_hello(const wire::frame& frame);
    void initialise();
    void take_initialised(const wire::frame& frame);
    void become_ready() noexcept;
    void take_reply(const wire::frame& frame, clock::time_point now);
    void take_value(call_base& call, const wire::frame& frame);
    void take_part(const wire::frame& frame);
    void take_unfinished_part();
    void take_results(batch_call& batch, wire::part_kind kind, const wire::part_header& header, wire::reader& body);
    [[nodiscard]] call_base& call_of(const wire::frame& frame) const;
    [[nodiscard]] call_base* running_call() const noexcept;
    void measure(std::size_t finished, clock::time_point now) noexcept;
    void expect_calls_of(double ns) noexcept;
    void release(call_base& call, clock::time_point now) noexcept;
    void give_back_waiting() noexcept;
    void arm_kill(std::chrono::milliseconds after);
    void watch(call_base& stopping, std::chrono::milliseconds patience);
    void await_answer(call_base& done);
    void watch_no_more();
    void grace_is_over() noexcept;
    [[nodiscard]] bool is_done(const call_base& call) const;
    [[nodiscard]] death_reason reason_of(const pd::exit_status& status) const;
    void lose(call_base& call, const pd::exit_status& status) noexcept;
    [[nodiscard]] std::uint32_t items_begun(const batch_call& batch) const noexcept;
    void drop_what_is_sent() noexcept;
    void violated(const std::string& what) noexcept;
    void unfit(const std::string& what) noexcept;
    void end_for(const std::string& what, death_reason fault) noexcept;

    const std::shared_ptr<pool_engine> pool_;
    const std::shared_ptr<home> home_;  // the pool's, for handlers: the pool itself may have left it by then
    state state_ = state::starting;
    bool condemned_ = false;  // it was killed, or is about to be
    bool makes_way_ = false;
    bool died_of_a_call_ = false;
    bool unresponsive_ = false;
    ending ending_ = ending::none;
    death_reason reason_ = death_reason::unknown;
    int pid_ = -1;
    std::optional<pd::zygote_process::ticket> asked_;  // of the zygote, until it has answered
    std::optional<pd::child_id> child_;
    pd::call_board board_;
    std::string violation_;                              // why we killed it, if it did what no worker should
    death_reason fault_ = death_reason::broke_protocol;  // of what kind that was
    const std::shared_ptr<pd::captured_output> output_;

    std::unique_ptr<rings> rings_;  // null: everything goes through the pipes

    // To the worker.
    boost::asio::posix::stream_descriptor requests_;
    wire::buffer out_;
    std::size_t out_sent_ = 0;
    bool awaiting_room_ = false;
    pd::unique_fd control_;
    std::optional<pd::parent_attachments> beside_;  // from its launch to its burial
    large_results large_results_;

    // From the worker.
    boost::asio::posix::stream_descriptor replies_;
    readable_work readable_;
    bool awaiting_replies_ = false;
    std::uint64_t wait_ = 0;  // its number
    bool replies_ended_ = false;
    bool heard_their_end_ = false;
    wire::frame_reader frames_;
    std::uint64_t received_ = 0;

    // Its calls, in the order in which they were given.
    list<call_entry> calls_;
    std::vector<call_base*> slots_;
    std::vector<std::uint32_t> free_slots_;
    std::size_t in_flight_ = 0;
    std::uint32_t last_id_ = 0;
    std::size_t given_ = 0;
    const std::size_t calls_allowed_;  // 0: any number
    clock::time_point idle_since_{};

    call_base* stopping_ = nullptr;  // the call that the kill timer is for
    bool answer_is_due_ = false;     // it is done, and was so for a while
    kill_timer kill_timer_;
    std::uint64_t replies_seen_ = 0;
    std::uint64_t replies_at_last_look_ = 0;
    std::optional<std::uint64_t> heartbeats_at_last_look_;
    clock::time_point busy_since_{};
    double call_ns_;      // what a call takes, smoothed
    std::size_t wanted_;  // as follows from that
    std::size_t worth_waking_for_;
};

}  // namespace braid::detail
