#pragma once
// Both ends of the way that descriptors and shared memory take beside the pipes. The message of a frame is sent before
// the frame, whose flags tell of it: so messages come in the order of those frames, one for each, and who has a frame
// never waits for its message.

#include "process/attachment_message.hpp"
#include "process/lent_memory.hpp"

#include <braid/wire/attachments.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace braid::process_detail {

/// What both ends have in common. Threads: one.
class attachment_end : public wire::attachments_out, public wire::attachments_in {
public:
    attachment_end(const attachment_end&) = delete;
    attachment_end& operator=(const attachment_end&) = delete;

    /// From now on what is added belongs to this frame, and to no other.
    void write_frame(std::uint64_t frame) noexcept {
        out_.frame = frame;
        drop_items();
    }
    /// Of the frame's bytes so many do not lie in it, but in lent memory.
    [[nodiscard]] std::size_t lent_bytes() const noexcept { return lent_bytes_; }
    /// A copy: what it was made of may be closed before the frame is complete.
    std::uint32_t add_descriptor(int fd) final;

    [[nodiscard]] int take_descriptor(std::uint32_t number) final;
    /// Closes what nobody took.
    void end_reading() noexcept { in_.items.clear(); }

protected:
    explicit attachment_end(unique_fd socket) : socket_(std::move(socket)) {}
    ~attachment_end() = default;

    /// Throws: encode_error when there are too many.
    std::uint32_t add(attachment item);
    [[nodiscard]] bool send(when_full then) const { return send_message(socket_.get(), out_, then); }
    /// Throws: decode_error if nothing came beside this frame.
    void receive(std::uint64_t frame);
    using segment_opener = std::shared_ptr<wire::segment> (*)(int fd);
    /// The memory of a received item, opened in that way. Throws: decode_error if that is none, std::system_error.
    [[nodiscard]] static const std::shared_ptr<wire::segment>& memory_of(attachment& item, segment_opener open);
    void drop_items() noexcept {
        if (!out_.items.empty()) out_.items.clear();
        lent_bytes_ = 0;
    }

    attachment_message out_;
    attachment_message in_;
    std::size_t lent_bytes_ = 0;

private:
    const unique_fd socket_;
};

/// The parent's. It numbers the memory that it sends, and sends it once: the worker keeps it until it hears that nobody
/// here has it any more, or that it may not have got it. What workers make is not numbered: it always comes along.
/// Memory for large values is lent from here alone, for those of results as well: so it is here that it is taken back,
/// and a worker needs nothing for it that a sandbox could refuse.
class parent_attachments final : public attachment_end {
public:
    explicit parent_attachments(unique_fd socket) : attachment_end(std::move(socket)) {}

    /// Whom errors name.
    void belongs_to(int pid) noexcept { worker_pid_ = pid; }

    /// Whether it lends memory for the frame that is written next.
    void lend_or_not(bool lends) noexcept { lends_ = lends; }
    [[nodiscard]] bool has_lent() const noexcept { return lent_.bytes_lent_to(out_.frame) != 0; }
    /// The call of this frame had memory for a result of so many bytes.
    [[nodiscard]] bool had_result_room(std::uint64_t frame, std::size_t bytes) const noexcept {
        return lent_.is_for_result(frame, bytes);
    }
    /// Nothing of the frame is sent.
    void drop_frame() noexcept;
    std::uint64_t add_segment(const std::shared_ptr<wire::segment>& memory) override;
    [[nodiscard]] std::optional<wire::lent_room> lend(std::size_t bytes) noexcept override;
    /// By what the worker knows memory for the result of the frame's call, of so many bytes or more; 0: there is none.
    [[nodiscard]] std::uint64_t lend_for_result(std::size_t bytes) noexcept;
    /// The call of this frame has ended.
    void take_back(std::uint64_t frame) noexcept { lent_.take_back(frame); }
    /// Whether the frame has to say that something came beside it. Throws: encode_error if the worker does not take
    /// it, std::system_error. Nothing is sent then.
    [[nodiscard]] bool send_frame() {
        const bool has_something = !out_.items.empty() || !out_.forgotten.empty();
        return has_something && send_something();
    }

    /// So much is on its way that the worker should read some of it first.
    [[nodiscard]] bool far_ahead() const noexcept;
    /// The worker has read all that was sent beside frames up to this one.
    void was_read(std::uint64_t frame) noexcept;
    /// The worker may have had no room for the memory that was sent beside this frame: it will be sent once more.
    void may_be_lost(std::uint64_t frame) noexcept;
    /// The worker will hear, with its next frame, of memory that nobody has here any more.
    void look_for_dropped();

    /// The answer to that call is read next, and uses no memory but what was lent for it, and none of it twice.
    void begin_reading(std::uint64_t frame) noexcept;
    void read_frame(std::uint64_t frame);
    [[nodiscard]] std::shared_ptr<wire::segment> take_segment(std::uint64_t known_by) override;
    [[nodiscard]] std::shared_ptr<wire::segment> take_lent(std::uint64_t known_by, std::size_t bytes) override;

private:
    struct known {
        std::uint64_t id;
        std::weak_ptr<wire::segment> memory;
        std::uint64_t sent_beside;  // frame
        bool lost = false;
    };

    bool send_something();
    void note_sent(const attachment& item);

    int worker_pid_ = 0;
    lent_memory lent_;
    bool lends_ = true;
    std::uint64_t reading_ = 0;          // frame
    std::size_t lent_bytes_unread_ = 0;  // of what was lent for it
    std::vector<known> known_;
    std::uint64_t last_id_ = 0;
    struct on_its_way {
        std::uint64_t frame;
        std::size_t descriptors;
    };
    std::deque<on_its_way> unread_;
    std::size_t unread_descriptors_ = 0;
};

/// The worker's. A result that is an argument's memory needs nothing beside it, since the parent still has it then.
class worker_attachments final : public attachment_end {
public:
    explicit worker_attachments(unique_fd socket) : attachment_end(std::move(socket)) {}

    void read_frame(std::uint64_t frame, bool something_came);
    /// Throws: std::system_error.
    void map_what_came();
    /// Of the many that a frame may have: what is added belongs to the reply of this one.
    void begin_item(std::uint64_t frame) noexcept;
    /// Nothing that was added is sent.
    void drop_frame() noexcept;
    /// The parent has lent this memory for the result that is written next; 0: none.
    void write_result_into(std::uint64_t known_by) noexcept;
    [[nodiscard]] std::optional<wire::lent_room> lend(std::size_t bytes) noexcept override;
    [[nodiscard]] std::shared_ptr<wire::segment> take_segment(std::uint64_t known_by) override;

    std::uint64_t add_segment(const std::shared_ptr<wire::segment>& memory) override;
    [[nodiscard]] bool has_something() const noexcept { return !out_.items.empty(); }
    /// False: the parent has to read first, unless we are to wait until it did. Throws: as send_message.
    [[nodiscard]] bool send_frame(when_full then);

private:
    struct held {
        attachment item;
        std::uint64_t taken_in = 0;  // call, as counted here
    };

    [[nodiscard]] held* find(std::uint64_t id) noexcept;
    void hold(attachment item);

    std::vector<held> held_;
    std::uint64_t calls_begun_ = 0;  // and items of batches
    std::uint64_t result_room_ = 0;  // by this it is known
    std::size_t result_room_used_ = 0;
};

}  // namespace braid::process_detail
