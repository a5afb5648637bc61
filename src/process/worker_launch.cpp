// How a worker comes to be: its pipes, what it gets of its parent, its process.

#include "process/fault_points.hpp"
#include "process/pool_engine.hpp"
#include "process/worker_link.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <tuple>
#include <utility>

namespace braid::detail {

namespace {

constexpr int pipe_capacity = 1 << 20;

pd::pipe_ends make_wide_pipe() {
    pd::pipe_ends ends = pd::make_pipe();
    ::fcntl(ends.write.get(), F_SETPIPE_SZ, pipe_capacity);  // as a favour: without it, it works with less at a time
    return ends;
}

void set_nonblocking(int fd) {
    if (::fcntl(fd, F_SETFL, O_NONBLOCK) != 0) pd::throw_errno("making a pipe non-blocking");
}

std::vector<pd::child_settings::limit> limits_of(const worker_limits& limits) {
    std::vector<pd::child_settings::limit> all;
    if (limits.memory) all.push_back({RLIMIT_AS, *limits.memory, *limits.memory});
    if (limits.file_size) all.push_back({RLIMIT_FSIZE, *limits.file_size, *limits.file_size});
    if (limits.cpu_time) {
        // The soft limit sends SIGXCPU, which can be ignored; a second later the hard one kills.
        const auto seconds = static_cast<rlim_t>(limits.cpu_time->count());
        all.push_back({RLIMIT_CPU, seconds, seconds + 1});
    }
    return all;
}

std::vector<std::string> environment_of(const process_pool_options& options, unsigned depth) {
    std::vector<std::string> own = options.environment;
    own.push_back(fmt::format("{}={}", pd::worker_variable, depth));
    return pd::child_environment(own);
}

}  // namespace

void worker_link::launch() {
    std::vector<pd::passed_descriptor> descriptors = connect();
    pd::pass(pd::step::launches);
    pool_->zygote() ? fork(std::move(descriptors)) : spawn(std::move(descriptors));
}

/// Keeps our ends. Returns those of the worker.
std::vector<pd::passed_descriptor> worker_link::connect() {
    pd::pipe_ends requests = make_wide_pipe();
    pd::pipe_ends replies = make_wide_pipe();
    pd::pipe_ends control = pd::make_pipe();
    pd::socket_ends beside = pd::make_attachment_socket();

    std::vector<pd::passed_descriptor> descriptors;
    descriptors.push_back({std::move(requests.read), pd::request_descriptor});
    descriptors.push_back({std::move(replies.write), pd::reply_descriptor});
    descriptors.push_back({std::move(control.read), pd::control_descriptor});
    descriptors.push_back({pd::copy_of(board_.fd()), pd::board_descriptor});
    descriptors.push_back({std::move(beside.worker), pd::attachment_descriptor});
    output_->connect(descriptors);
    output_->start([weak = weak_from_this()] {
        if (auto self = weak.lock()) {
            pool_engine::post_for(std::move(self),
                                  [](pool_engine&, const std::shared_ptr<worker_link>& link) { link->tell_lines(); });
        }
    });

    set_nonblocking(requests.write.get());
    set_nonblocking(replies.read.get());
    set_nonblocking(control.write.get());
    requests_.assign(requests.write.get());
    std::ignore = requests.write.release();
    replies_.assign(replies.read.get());
    std::ignore = replies.read.release();
    control_ = std::move(control.write);
    beside_.emplace(std::move(beside.parent));
    return descriptors;
}

void worker_link::spawn(std::vector<pd::passed_descriptor> descriptors) {
    pd::process_services& services = pool_->services();
    const process_pool_options& options = pool_->options();
    pd::child_program program;
    program.path = services.program;
    program.executable = services.executable.get();
    program.arguments = {options.name};
    program.environment = environment_of(options, services.depth + 1);
    program.directory = options.working_directory;
    program.settings = {
        .limits = limits_of(options.limits), .niceness = options.niceness, .cpus = pd::cpu_set_of(options.cpus)};
    program.descriptors = std::move(descriptors);

    // The launcher answers on its own thread, and std::function wants something copyable.
    services.launcher.start(std::move(program), [self = shared_from_this()](pd::spawn_result result) mutable {
        auto shared = std::make_shared<pd::spawn_result>(std::move(result));
        pool_engine::post_for(std::move(self), [shared](pool_engine& pool, const std::shared_ptr<worker_link>& link) {
            if (auto* child = std::get_if<pd::started_child>(&*shared)) {
                pool.worker_started(link, std::move(*child));
            } else {
                pool.worker_not_started(link, std::get<spawn_error>(*shared).what(), true);
            }
        });
    });
}

void worker_link::fork(std::vector<pd::passed_descriptor> descriptors) {
    const process_pool_options& options = pool_->options();
    pd::fork_request request{.name = options.name,
                             .environment = options.environment,
                             .directory = options.working_directory,
                             .limits = limits_of(options.limits),
                             .niceness = options.niceness,
                             .cpus = options.cpus};
    std::vector<pd::unique_fd> passed;
    for (pd::passed_descriptor& each : descriptors) {
        request.descriptors.push_back(each.child);
        passed.push_back(std::move(each.parent));
    }
    asked_ = pool_->zygote()->fork(
        std::move(request), std::move(passed), [self = shared_from_this()](pd::fork_result result) mutable {
            auto shared = std::make_shared<pd::fork_result>(std::move(result));
            pool_engine::post_for(std::move(self), [shared](pool_engine& pool, const auto& link) {
                link->asked_.reset();
                if (auto* child = std::get_if<pd::started_child>(&*shared)) {
                    pool.worker_started(link, std::move(*child));
                } else {
                    const auto& refusal = std::get<pd::fork_refusal>(*shared);
                    pool.worker_not_started(link, refusal.why, refusal.may_try_again);
                }
            });
        });
    arm_kill(options.start_limit);
}

/// There is no process, and will be none.
void worker_link::never_started() {
    pool_->where().disarm(kill_timer_);
    if (rings_) rings_->unlink();
    state_ = state::gone;
}

void worker_link::started(pd::started_child child) {
    pid_ = child.pid;
    beside_->belongs_to(pid_);
    pd::pass(pd::step::watches);
    child_ = pool_->services().children.watch(
        std::move(child), [self = shared_from_this()](pd::child_id, const pd::exit_status& status) mutable {
            pool_engine::post_for(std::move(self),
                                  [status](pool_engine& pool, const std::shared_ptr<worker_link>& link) {
                                      pool.worker_gone(link, status);
                                  });
        });
    arm_kill(pool_->options().start_limit);
    // Not sooner: it may be quicker with its first words than the word of its start is.
    if (rings_ && violation_.empty()) pool_->where().add(*rings_);
    await_replies();
}

}  // namespace braid::detail
