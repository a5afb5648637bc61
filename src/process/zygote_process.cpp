#include "process/zygote_process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <span>
#include <string_view>
#include <utility>

#include <sys/mman.h>

namespace braid::process_detail {

namespace {

// Of a zygote that forks nothing in between.
constexpr unsigned deaths_allowed = 5;
// What the process list shows of it, and has room for of its workers' names.
constexpr std::string_view shown_name = "braid-zygote";
constexpr std::size_t room_for_names = 63;

unique_fd make_preload_memory(std::span<const std::byte> call) {
    unique_fd fd(::memfd_create("braid-preload", MFD_CLOEXEC));
    if (!fd) throw_errno("make the memory of a preload");
    write_all(fd.get(), call);
    return fd;
}

}  // namespace

zygote_process::zygote_process(process_services& services, std::vector<std::byte> preload)
    : services_(services), preload_(std::move(preload)) {}

// --- who wants something of it

void zygote_process::enter() noexcept {
    const std::lock_guard lock(mutex_);
    ++users_;
}

void zygote_process::leave(std::function<void()> gone) {
    locked([&](calls& then) {
        if (--users_ != 0) return then.push_back(std::move(gone));
        leaving_ = true;
        fail_waiting({"nobody uses the zygote any more"}, then);
        if (phase_ == phase::absent) return then.push_back(std::move(gone));
        gone_.push_back(std::move(gone));
        kill();
    });
}

void zygote_process::start() {
    locked([&](calls& then) {
        if (phase_ == phase::absent) begin_life(then);
    });
}

zygote_process::ticket zygote_process::fork(fork_request what, std::vector<unique_fd> descriptors, fork_callback done) {
    ticket id{};
    locked([&](calls& then) {
        id = ticket{++last_ticket_};
        waiting_.push_back({id, std::move(what), std::move(descriptors), std::move(done)});
        if (phase_ == phase::absent) begin_life(then);
        if (phase_ == phase::ready) send_waiting(then);
    });
    return id;
}

void zygote_process::take_back(ticket which) {
    locked([&](calls& then) {
        const auto waiting = std::ranges::find(waiting_, which, &request::id);
        if (waiting != waiting_.end()) {
            answer(std::move(*waiting), fork_refusal{"it was taken back"}, then);
            waiting_.erase(waiting);
            return;
        }
        for (auto& sent : sent_) {
            if (!sent || sent->id != which || !life_->page->take_back(sent->what.slot, sent->what.number)) continue;
            answer(std::move(*sent), fork_refusal{"it was taken back"}, then);
            sent.reset();
        }
    });
}

void zygote_process::give_up(ticket which) {
    take_back(which);
    locked([&](calls&) { kill(); });
}

int zygote_process::pid() const {
    const std::lock_guard lock(mutex_);
    return life_ ? life_->pid : -1;
}

void zygote_process::answer(request done, fork_result result, calls& then) {
    done.descriptors.clear();  // before the answer: whoever gets it may rely on end-of-file
    // std::function wants something copyable.
    then.push_back([call = std::move(done.done), result = std::make_shared<fork_result>(std::move(result))] {
        call(std::move(*result));
    });
}

void zygote_process::fail_waiting(const fork_refusal& why, calls& then) {
    for (request& each : std::exchange(waiting_, {})) answer(std::move(each), why, then);
}

// --- its life

void zygote_process::begin_life(calls& then) {
    try {
        pipe_ends ends = make_zygote_socket();
        auto one = std::make_shared<life>();
        one->socket = std::move(ends.write);
        services_.launcher.start(program_of(*one, std::move(ends.read)),
                                 [self = shared_from_this(), one](spawn_result result) {
                                     self->locked([&](calls& told) { self->launched(one, std::move(result), told); });
                                 });
        life_ = std::move(one);
        phase_ = phase::starting;
    } catch (const std::exception& e) {
        fail_waiting({fmt::format("its zygote cannot be started: {}", e.what())}, then);
    }
}

child_program zygote_process::program_of(life& one, unique_fd its_end) const {
    std::string name(shown_name);
    name.resize(room_for_names, ' ');
    child_program program;
    program.path = services_.program;
    program.executable = services_.executable.get();
    program.arguments = {name};
    std::vector<std::string> own{fmt::format("{}={}", zygote_variable, services_.depth + 1)};
    if (!std::getenv(bind_variable)) own.push_back(fmt::format("{}={}", bind_variable, bind_value));
    program.environment = child_environment(own);
    program.descriptors.push_back({std::move(its_end), zygote_socket_descriptor});
    program.descriptors.push_back({copy_of(one.page->fd()), zygote_page_descriptor});
    program.descriptors.push_back({make_preload_memory(preload_), preload_descriptor});
    return program;
}

void zygote_process::launched(const std::shared_ptr<life>& one, spawn_result result, calls& then) {
    std::string why;
    if (auto* failure = std::get_if<spawn_error>(&result)) {
        why = failure->what();
    } else {
        try {
            one->pid = std::get<started_child>(result).pid;
            one->child =
                services_.children.watch(std::get<started_child>(std::move(result)),
                                         [self = shared_from_this(), one](child_id, const exit_status& status) {
                                             self->locked([&](calls& told) { self->ended(*one, status, told); });
                                         });
            phase_ = phase::preloading;
            watch_socket(one);
            if (leaving_) kill();
            return;
        } catch (const std::exception& e) {
            why = e.what();
        }
        if (one->child) return kill();
    }
    phase_ = phase::absent;
    one->close();
    life_ = nullptr;
    fail_waiting({fmt::format("its zygote cannot be started: {}", why)}, then);
    for (auto& each : std::exchange(gone_, {})) then.push_back(std::move(each));
}

void zygote_process::watch_socket(const std::shared_ptr<life>& one) {
    one->watch = services_.answers.watch(one->socket.get(), [weak = weak_from_this(), of = std::weak_ptr(one)] {
        const auto self = weak.lock();
        const auto alive = of.lock();
        if (!self || !alive) return false;
        bool goes_on = false;
        self->locked([&](calls& then) {
            if (self->life_ != alive) return;
            self->hear(*alive, then);
            goes_on = alive->watched;
        });
        return goes_on;
    });
    one->watched = true;
}

void zygote_process::stop_watching(life& one) {
    if (std::exchange(one.watched, false)) services_.answers.forget(one.watch);
}

void zygote_process::kill() {
    if (life_ && life_->child) services_.children.kill(*life_->child);
}

// --- its end

void zygote_process::ended(life& one, const exit_status& status, calls& then) {
    hear(one, then);
    stop_watching(one);
    const bool was_ready = phase_ == phase::ready;
    const bool was_warm = was_ready && one.forks != 0;
    phase_ = phase::absent;
    settle_sent(one, then);
    one.close();
    life_ = nullptr;
    ++deaths_;
    if (leaving_) {
        fail_waiting({"nobody uses the zygote any more"}, then);
        for (auto& each : std::exchange(gone_, {})) then.push_back(std::move(each));
        return;
    }
    const bool hopeless = !was_ready && status.how != exit_status::kind::signalled;
    if (hopeless || deaths_ >= deaths_allowed) {
        fail_waiting({why_no_more(one, status), false}, then);
        deaths_ = 0;
        return;
    }
    // One that nobody asks and that has not been of use is not worth another.
    if (!waiting_.empty() || (was_warm && process_detail::services() != nullptr)) begin_life(then);
}

/// What it had made is there; what it had not is to be made by the next.
void zygote_process::settle_sent(const life& one, calls& then) {
    for (std::uint32_t slot = fork_slots; slot-- != 0;) {
        if (!sent_[slot]) continue;
        request left = std::move(*std::exchange(sent_[slot], std::nullopt));
        if (const pid_t pid = one.page->pid(slot); pid != 0) {
            answer(std::move(left), adopt(pid), then);
        } else {
            waiting_.push_front(std::move(left));
        }
    }
}

std::string zygote_process::why_no_more(const life& one, const exit_status& status) {
    if (!one.refusal.empty()) return fmt::format("the preload of its zygote failed: {}", one.refusal);
    if (deaths_ < deaths_allowed) return fmt::format("its zygote {} before its preload had run", to_string(status));
    return fmt::format("its zygote died {} times and forked nothing; the last time it {}", deaths_, to_string(status));
}

}  // namespace braid::process_detail
