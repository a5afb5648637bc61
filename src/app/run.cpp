#include <braid/app/run.hpp>

#include "app/loops_of_run.hpp"

#include <braid/app/init.hpp>
#include <braid/core/await_chain.hpp>
#include <braid/core/detail/remote_cancel.hpp>
#include <braid/core/detail/root.hpp>
#include <braid/core/spawn.hpp>
#include <braid/trace/dump_on_signal.hpp>
#include <braid/wire/exception.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <sys/eventfd.h>
#include <typeinfo>
#include <unistd.h>

namespace braid::detail {

namespace {

constexpr std::array<int, 2> ending_signals{SIGINT, SIGTERM};

// What the handler may touch.
volatile std::sig_atomic_t signal_event = -1;

// The first signal asks, and restores the default, so that the next one ends even a loop that is blocked.
void on_signal(int signal) {
    const int saved = errno;
    struct sigaction standard{};
    standard.sa_handler = SIG_DFL;
    for (const int s : ending_signals) ::sigaction(s, &standard, nullptr);
    const std::uint64_t value = static_cast<std::uint64_t>(signal);
    [[maybe_unused]] const auto written = ::write(signal_event, &value, sizeof value);
    errno = saved;
}

/// Turns the first SIGINT or SIGTERM into a cancellation. Signals that are ignored, as under nohup, stay so.
class signal_watch {
public:
    signal_watch(boost::asio::io_context& context, std::shared_ptr<remote_cancel> target)
        : event_(context, open_event()), target_(std::move(target)) {
        signal_event = event_.native_handle();
        struct sigaction ours{};
        ours.sa_handler = on_signal;
        ours.sa_flags = SA_RESTART;
        for (std::size_t i = 0; i < ending_signals.size(); ++i) {
            ::sigaction(ending_signals[i], nullptr, &before_[i]);
            if (before_[i].sa_handler != SIG_IGN) ::sigaction(ending_signals[i], &ours, nullptr);
        }
        event_.async_read_some(boost::asio::buffer(&value_, sizeof value_),
                               [this](boost::system::error_code error, std::size_t) {
                                   if (error) return;
                                   received_ = static_cast<int>(value_);
                                   target_->request(cancel_reason::user);
                               });
    }
    signal_watch(const signal_watch&) = delete;
    signal_watch& operator=(const signal_watch&) = delete;
    ~signal_watch() {
        for (std::size_t i = 0; i < ending_signals.size(); ++i) ::sigaction(ending_signals[i], &before_[i], nullptr);
        signal_event = -1;
    }

    /// 0 if none came.
    [[nodiscard]] int received() const noexcept { return received_; }
    void stop() { event_.cancel(); }

private:
    static int open_event() {
        const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (fd < 0) throw std::system_error(errno, std::generic_category(), "making the event that signals arrive by");
        return fd;
    }

    boost::asio::posix::stream_descriptor event_;
    std::shared_ptr<remote_cancel> target_;
    std::uint64_t value_ = 0;
    int received_ = 0;
    std::array<struct sigaction, ending_signals.size()> before_{};
};

int report_failure() {
    try {
        throw;
    } catch (const std::exception& e) {
        fmt::print(stderr, "error: {}\n{}", e.what(), await_chain_text(std::current_exception()));
    } catch (...) {
        fmt::print(stderr, "error: an exception that is not derived from std::exception\n{}",
                   await_chain_text(std::current_exception()));
    }
    return 1;
}

}  // namespace

int run_app(int argc, char** argv, std::function<task<int>(std::span<char*>)> app, const run_options& options) {
    try {
        const runtime keep = init(argc, argv);
        const loops_of_run others(options.loops);
        std::optional<dump_on_signal> dump;
        if (options.dump_on_signal) dump.emplace(*options.dump_on_signal);
        boost::asio::io_context context(1);
        const auto where = std::make_shared<home>(context.get_executor());
        const auto remote = std::make_shared<remote_cancel>(where);
        signal_watch signals(context, remote);

        result_slot<int> slot;
        root main_root = run_root(app(std::span(argv, static_cast<std::size_t>(argc))), &slot, [&] {
            remote->detach();
            signals.stop();
        });
        remote->attach(main_root.scope());
        std::move(main_root).start(where);
        context.run();
        try {
            return slot.take();
        } catch (const cancelled&) {
            if (signals.received() != 0) return 128 + signals.received();
            fmt::print(stderr, "error: the program's main task was cancelled\n");
            return 1;
        }
    } catch (...) {
        return report_failure();
    }
}

}  // namespace braid::detail
