#pragma once
// Both ends of the way that descriptors and shared memory take beside the pipes. The message of a frame is sent before
// the frame, whose flags tell of it: so messages come in the order of those frames, one for each, and who has a frame
// never waits for its message.

#include "process/attachment_message.hpp"

#include <braid/wire/attachments.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

namespace braid::process_detail {

/// What both ends have in common. Threads: one.
class attachment_end : public wire::attachments_out, public wire::attachments_in {
public:
    attachment_end(const attachment_end&) = delete;
    attachment_end& operator=(const attachment_end&) = delete;

    /// From now on what is added belongs to this frame, and to no other.
    void write_frame(std::uint64_t frame) noexcept;
    /// Nothing of it is sent.
    void drop_frame() noexcept { out_.items.clear(); }
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
    /// The memory of a received item. Throws: decode_error if that is none, std::system_error.
    [[nodiscard]] static const std::shared_ptr<wire::segment>& memory_of(attachment& item);

    attachment_message out_;
    attachment_message in_;

private:
    const unique_fd socket_;
};

/// The parent's. It numbers the memory that it sends, and sends it once: the worker keeps it until it hears that nobody
/// here has it any more, or that it may not have got it. What workers make is not numbered: it always comes along.
class parent_attachments final : public attachment_end {
public:
    explicit parent_attachments(unique_fd socket) : attachment_end(std::move(socket)) {}

    std::uint64_t add_segment(const std::shared_ptr<wire::segment>& memory) override;
    /// Whether the frame has to say that something came beside it. Throws: encode_error if the worker does not take
    /// it, std::system_error. Nothing is sent then.
    [[nodiscard]] bool send_frame();

    /// So much is on its way that the worker should read some of it first.
    [[nodiscard]] bool far_ahead() const noexcept;
    /// The worker has read all that was sent beside frames up to this one.
    void was_read(std::uint64_t frame) noexcept;
    /// The worker may have had no room for the memory that was sent beside this frame: it will be sent once more.
    void may_be_lost(std::uint64_t frame) noexcept;
    /// The worker will hear, with its next frame, of memory that nobody has here any more.
    void look_for_dropped();

    void read_frame(std::uint64_t frame) { receive(frame); }
    [[nodiscard]] std::shared_ptr<wire::segment> take_segment(std::uint64_t known_by) override;

private:
    struct known {
        std::uint64_t id;
        std::weak_ptr<wire::segment> memory;
        std::uint64_t sent_beside;  // frame
        bool lost = false;
    };

    void note_sent(const attachment& item);

    std::vector<known> known_;
    std::uint64_t last_id_ = 0;
    std::deque<std::uint64_t> unread_;  // frames
};

/// The worker's. A result that is an argument's memory needs nothing beside it, since the parent still has it then.
class worker_attachments final : public attachment_end {
public:
    explicit worker_attachments(unique_fd socket) : attachment_end(std::move(socket)) {}

    void read_frame(std::uint64_t frame, bool something_came);
    /// Of the many that a frame may have: what is added belongs to the reply of this one.
    void begin_item(std::uint64_t frame) noexcept;
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
};

}  // namespace braid::process_detail
