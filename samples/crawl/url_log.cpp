#include "url_log.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "unnamed_file.hpp"

namespace crawl {
namespace {

constexpr std::size_t piece_size = 256 * 1024;

struct head {
    url_id id;
    std::uint32_t depth;
    std::uint32_t redirects;
    std::uint32_t length;
};

[[noreturn]] void fail(std::string_view doing, const std::filesystem::path& folder, int error = errno) {
    throw std::system_error(error, std::system_category(),
                            fmt::format("cannot {} the queue of URLs in {}", doing, folder.string()));
}

}  // namespace

url_log::url_log(url_log&& other) noexcept
    : folder_(std::move(other.folder_)),
      file_(std::exchange(other.file_, -1)),
      written_(other.written_),
      tail_(std::move(other.tail_)) {}

url_log::~url_log() {
    if (file_ >= 0) ::close(file_);
}

std::uint64_t url_log::append(const waiting_url& what) {
    const std::uint64_t place = written_ + tail_.size();
    const head first{what.id, what.depth, what.redirects, static_cast<std::uint32_t>(what.text.size())};
    tail_.append(reinterpret_cast<const char*>(&first), sizeof first);
    tail_ += what.text;
    if (tail_.size() >= piece_size) write_out();
    return place;
}

waiting_url url_log::read(std::uint64_t place) const {
    head first{};
    read_bytes(place, reinterpret_cast<char*>(&first), sizeof first);
    waiting_url what{first.id, first.depth, first.redirects, std::string(first.length, '\0')};
    read_bytes(place + sizeof first, what.text.data(), what.text.size());
    return what;
}

void url_log::write_out() {
    if (file_ < 0) file_ = open_unnamed_file(folder_);
    for (std::string_view rest = tail_; !rest.empty();) {
        const ssize_t n = ::pwrite(file_, rest.data(), rest.size(), static_cast<off_t>(written_));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail("write", folder_);
        rest.remove_prefix(static_cast<std::size_t>(n));
        written_ += static_cast<std::uint64_t>(n);
    }
    tail_.clear();
}

void url_log::read_bytes(std::uint64_t place, char* to, std::size_t size) const {
    if (place >= written_) {
        std::memcpy(to, tail_.data() + (place - written_), size);
        return;
    }
    while (size > 0) {
        const ssize_t n = ::pread(file_, to, size, static_cast<off_t>(place));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) fail("read", folder_, n == 0 ? EIO : errno);
        to += n;
        place += static_cast<std::uint64_t>(n);
        size -= static_cast<std::size_t>(n);
    }
}

}  // namespace crawl
