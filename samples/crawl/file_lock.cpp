#include "file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace crawl {
namespace {

[[noreturn]] void cannot_lock(const std::filesystem::path& path, int error) {
    throw std::system_error(error, std::system_category(), "cannot lock " + path.string());
}

/// Whoever had it may have removed it meanwhile, so that others lock another file of its name.
bool is_still_there(int file, const std::filesystem::path& path) {
    struct stat locked{};
    struct stat named{};
    return ::fstat(file, &locked) == 0 && ::stat(path.c_str(), &named) == 0 && locked.st_dev == named.st_dev &&
           locked.st_ino == named.st_ino;
}

}  // namespace

std::optional<file_lock> file_lock::take(std::filesystem::path path) {
    for (;;) {
        const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (file < 0) cannot_lock(path, errno);
        const int error = ::flock(file, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
        if (error == 0 && is_still_there(file, path)) return file_lock(std::move(path), file);
        ::close(file);
        if (error == EWOULDBLOCK) return std::nullopt;
        if (error != 0 && error != EINTR) cannot_lock(path, error);
    }
}

file_lock::file_lock(file_lock&& other) noexcept
    : path_(std::move(other.path_)), file_(std::exchange(other.file_, -1)) {}

file_lock::~file_lock() {
    if (file_ < 0) return;
    ::unlink(path_.c_str());
    ::close(file_);
}

}  // namespace crawl
