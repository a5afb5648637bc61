#include <braid/trace/dump_on_signal.hpp>

#include <fmt/format.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <thread>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

namespace braid {

namespace {

// What the handler may touch. It is never closed: a handler may be about to write when the last listener goes.
std::atomic<int> signal_event = -1;
static_assert(std::atomic<int>::is_always_lock_free);
std::atomic<bool> listening = false;

void tell(int fd) noexcept {
    const std::uint64_t once = 1;
    [[maybe_unused]] const auto written = ::write(fd, &once, sizeof once);  // it only fails when much has been told
}

void on_signal(int) {
    const int saved = errno;
    tell(signal_event);
    errno = saved;
}

int open_event() {
    if (signal_event < 0) signal_event = ::eventfd(0, EFD_CLOEXEC);
    if (signal_event < 0) throw std::system_error(errno, std::generic_category(), "making the event of dump_on_signal");
    return signal_event;
}

}  // namespace

class dump_on_signal::listener {
public:
    listener(int signal, std::function<void(const task_dump&)> report) : signal_(signal), report_(std::move(report)) {
        if (listening.exchange(true)) throw usage_error("there is a dump_on_signal already: a program has one at most");
        try {
            event_ = open_event();
            install();
            thread_ = std::thread([this] { listen(); });
        } catch (...) {
            if (installed_) ::sigaction(signal_, &before_, nullptr);
            listening = false;
            throw;
        }
    }
    listener(const listener&) = delete;
    listener& operator=(const listener&) = delete;
    ~listener() {
        ::sigaction(signal_, &before_, nullptr);
        stopping_ = true;
        tell(event_);
        thread_.join();
        listening = false;
    }

private:
    void install() {
        struct sigaction ours{};
        ours.sa_handler = on_signal;
        ours.sa_flags = SA_RESTART;
        if (::sigaction(signal_, &ours, &before_) != 0)
            throw std::system_error(errno, std::generic_category(), fmt::format("listening for signal {}", signal_));
        installed_ = true;
    }
    void listen() noexcept {
        for (;;) {
            std::uint64_t times = 0;
            if (::read(event_, &times, sizeof times) < 0 && errno != EINTR) return;
            if (stopping_) return;
            if (times != 0) report_(dump_tasks_blocking());
        }
    }

    const int signal_;
    const std::function<void(const task_dump&)> report_;
    int event_ = -1;
    bool installed_ = false;
    struct sigaction before_{};
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

dump_on_signal::dump_on_signal(int signal, std::function<void(const task_dump&)> report) {
    if (!report) report = [](const task_dump& dump) { fmt::print(stderr, "{}", dump.text()); };
    listener_ = std::make_unique<listener>(signal, std::move(report));
}
dump_on_signal::~dump_on_signal() = default;

}  // namespace braid
