#pragma once
// What one worker prints, as far as it does not go straight to this process's own output.

#include "process/call_board.hpp"
#include "process/descriptors.hpp"
#include "process/launcher_thread.hpp"
#include "process/output_lines.hpp"
#include "process/output_thread.hpp"
#include "process/text_tail.hpp"

#include <braid/process/worker_output.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace braid::process_detail {

/// Lifetime: the board stays until `finish`.
/// Threads: read by the output thread and by the pool's home, whoever comes first; the rest belongs to the home.
class captured_output : public std::enable_shared_from_this<captured_output> {
public:
    captured_output(output_thread& thread, call_board& board, worker_output what);
    captured_output(const captured_output&) = delete;
    captured_output& operator=(const captured_output&) = delete;
    ~captured_output();

    /// What the new process gets as its output and error, if not this process's own. Throws: std::system_error.
    void connect(std::vector<passed_descriptor>& descriptors);
    /// From now on it is read. When there are lines to take, `lines_there` is called, once until they are taken; by the
    /// output thread, and not after `finish` has returned. Throws: std::system_error.
    void start(std::function<void()> lines_there);

    [[nodiscard]] bool gives_lines() const noexcept { return what_ == worker_output::lines; }

    struct line : output_line {
        output_stream stream = output_stream::out;
    };
    /// Reads what is there by now, and hands out the lines so far.
    [[nodiscard]] std::vector<line> take_lines();

    /// The worker is gone, or never was: takes what it left, and closes.
    void finish() noexcept;

    /// The last lines of its standard error.
    [[nodiscard]] std::vector<std::string> last_errors() const;

private:
    struct stream {
        unique_fd pipe;  // reading end
        output_thread::watch_id watch{};
        bool watched = false;
        bool paused = false;  // not watched because nobody takes its lines
        std::uint64_t bytes_read = 0;
        output_lines lines;
        std::string held;  // of a line that is passed on
    };

    bool readable(std::size_t index);
    void read(std::size_t index);
    void take_text(std::size_t index, std::string_view text);
    void pass_on(stream& from, std::string_view text);
    void claim_lines();
    [[nodiscard]] bool has_lines() const noexcept;

    output_thread& thread_;
    call_board& board_;
    const worker_output what_;

    mutable std::mutex mutex_;
    // Under mutex_:
    std::array<stream, 2> streams_;  // out, err
    text_tail tail_;
    std::function<void()> lines_there_;
    bool told_ = false;  // that there are lines
    bool finished_ = false;
};

}  // namespace braid::process_detail
