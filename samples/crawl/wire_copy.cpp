#include "wire_copy.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "unnamed_file.hpp"

namespace crawl {
namespace {

[[noreturn]] void cannot(std::string_view doing, const std::filesystem::path& folder, int error) {
    throw std::system_error(error, std::system_category(),
                            fmt::format("cannot {} the copy of a response in {}", doing, folder.string()));
}

}  // namespace

wire_copy::~wire_copy() {
    if (file_ >= 0) ::close(file_);
}

void wire_copy::append(std::string_view bytes) {
    tail_ += bytes;
    if (tail_.size() > most_in_memory) write_out();
}

/// On the thread of the fetches: it goes to the page cache.
void wire_copy::write_out() {
    if (file_ < 0) file_ = open_unnamed_file(folder_);
    for (std::string_view rest = tail_; !rest.empty();) {
        const ssize_t n = ::write(file_, rest.data(), rest.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) cannot("write", folder_, errno);
        rest.remove_prefix(static_cast<std::size_t>(n));
        written_ += static_cast<std::uint64_t>(n);
    }
    tail_.clear();
}

void wire_copy::each_piece(const std::function<void(std::string_view)>& take, std::uint64_t first) const {
    std::uint64_t left = std::min(first, size());
    std::array<char, 65536> piece;
    for (std::uint64_t place = 0; place < written_ && left > 0;) {
        const std::size_t wanted = std::min({piece.size(), std::size_t(written_ - place), std::size_t(left)});
        const ssize_t n = ::pread(file_, piece.data(), wanted, static_cast<off_t>(place));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) cannot("read", folder_, n == 0 ? EIO : errno);
        take({piece.data(), static_cast<std::size_t>(n)});
        place += static_cast<std::uint64_t>(n);
        left -= static_cast<std::uint64_t>(n);
    }
    if (left > 0) take(std::string_view(tail_).substr(0, left));
}

}  // namespace crawl
