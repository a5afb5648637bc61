#include <braid/wire/attachments.hpp>
#include <braid/wire/reader.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace braid::wire {

namespace {

[[noreturn]] void throw_errno(int fd, const std::string& doing) {
    const int code = errno;
    if (fd >= 0) ::close(fd);
    throw std::system_error(code, std::generic_category(), doing);
}

}  // namespace

std::shared_ptr<segment> segment::make(std::size_t size) {
    const int fd = ::memfd_create("braid-shared-bytes", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) throw_errno(fd, "make shared memory");
    if (::ftruncate(fd, static_cast<off_t>(size)) != 0) throw_errno(fd, fmt::format("make {} bytes shared", size));
    if (::fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        throw_errno(fd, "seal shared memory");
    }
    return std::shared_ptr<segment>(new segment(fd, size));
}

std::shared_ptr<segment> segment::open(int fd) {
    // Whoever can make it smaller can kill us with it: reading behind its end is SIGBUS.
    const int seals = ::fcntl(fd, F_GET_SEALS);
    struct stat status{};
    struct statfs where{};
    const bool sound = seals >= 0 && (seals & F_SEAL_SHRINK) != 0 && ::fstat(fd, &status) == 0 &&
                       ::fstatfs(fd, &where) == 0 && where.f_type == TMPFS_MAGIC;  // huge pages can run out
    if (!sound) {
        ::close(fd);
        throw decode_error("what came as shared memory is none, or could be taken away by its sender");
    }
    return std::shared_ptr<segment>(new segment(fd, static_cast<std::size_t>(status.st_size)));
}

std::shared_ptr<segment> segment::open_trusted(int fd) {
    struct stat status{};
    if (::fstat(fd, &status) != 0) throw_errno(fd, "look at shared memory");
    return std::shared_ptr<segment>(new segment(fd, static_cast<std::size_t>(status.st_size)));
}

segment::segment(int fd, std::size_t size) : fd_(fd) {
    if (size == 0) return;
    void* const mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) throw_errno(fd, fmt::format("map {} shared bytes", size));
    bytes_ = {static_cast<std::byte*>(mapped), size};
}

segment::~segment() {
    if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
    ::close(fd_);
}

}  // namespace braid::wire
