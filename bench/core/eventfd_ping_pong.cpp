// The floor of a hop: two threads that wake each other by eventfd. With several in flight, one wake for all of them.

#include <sys/eventfd.h>
#include <unistd.h>

#include "core/hops.hpp"

#include <thread>

namespace {

class event {
public:
    event() = default;
    event(const event&) = delete;
    event& operator=(const event&) = delete;
    ~event() { ::close(fd_); }
    void signal() const { static_cast<void>(::eventfd_write(fd_, 1)); }
    void wait() const {
        eventfd_t value = 0;
        static_cast<void>(::eventfd_read(fd_, &value));
    }

private:
    int fd_ = ::eventfd(0, EFD_CLOEXEC);
};

template <class Begin, class End>
void ping_pong(std::uint64_t count, Begin begin, End end) {
    const event there;
    const event back;
    std::thread other([&] {
        for (std::uint64_t i = 0; i < count; ++i) {
            there.wait();
            back.signal();
        }
    });
    for (std::uint64_t i = 0; i < count; ++i) {
        begin();
        there.signal();
        back.wait();
        end();
    }
    other.join();
}

}  // namespace

int main(int argc, char** argv) {
    return bench::measure_hops(
        bench::parse(argc, argv),
        [](bench::hop_times& times, std::uint64_t count) {
            ping_pong(count, [&] { times.begin(); }, [&] { times.end(); });
        },
        [](std::uint64_t, std::uint64_t each) { ping_pong(each, [] {}, [] {}); });
}
