#pragma once
// What the user sees while a crawl runs, on standard error.

#include <braid/core/task.hpp>
#include <braid/process/worker_output.hpp>

#include <functional>
#include <string>
#include <string_view>

#include "live_lines.hpp"
#include "progress.hpp"
#include "progress_frame.hpp"
#include "progress_rates.hpp"

namespace crawl {

/// What the user wants to see of it.
enum class watching {
    nothing,
    lines,  ///< a few that change on a terminal, now and then one elsewhere
    json,   ///< an object on a line of its own every second, for programs
};

/// The only one who writes to standard error while it lives: what others have to say goes above what it shows.
/// Threads: one.
class console {
public:
    explicit console(watching wanted);
    console(const console&) = delete;
    console& operator=(const console&) = delete;
    /// Takes away what it shows.
    ~console();

    /// Shows where the crawl is, over and over, until it is cancelled.
    braid::task<> show(std::function<progress()> now);

    /// Writes the state whenever the signal comes, until it is cancelled: this text, or JSON if that is what is wanted.
    braid::task<> show_on_signal(int signal, std::function<progress()> now,
                                 std::function<std::string(const progress&)> text);

    /// Writes text that ends in a newline.
    void print(std::string_view text);

    /// The same, for people only: programs are told by the state.
    void print_for_people(std::string_view text);

    /// Writes what a worker process printed.
    void print(const braid::worker_line& line);

    /// The crawl is over: the last of what is shown.
    void finish(const progress& at_last, bool interrupted);

private:
    enum class kind { silent, plain, terminal, json };
    [[nodiscard]] static kind kind_for(watching wanted);

    void look(progress now);
    void redraw();
    void erase();
    void write_json(std::string_view state);

    kind kind_;
    progress_rates rates_;
    progress last_;  // looked at
    terminal_traits terminal_;
    live_lines lines_;
    bool shown_ = false;
};

}  // namespace crawl
