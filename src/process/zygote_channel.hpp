#pragma once
// What a zygote and its parent say to each other: messages over a socket, descriptors beside them, and a page that both
// have, which tells what became of a request even if the zygote is dead.

#include "process/board_layout.hpp"
#include "process/child_settings.hpp"
#include "process/descriptors.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <sys/types.h>

namespace braid::process_detail {

// How a zygote is told what it is, and the numbers of its descriptors.
inline constexpr const char* zygote_variable = "BRAID_ZYGOTE";
/// For the dynamic linker, which then looks every name up once, in the zygote. Otherwise each worker would look up what
/// it calls, and touch the tables for it: a third of the pages that it touches before its first call.
inline constexpr const char* bind_variable = "LD_BIND_NOW";
inline constexpr const char* bind_value = "braid";
inline constexpr int zygote_socket_descriptor = 3;
inline constexpr int zygote_page_descriptor = 4;
inline constexpr int preload_descriptor = 5;

/// A worker that is wanted.
struct fork_request {
    std::uint32_t slot = 0;  ///< on the page
    std::uint32_t number = 0;
    std::string name = {};
    std::vector<std::string> environment = {};  ///< "NAME=value", besides what the zygote has
    std::string directory = {};                 ///< if it is not the zygote's
    std::vector<child_settings::limit> limits = {};
    int niceness = 0;
    std::vector<int> cpus = {};
    std::vector<int> descriptors = {};  ///< the numbers that those beside the message get
};

enum class zygote_says : std::uint32_t {
    ready,    ///< the preload has run
    refused,  ///< it has failed: `reply` is that of the call
    forked,   ///< or has failed to, with `error`
};

struct zygote_answer {
    zygote_says what = zygote_says::ready;
    std::uint32_t slot = 0;
    std::uint32_t number = 0;
    int error = 0;
    std::vector<std::byte> reply = {};
};

/// One request at a time. The parent asks and may take back, the zygote takes; a compare and swap decides. The kernel
/// writes the number of the new process in one step with making it.
struct fork_slot {
    std::atomic<std::uint64_t> word{0};  ///< number << 2 | state
    pid_t pid = 0;
};
inline constexpr std::uint32_t fork_slots = 16;

/// Threads: of the parent, one at a time.
class zygote_page {
public:
    /// A new one. Throws: std::system_error.
    zygote_page();
    /// In the zygote, whose children will not have it. Throws: std::system_error.
    explicit zygote_page(unique_fd fd);

    [[nodiscard]] int fd() const noexcept { return fd_.get(); }

    // In the parent:
    void ask(std::uint32_t slot, std::uint32_t number) noexcept;
    /// False: the zygote has taken it.
    [[nodiscard]] bool take_back(std::uint32_t slot, std::uint32_t number) noexcept;
    /// Of the process that was made; 0: there is none (yet).
    [[nodiscard]] pid_t pid(std::uint32_t slot) const noexcept;

    // In the zygote:
    [[nodiscard]] bool take(std::uint32_t slot, std::uint32_t number) noexcept;
    [[nodiscard]] pid_t* place_for_pid(std::uint32_t slot) noexcept;

private:
    [[nodiscard]] fork_slot& at(std::uint32_t slot) const noexcept;

    unique_fd fd_;
    shared_mapping mapping_;
};

/// What was received, with the descriptors that came beside it.
struct zygote_message {
    std::vector<std::byte> bytes;
    std::vector<unique_fd> descriptors;
};

[[nodiscard]] pipe_ends make_zygote_socket();

enum class patience : unsigned char { none, endless };

/// False: there is no room now, neither in the socket nor for more descriptors on their way. Whether the other side is
/// still there is not said. Throws: std::system_error.
[[nodiscard]] bool send_to(int socket, std::span<const std::byte> bytes, std::span<const unique_fd> descriptors,
                           patience wait);
/// Nothing: there is none now. An empty one: there will be none any more. Throws: std::system_error.
[[nodiscard]] std::optional<zygote_message> receive_from(int socket, patience wait);

}  // namespace braid::process_detail
