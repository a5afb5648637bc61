#pragma once
// A place where a call in a worker waits until the test lets it go on.

#include <braid/core/sleep.hpp>
#include <braid/core/task.hpp>

#include <chrono>
#include <cstdlib>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace braid::testing {

class gate {
public:
    gate() {
        std::string folder = "/tmp/braid-gate-XXXXXX";
        if (!::mkdtemp(folder.data())) throw std::system_error(errno, std::generic_category(), "making " + folder);
        path_ = folder;
        arrivals_ = make_fifo(path_ + "/in");
        exits_ = make_fifo(path_ + "/out");
    }
    gate(const gate&) = delete;
    gate& operator=(const gate&) = delete;
    ~gate() {
        ::close(arrivals_);
        ::close(exits_);
        ::unlink((path_ + "/in").c_str());
        ::unlink((path_ + "/out").c_str());
        ::rmdir(path_.c_str());
    }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// In the worker.
    static int pass(const std::string& path) {
        const int in = ::open((path + "/in").c_str(), O_WRONLY | O_CLOEXEC);
        char byte = 'x';
        if (::write(in, &byte, 1) != 1) return -1;
        ::close(in);
        const int out = ::open((path + "/out").c_str(), O_RDONLY | O_CLOEXEC);
        while (::read(out, &byte, 1) < 0 && errno == EINTR) {
        }
        ::close(out);
        return ::getpid();
    }

    /// A call has come to the gate.
    task<> arrival() {
        pollfd waiting{arrivals_, POLLIN, 0};
        while (::poll(&waiting, 1, 0) != 1) co_await sleep_for(std::chrono::milliseconds(1));
        char byte = 0;
        if (::read(arrivals_, &byte, 1) != 1) throw std::system_error(errno, std::generic_category(), "reading a fifo");
    }
    /// Lets one call through, now or when it comes.
    void open() const {
        if (::write(exits_, "o", 1) != 1) throw std::system_error(errno, std::generic_category(), "writing to a fifo");
    }

private:
    static int make_fifo(const std::string& path) {
        const int fd = ::mkfifo(path.c_str(), 0600) == 0 ? ::open(path.c_str(), O_RDWR | O_CLOEXEC) : -1;
        if (fd < 0) throw std::system_error(errno, std::generic_category(), "making " + path);
        return fd;
    }

    std::string path_;
    int arrivals_;
    int exits_;
};

}  // namespace braid::testing
