#pragma once
// Counts how often each call of a test really ran, in memory that all workers map: what they counted survives them.

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace braid::testing {

class run_counter {
public:
    explicit run_counter(std::size_t calls) : size_(calls), fd_(::memfd_create("run-counter", MFD_CLOEXEC)) {
        if (fd_ < 0 || ::ftruncate(fd_, static_cast<off_t>(calls)) != 0) {
            throw std::system_error(errno, std::generic_category(), "making the memory of a run counter");
        }
        // As others find it, for as long as this process lives: a file would outlive it if it is killed.
        path_ = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd_);
        runs_ = map(fd_, calls);
    }
    run_counter(const run_counter&) = delete;
    run_counter& operator=(const run_counter&) = delete;
    ~run_counter() {
        ::munmap(runs_, size_);
        ::close(fd_);
    }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] int runs_of(std::size_t call) const noexcept { return runs_[call].load(); }

    /// In the worker. Returns which run it is, from 1 on.
    static int ran(const std::string& path, std::size_t call) {
        static std::string mapped;
        static std::atomic<std::uint8_t>* runs = nullptr;
        if (mapped != path) {
            const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
            if (fd < 0) throw std::system_error(errno, std::generic_category(), "opening " + path);
            runs = map(fd, static_cast<std::size_t>(::lseek(fd, 0, SEEK_END)));
            ::close(fd);
            mapped = path;
        }
        return runs[call].fetch_add(1) + 1;
    }

private:
    static std::atomic<std::uint8_t>* map(int fd, std::size_t size) {
        void* at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (at == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mapping the run counter");
        return static_cast<std::atomic<std::uint8_t>*>(at);
    }

    std::size_t size_;
    int fd_;
    std::string path_;
    std::atomic<std::uint8_t>* runs_ = nullptr;
};

}  // namespace braid::testing
