#include "console.hpp"

#include <braid/core/sleep.hpp>
#include <braid/core/this_executor.hpp>
#include <braid/core/use_task.hpp>

#include <sys/ioctl.h>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <cstdio>
#include <string>

namespace crawl {
namespace {

constexpr auto terminal_interval = std::chrono::milliseconds(200);
constexpr auto plain_interval = std::chrono::seconds(2);

std::size_t terminal_width() {
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return size.ws_col;
}

void write_error(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

/// Leaves no half of a line behind, however the coroutine ends.
struct line_on_terminal {
    line_on_terminal() = default;
    line_on_terminal(const line_on_terminal&) = delete;
    line_on_terminal& operator=(const line_on_terminal&) = delete;
    ~line_on_terminal() { write_error(clear_terminal_line()); }
};

braid::task<> show_on_terminal(const std::function<progress()>& now) {
    const line_on_terminal line;
    for (;;) {
        write_error(terminal_line(now(), terminal_width()));
        co_await braid::sleep_for(terminal_interval);
    }
}

}  // namespace

braid::task<> show_progress(std::function<progress()> now) {
    if (::isatty(STDERR_FILENO) == 1) co_await show_on_terminal(now);
    for (;;) {
        co_await braid::sleep_for(plain_interval);
        write_error(plain_line(now()));
    }
}

braid::task<> show_on_signal(int signal, std::function<std::string()> text) {
    boost::asio::signal_set signals(co_await braid::this_executor(), signal);
    const bool on_terminal = ::isatty(STDERR_FILENO) == 1;
    for (;;) {
        co_await signals.async_wait(braid::use_task);
        write_error((on_terminal ? clear_terminal_line() : "") + text());
    }
}

}  // namespace crawl
