#pragma once
// A child process that echoes messages of one size, behind two blocking pipes: what the floors of the process suite
// share.

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>

namespace bench {

/// Blocking, and in full: both ends send messages of one size only.
inline void write_all(int descriptor, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0) {
            std::perror("echo_child: cannot write");
            std::_Exit(1);
        }
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
}

/// Fills the buffer. False once the other end is closed.
inline bool read_all(int descriptor, std::span<std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t got = ::read(descriptor, bytes.data(), bytes.size());
        if (got < 0) {
            std::perror("echo_child: cannot read");
            std::_Exit(1);
        }
        if (got == 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
    return true;
}

/// Message is an array of bytes, smaller than a pipe (64 KiB): a whole one fits in, so that nobody waits for the other
/// to read while the other waits to write.
template <class Message>
class echo_child {
public:
    echo_child() {
        if (::pipe(requests_.data()) != 0 || ::pipe(replies_.data()) != 0) fail("make a pipe");
        child_ = ::fork();
        if (child_ < 0) fail("fork");
        if (child_ == 0) echo();
        ::close(requests_[0]);
        ::close(replies_[1]);
    }
    echo_child(const echo_child&) = delete;
    echo_child& operator=(const echo_child&) = delete;

    /// There and back again.
    void round_trip(Message& message) {
        write_all(requests_[1], message);
        if (!read_all(replies_[0], message)) fail("hear from the child: it is gone");
    }

    /// Ends the child and waits for it, after which its CPU time counts.
    void close() {
        ::close(requests_[1]);
        int status = 0;
        if (::waitpid(child_, &status, 0) != child_ || status != 0) fail("end the child");
    }

private:
    [[noreturn]] static void fail(const char* what) {
        std::fprintf(stderr, "echo_child: cannot %s: %s\n", what, std::strerror(errno));
        std::_Exit(1);
    }

    [[noreturn]] void echo() {
        ::close(requests_[1]);
        ::close(replies_[0]);
        Message message;
        while (read_all(requests_[0], message)) write_all(replies_[1], message);
        std::_Exit(0);
    }

    std::array<int, 2> requests_{};
    std::array<int, 2> replies_{};
    pid_t child_ = -1;
};

}  // namespace bench
