#include "growing_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace crawl {

growing_file::growing_file(std::filesystem::path path, std::uint64_t kept)
    : path_(std::move(path)), file_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666)), size_(kept) {
    if (file_ < 0) fail("open", std::strerror(errno));
    try {
        keep(kept);
    } catch (...) {
        ::close(file_);
        throw;
    }
}

growing_file::~growing_file() { ::close(file_); }

void growing_file::keep(std::uint64_t bytes) {
    struct stat now{};
    if (::fstat(file_, &now) != 0) fail("read", std::strerror(errno));
    if (!S_ISREG(now.st_mode)) return;
    if (static_cast<std::uint64_t>(now.st_size) < bytes) {
        fail("go on with", fmt::format("it has {} bytes, and the crawl wrote {}", now.st_size, bytes));
    }
    const auto end = static_cast<off_t>(bytes);
    if (::ftruncate(file_, end) != 0 || ::lseek(file_, end, SEEK_SET) < 0) fail("write", std::strerror(errno));
}

void growing_file::write(std::string_view bytes) {
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
