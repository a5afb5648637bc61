#include "process/output_thread.hpp"

#include <array>
#include <cerrno>
#include <utility>

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

namespace braid::process_detail {

namespace {

bool control(const unique_fd& epoll, int operation, int fd, std::uint64_t id, std::uint32_t events) noexcept {
    epoll_event event{};
    event.events = events;
    event.data.u64 = id;
    return ::epoll_ctl(epoll.get(), operation, fd, &event) == 0;
}

// Whatever standard error is, a pipe that nobody reads or a descriptor that was closed: there is nobody to complain to.
void write_to_stderr(std::string_view text) noexcept {
    while (!text.empty()) {
        const ssize_t n = ::write(STDERR_FILENO, text.data(), text.size());
        if (n >= 0) {
            text.remove_prefix(static_cast<std::size_t>(n));
        } else if (errno == EAGAIN) {  // somebody made it non-blocking
            pollfd room{STDERR_FILENO, POLLOUT, 0};
            ::poll(&room, 1, -1);
        } else if (errno != EINTR) {
            return;
        }
    }
}

}  // namespace

output_thread::output_thread() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_event_(make_event()) {
    if (!epoll_) throw_errno("make an epoll descriptor");
    if (!control(epoll_, EPOLL_CTL_ADD, wake_event_.get(), 0, EPOLLIN)) throw_errno("watch an eventfd");
}

output_thread::~output_thread() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    if (!thread_.joinable()) return;
    signal_event(wake_event_.get());
    thread_.join();
}

void output_thread::start() {
    const std::lock_guard lock(mutex_);
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
}

output_thread::watch_id output_thread::watch(int fd, std::function<bool()> readable) {
    start();
    auto kept = std::make_shared<const std::function<bool()>>(std::move(readable));
    const std::lock_guard lock(mutex_);
    const watch_id id{++last_id_};
    watched_.emplace(id, watched{fd, std::move(kept)});
    if (control(epoll_, EPOLL_CTL_ADD, fd, last_id_, EPOLLIN | EPOLLONESHOT)) return id;
    watched_.erase(id);
    throw_errno("watch a worker's output");
}

void output_thread::resume(watch_id id) noexcept {
    const std::lock_guard lock(mutex_);
    const auto at = watched_.find(id);
    if (at == watched_.end()) return;
    control(epoll_, EPOLL_CTL_MOD, at->second.fd, static_cast<std::uint64_t>(id), EPOLLIN | EPOLLONESHOT);
}

void output_thread::forget(watch_id id) noexcept {
    const std::lock_guard lock(mutex_);
    const auto at = watched_.find(id);
    if (at == watched_.end()) return;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, at->second.fd, nullptr);
    watched_.erase(at);
}

void output_thread::write_error(std::string_view text) {
    {
        const std::lock_guard lock(mutex_);
        unwritten_ += text;
    }
    signal_event(wake_event_.get());
}

void output_thread::run() {
    std::array<epoll_event, 64> events{};
    while (!finished()) {
        const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < count; ++i) {
            const std::uint64_t id = events[static_cast<std::size_t>(i)].data.u64;
            id == 0 ? drain_event(wake_event_.get()) : look_at(watch_id{id});
        }
        write_out();
    }
}

void output_thread::look_at(watch_id id) {
    std::shared_ptr<const std::function<bool()>> readable;
    {
        const std::lock_guard lock(mutex_);
        const auto at = watched_.find(id);
        if (at == watched_.end()) return;
        readable = at->second.readable;
    }
    if ((*readable)()) resume(id);
}

void output_thread::write_out() {
    std::string text;
    {
        const std::lock_guard lock(mutex_);
        text = std::exchange(unwritten_, {});
    }
    write_to_stderr(text);
}

bool output_thread::finished() {
    const std::lock_guard lock(mutex_);
    return stopping_ && unwritten_.empty();
}

}  // namespace braid::process_detail
