#pragma once
// The way of descriptors and shared memory between a parent and a worker: a socket beside the pipes. What belongs to a
// frame is sent before the frame, and so is there when somebody looks for it.

#include "process/descriptors.hpp"

#include <braid/wire/attachments.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace braid::process_detail {

/// Two ends of a socket that can take descriptors along. Throws: std::system_error.
struct socket_ends {
    unique_fd parent;
    unique_fd worker;
};
[[nodiscard]] socket_ends make_attachment_socket();

/// One end of it. Memory stays known on both sides, by the number that its first sender gave it: it is sent once. The
/// worker keeps it until the parent says that nobody has it there any more.
/// Threads: one.
class attachment_socket final : public wire::attachments_out, public wire::attachments_in {
public:
    enum class side : unsigned char { parent, worker };
    attachment_socket(unique_fd socket, side which);

    /// From now on what is added belongs to this frame.
    void write_frame(std::uint64_t frame_id) noexcept;
    /// Something was: the frame's flags have to say so.
    [[nodiscard]] bool added() const noexcept { return added_ != 0; }
    std::uint32_t add_descriptor(int fd) override;
    std::uint64_t add_segment(const std::shared_ptr<wire::segment>& memory) override;

    /// From now on what is taken belongs to this frame.
    void read_frame(std::uint64_t frame_id) noexcept { reading_ = frame_id; }
    /// Receives what came for it, and drops what nobody took: of a frame that is not looked into, or of one that was
    /// begun and never sent.
    void end_frame(std::uint64_t frame_id);
    [[nodiscard]] int take_descriptor(std::uint32_t number) override;
    [[nodiscard]] std::shared_ptr<wire::segment> take_segment(std::uint64_t known_by) override;

    /// Parent: tells the worker of memory that nobody has here any more.
    void forget_dropped();
    /// Worker: hears of it.
    void drop_forgotten() {
        if (!known_.empty()) receive();
    }

private:
    enum class kind : std::uint32_t { descriptor = 1, segment = 2, forget = 3 };
    struct note {
        kind what;
        std::uint32_t number;
        std::uint64_t id;  // of the frame, or of the memory
    };
    struct arrived {
        std::uint64_t frame;
        std::uint32_t number;
        unique_fd fd;
    };
    struct known {
        std::uint64_t id;
        std::weak_ptr<wire::segment> memory;
        std::shared_ptr<wire::segment> kept;  // worker: while the parent may send its number; parent: while it arrives
    };

    [[nodiscard]] bool send(const note& what, int fd);
    void send_or_throw(const note& what, int fd);
    void receive();
    bool receive_one();
    void take_note(const note& what, unique_fd fd);
    [[nodiscard]] known* find(std::uint64_t id) noexcept;

    const unique_fd socket_;
    const side side_;
    std::uint64_t writing_ = 0;
    std::uint64_t reading_ = 0;
    std::uint32_t added_ = 0;
    std::uint64_t last_id_;
    std::deque<arrived> arrived_;  // in the order of the frames
    std::vector<known> known_;
};

}  // namespace braid::process_detail
