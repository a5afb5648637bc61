#include "console.hpp"

#include <braid/core/sleep.hpp>
#include <braid/core/this_executor.hpp>
#include <braid/core/use_task.hpp>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "progress_json.hpp"
#include "terminal_kind.hpp"
#include "terminal_text.hpp"

namespace crawl {
namespace {

constexpr auto terminal_interval = std::chrono::milliseconds(200);
constexpr auto json_interval = std::chrono::seconds(1);
constexpr auto plain_interval = std::chrono::seconds(2);

const char* environment(const char* name) { return std::getenv(name); }

/// Asked anew each time: no signal tells of a change that happened before it was listened to.
void measure(terminal_traits& terminal) {
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0) return;
    if (size.ws_col > 0) terminal.columns = size.ws_col;
    if (size.ws_row > 0) terminal.rows = size.ws_row;
}

void write_error(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

}  // namespace

console::console(watching wanted) : kind_(kind_for(wanted)), terminal_(traits_of_terminal(environment)) {}

console::~console() { erase(); }

console::kind console::kind_for(watching wanted) {
    if (wanted == watching::nothing) return kind::silent;
    if (wanted == watching::json) return kind::json;
    return ::isatty(STDERR_FILENO) == 1 && can_move_its_cursor(environment) ? kind::terminal : kind::plain;
}

braid::task<> console::show(std::function<progress()> now) {
    if (kind_ == kind::silent) co_return;
    const auto interval = kind_ == kind::terminal ? braid::duration(terminal_interval)
                          : kind_ == kind::json   ? braid::duration(json_interval)
                                                  : braid::duration(plain_interval);
    look(now());
    for (;;) {
        if (kind_ == kind::terminal) redraw();
        co_await braid::sleep_for(interval);
        look(now());
        if (kind_ == kind::json) write_json(last_.stopping ? "stopping" : "running");
        if (kind_ == kind::plain) write_error(plain_line(last_));
    }
}

braid::task<> console::show_on_signal(int signal, std::function<progress()> now,
                                      std::function<std::string(const progress&)> text) {
    boost::asio::signal_set signals(co_await braid::this_executor(), signal);
    for (;;) {
        co_await signals.async_wait(braid::use_task);
        if (kind_ == kind::json) {
            look(now());
            write_json(last_.stopping ? "stopping" : "running");
        } else {
            print(text(now()));
        }
    }
}

void console::print(std::string_view text) {
    const bool over_it = shown_;
    erase();
    write_error(text);
    if (over_it) redraw();
}

void console::print_for_people(std::string_view text) {
    if (kind_ == kind::plain || kind_ == kind::terminal) print(text);
}

void console::print(const braid::worker_line& line) {
    print(fmt::format("worker {}: {}\n", line.pid, printable(line.text)));
}

void console::finish(const progress& at_last, bool interrupted) {
    erase();
    if (kind_ != kind::json) return;
    look(at_last);
    write_json(interrupted ? "interrupted" : "done");
}

void console::look(progress now) {
    last_ = std::move(now);
    rates_.add(last_);
}

void console::redraw() {
    measure(terminal_);
    write_error(lines_.redraw(progress_frame(last_, rates_.now(), terminal_), terminal_));
    shown_ = true;
}

void console::erase() {
    if (!std::exchange(shown_, false)) return;
    measure(terminal_);
    write_error(lines_.erase(terminal_));
}

void console::write_json(std::string_view state) { write_error(progress_json(last_, rates_.now(), state)); }

}  // namespace crawl
