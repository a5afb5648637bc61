#pragma once
// File descriptors that close themselves, and the few operations on them that processes need: everything is made
// with O_CLOEXEC, EINTR is retried here and nowhere else.

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

namespace braid::process_detail {

/// Owns one descriptor, or none (-1).
class unique_fd {
public:
    unique_fd() noexcept = default;
    explicit unique_fd(int fd) noexcept : fd_(fd) {}
    unique_fd(unique_fd&& other) noexcept : fd_(other.release()) {}
    unique_fd& operator=(unique_fd&& other) noexcept {
        reset(other.release());
        return *this;
    }
    ~unique_fd() { reset(); }

    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
    /// Closes what it holds. An error of close() is not reported: nobody could act on it, and the descriptor is gone.
    void reset(int fd = -1) noexcept;

private:
    int fd_ = -1;
};

struct pipe_ends {
    unique_fd read;
    unique_fd write;
};

// Each throws std::system_error with the errno and says what it was doing.
[[nodiscard]] pipe_ends make_pipe();
[[nodiscard]] unique_fd make_event();
[[nodiscard]] unique_fd open_null_device();
/// Another descriptor of the same open file.
[[nodiscard]] unique_fd copy_of(int fd);
/// Zeros, which have no name in a file system and whose size nobody can change. `name` is for those who look at /proc.
[[nodiscard]] unique_fd make_sealed_memory(const char* name, std::size_t size);
/// The running program's own file, even when its name on disk is by now another's. For execution only (O_PATH).
[[nodiscard]] unique_fd open_self_executable();

/// Writes everything to a blocking descriptor. Throws std::system_error; EPIPE is an error like any other where SIGPIPE
/// is ignored (the parent), and the end of the process where it is not (a worker whose parent is gone).
void write_all(int fd, std::span<const std::byte> bytes);

/// Reads what is there, at most `into.size()`; 0 at the end of the stream. Throws std::system_error.
[[nodiscard]] std::size_t read_some(int fd, std::span<std::byte> into);

/// Wakes whoever polls an eventfd made by make_event().
void signal_event(int fd);
void drain_event(int fd);

[[noreturn]] void throw_errno(std::string_view doing);

}  // namespace braid::process_detail
