#include "growing_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace crawl {

growing_file::growing_file(std::filesystem::path path, std::uint64_t kept)
    : path_(std::move(path)), file_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666)), size_(kept) {
    if (file_ < 0) fail("open", std::strerror(errno));
    struct stat now{};
    const bool known = ::fstat(file_, &now) == 0;
    const bool enough = known && (!S_ISREG(now.st_mode) || static_cast<std::uint64_t>(now.st_size) >= kept);
    if (enough) return;
    const int error = errno;
    ::close(file_);
    if (!known) fail("read", std::strerror(error));
    fail("go on with", fmt::format("it has {} bytes, and the crawl wrote {}", now.st_size, kept));
}

growing_file::~growing_file() { ::close(file_); }

void growing_file::start() {
    if (std::exchange(started_, true)) return;
    struct stat now{};
    if (::fstat(file_, &now) != 0) fail("read", std::strerror(errno));
    if (!S_ISREG(now.st_mode)) return;
    const auto end = static_cast<off_t>(size_);
    if (::ftruncate(file_, end) != 0 || ::lseek(file_, end, SEEK_SET) < 0) fail("write", std::strerror(errno));
}

void growing_file::write(std::string_view bytes) {
    start();
    while (!bytes.empty()) {
        const ssize_t written = ::write(file_, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail("write", std::strerror(errno));
        bytes.remove_prefix(static_cast<std::size_t>(written));
        size_ += static_cast<std::uint64_t>(written);
    }
}

void growing_file::fail(std::string_view doing, std::string_view why) const {
    throw std::runtime_error(fmt::format("cannot {} {}: {}", doing, path_.string(), why));
}

}  // namespace crawl
