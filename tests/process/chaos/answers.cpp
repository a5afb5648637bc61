#include "process/chaos/answers.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace chaos {

namespace {

/// Throws if the result of a system call says that it failed.
template <class Result>
Result done(Result result, const char* what) {
    if (result < 0) throw std::system_error(errno, std::generic_category(), what);
    return result;
}

struct stat status_of(int file) {
    struct stat status{};
    done(::fstat(file, &status), "asking for the file of an errand");
    return status;
}

}  // namespace

sent_file::sent_file(std::string_view text)
    : file_(done(::memfd_create("errand", MFD_CLOEXEC), "making the file of an errand")) {
    done(::pwrite(file_.get(), text.data(), text.size(), 0), "writing the file of an errand");
}

braid::descriptor sent_file::copy() const {
    return braid::descriptor(done(::fcntl(file_.get(), F_DUPFD_CLOEXEC, 0), "copying a descriptor"));
}

bool sent_file::is(const braid::descriptor& other) const {
    const struct stat ours = status_of(file_.get());
    const struct stat its = status_of(other.get());
    return ours.st_dev == its.st_dev && ours.st_ino == its.st_ino;
}

std::string sent_file::content_from(std::size_t offset) const {
    const auto size = static_cast<std::size_t>(status_of(file_.get()).st_size);
    std::string content(size - std::min(size, offset), ' ');
    done(::pread(file_.get(), content.data(), content.size(), static_cast<off_t>(offset)), "reading an answer");
    return content;
}

braid::shared_bytes memory_with(std::string_view text, std::size_t room) {
    const braid::shared_bytes memory(text.size() + room);
    std::ranges::copy(text, memory.as<char>().begin());
    return memory;
}

std::string text_in(const braid::shared_bytes& memory) {
    const auto content = memory.as<char>();
    return {content.begin(), content.end()};
}

}  // namespace chaos
