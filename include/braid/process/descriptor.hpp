#pragma once
// descriptor: an open file, socket or pipe end as an argument or result of a call to a worker.

#include <braid/wire/archive.hpp>

#include <utility>

namespace braid {

/// Owns a file descriptor, or none. As an argument or result a copy of it travels: the worker gets a descriptor of its
/// own for the same open file (position and O_NONBLOCK are in common), and each side closes what it has. What arrives
/// is closed on exec. `descriptor(socket.release())` makes one of an Asio socket. A call takes up to 253 along, and as
/// many back; those that a process has no room for fail their call alone, with std::system_error or, in the worker,
/// wire::argument_error. As items of `map` their copies are made when they are taken from the range, so that a view
/// may open files one by one, a bounded number ahead.
class descriptor {
public:
    descriptor() noexcept = default;
    /// Takes it over.
    explicit descriptor(int fd) noexcept : fd_(fd) {}
    descriptor(descriptor&& other) noexcept : fd_(other.release()) {}
    /// Closes what it had, now.
    descriptor& operator=(descriptor&& other) noexcept {
        descriptor taken(std::move(other));
        std::swap(fd_, taken.fd_);
        return *this;
    }
    ~descriptor();

    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }
    /// It is the caller's now.
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

private:
    int fd_ = -1;
};

}  // namespace braid

template <>
struct braid::wire::detail::codec<braid::descriptor> : codec_traits<4> {
    /// Throws: encode_error for one that owns nothing.
    static void encode(writer& w, const braid::descriptor& value);
    static braid::descriptor decode(reader& r);
};
