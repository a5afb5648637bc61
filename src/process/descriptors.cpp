#include "process/descriptors.hpp"

#include <cerrno>
#include <cstdint>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

namespace braid::process_detail {

namespace {

unique_fd open_or_throw(const char* path, int flags) {
    const int fd = ::open(path, flags | O_CLOEXEC);
    if (fd < 0) throw_errno(std::string("open ") + path);
    return unique_fd(fd);
}

}  // namespace

void throw_errno(std::string_view doing) {
    throw std::system_error(errno, std::generic_category(), std::string(doing));
}

void unique_fd::reset(int fd) noexcept {
    if (fd_ >= 0) ::close(fd_);  // on Linux the descriptor is gone even after EINTR: never retried
    fd_ = fd;
}

pipe_ends make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("make a pipe");
    return {unique_fd(ends[0]), unique_fd(ends[1])};
}

unique_fd make_event() {
    const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) throw_errno("make an eventfd");
    return unique_fd(fd);
}

unique_fd open_null_device() { return open_or_throw("/dev/null", O_RDWR); }

unique_fd copy_of(int fd) {
    unique_fd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!copy) throw_errno("copy the descriptor " + std::to_string(fd));
    return copy;
}

unique_fd make_sealed_memory(const char* name, std::size_t size) {
    unique_fd fd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd) throw_errno(std::string("make the memory ") + name);
    if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) throw_errno(std::string("size the memory ") + name);
    if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        throw_errno(std::string("seal the memory ") + name);
    }
    return fd;
}

unique_fd open_self_executable() { return open_or_throw("/proc/self/exe", O_PATH); }

void write_all(int fd, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd, bytes.data(), bytes.size());
        if (n >= 0) {
            bytes = bytes.subspan(static_cast<std::size_t>(n));
        } else if (errno != EINTR) {
            throw_errno("write");
        }
    }
}

std::size_t read_some(int fd, std::span<std::byte> into) {
    for (;;) {
        const ssize_t n = ::read(fd, into.data(), into.size());
        if (n >= 0) return static_cast<std::size_t>(n);
        if (errno != EINTR) throw_errno("read");
    }
}

void signal_event(int fd) {
    const std::uint64_t one = 1;
    write_all(fd, std::as_bytes(std::span(&one, 1)));
}

void drain_event(int fd) {
    std::uint64_t count = 0;
    while (::read(fd, &count, sizeof count) < 0 && errno == EINTR) {
    }
}

}  // namespace braid::process_detail
