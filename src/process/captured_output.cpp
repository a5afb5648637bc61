#include "process/captured_output.hpp"

#include "process/services.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace braid::process_detail {

namespace {

constexpr std::size_t errors = 1;
constexpr std::size_t most_waiting_bytes = 1 << 20;  // in lines that nobody has taken: then the worker has to wait
constexpr std::size_t longest_held = output_lines::longest;
constexpr int most_reads = 32;  // at a time: whoever goes on writing into the pipe must not keep us
constexpr int most_looks = 4;

unique_fd open_reading_end(std::vector<passed_descriptor>& descriptors, int child) {
    pipe_ends ends = make_pipe();
    if (::fcntl(ends.read.get(), F_SETFL, O_NONBLOCK) != 0) throw_errno("make a pipe non-blocking");
    descriptors.push_back({std::move(ends.write), child});
    return std::move(ends.read);
}

}  // namespace

captured_output::captured_output(output_thread& thread, call_board& board, worker_output what)
    : thread_(thread), board_(board), what_(what) {}

captured_output::~captured_output() { finish(); }

void captured_output::connect(std::vector<passed_descriptor>& descriptors) {
    if (what_ == worker_output::inherit) return;
    if (what_ == worker_output::discard) descriptors.push_back({open_null_device(), STDOUT_FILENO});
    if (gives_lines()) streams_[0].pipe = open_reading_end(descriptors, STDOUT_FILENO);
    streams_[errors].pipe = open_reading_end(descriptors, STDERR_FILENO);
}

void captured_output::start(std::function<void()> lines_there) {
    const std::lock_guard lock(mutex_);
    lines_there_ = std::move(lines_there);
    for (std::size_t i = 0; i != streams_.size(); ++i) {
        stream& s = streams_[i];
        if (!s.pipe) continue;
        s.watch = thread_.watch(s.pipe.get(), [weak = weak_from_this(), i] {
            const auto self = weak.lock();
            return self && self->readable(i);
        });
        s.watched = true;
    }
}

// On the output thread.
bool captured_output::readable(std::size_t index) {
    const std::lock_guard lock(mutex_);
    if (finished_) return false;
    read(index);
    stream& s = streams_[index];
    if (!s.pipe) return false;
    if (!gives_lines()) return true;
    claim_lines();
    if (has_lines() && !std::exchange(told_, true)) lines_there_();
    s.paused = told_ && s.lines.bytes() >= most_waiting_bytes;
    return !s.paused;
}

void captured_output::read(std::size_t index) {
    std::array<char, 16 * 1024> buffer;
    stream& s = streams_[index];
    for (int reads = 0; s.pipe && reads != most_reads; ++reads) {
        board_.begin_reading_output(index);
        const ssize_t n = ::read(s.pipe.get(), buffer.data(), buffer.size());
        if (n > 0) s.bytes_read += static_cast<std::uint64_t>(n);
        board_.end_reading_output(index, s.bytes_read);
        if (n > 0) {
            take_text(index, std::string_view(buffer.data(), static_cast<std::size_t>(n)));
        } else if (n == 0) {  // it has closed it
            if (std::exchange(s.watched, false)) thread_.forget(s.watch);
            s.pipe.reset();
        } else if (errno != EINTR) {
            return;
        }
    }
}

void captured_output::take_text(std::size_t index, std::string_view text) {
    stream& s = streams_[index];
    if (gives_lines()) return s.lines.feed(text);
    tail_.append(text);
    if (what_ == worker_output::pass_on) pass_on(s, text);
}

// In whole lines, so that those of several workers do not mix. A carriage return ends one too: it is how progress is
// shown.
void captured_output::pass_on(stream& from, std::string_view text) {
    from.held += text;
    const std::size_t end = from.held.find_last_of("\n\r");
    const std::size_t whole = from.held.size() > longest_held ? from.held.size() : end + 1;  // npos + 1 is 0
    if (whole == 0) return;
    thread_.write_error(std::string_view(from.held).substr(0, whole));
    from.held.erase(0, whole);
}

// Lines that no mark has claimed are of the call that runs now, unless their mark is in the pipe by now: it is written
// before the worker announces its next call. What has been printed meanwhile needs another look; at the latest it is
// claimed by the mark that is to come.
void captured_output::claim_lines() {
    for (std::size_t i = 0; i != streams_.size(); ++i) {
        output_lines& lines = streams_[i].lines;
        for (int looks = 0; looks != most_looks && lines.has_unclaimed(); ++looks) {
            const auto running = board_.running();
            const std::uint64_t until = lines.end();
            read(i);
            lines.claim(until, running ? std::optional(frame_id(running->slot, running->id)) : std::nullopt);
        }
    }
}

bool captured_output::has_lines() const noexcept {
    return std::ranges::any_of(streams_, [](const stream& s) { return s.lines.has_claimed(); });
}

void captured_output::finish() noexcept {
    const std::lock_guard lock(mutex_);
    if (std::exchange(finished_, true)) return;
    for (std::size_t i = 0; i != streams_.size(); ++i) {
        stream& s = streams_[i];
        read(i);
        s.lines.finish();
        if (!s.held.empty()) thread_.write_error(s.held + "\n");
        if (s.watched) thread_.forget(s.watch);
        s.watched = false;
        s.pipe.reset();
    }
    claim_lines();
}

std::vector<std::string> captured_output::last_errors() const {
    const std::lock_guard lock(mutex_);
    return tail_.lines();
}

std::vector<captured_output::line> captured_output::take_lines() {
    std::vector<line> taken;
    const std::lock_guard lock(mutex_);
    told_ = false;
    for (std::size_t i = 0; i != streams_.size(); ++i) {
        if (!finished_) read(i);
    }
    claim_lines();
    for (std::size_t i = 0; i != streams_.size(); ++i) {
        stream& s = streams_[i];
        for (output_line& each : s.lines.take_claimed()) {
            if (i == errors) tail_.append(each.text + "\n");
            taken.push_back({std::move(each), static_cast<output_stream>(i)});
        }
        if (std::exchange(s.paused, false)) thread_.resume(s.watch);
    }
    return taken;
}

}  // namespace braid::process_detail
