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

pd::child_settings settings_of(const process_pool_options& options) {
    pd::child_settings settings;
    const worker_limits& limits = options.limits;
    if (limits.memory) settings.limits.push_back({RLIMIT_AS, *limits.memory, *limits.memory});
    if (limits.file_size) settings.limits.push_back({RLIMIT_FSIZE, *limits.file_size, *limits.file_size});
    if (limits.cpu_time) {
        // The soft limit sends SIGXCPU, which can be ignored; a second later the hard one kills.
        const auto seconds = static_cast<rlim_t>(limits.cpu_time->count());
        settings.limits.push_back({RLIMIT_CPU, seconds, seconds + 1});
    }
    settings.niceness = options.niceness;
    if (!options.cpus.empty()) {
        CPU_ZERO(&settings.cpus.emplace());
        for (const int cpu : options.cpus) CPU_SET(cpu, &*settings.cpus);
    }
    return settings;
}

std::vector<std::string> environment_of(const process_pool_options& options, unsigned depth) {
    std::vector<std::string> own = options.environment;
    own.push_back(fmt::format("{}={}", pd::worker_variable, depth));
    return pd::child_environment(own);
}

}  // namespace

void worker_link::launch() {
    pd::process_services& services = pool_->services();
    pd::pipe_ends requests = make_wide_pipe();
    pd::pipe_ends replies = make_wide_pipe();
    pd::pipe_ends control = pd::make_pipe();
    pd::socket_ends beside = pd::make_attachment_socket();
    const int board = ::fcntl(board_.fd(), F_DUPFD_CLOEXEC, 0);
    if (board < 0) pd::throw_errno("passing the call board on");

    pd::child_program program;
    program.path = services.program;
    program.executable = services.executable.get();
    program.arguments = {pool_->options().name};
    program.environment = environment_of(pool_->options(), services.depth + 1);
    program.directory = pool_->options().working_directory;
    program.settings = settings_of(pool_->options());
    program.descriptors.push_back({std::move(requests.read), pd::request_descriptor});
    program.descriptors.push_back({std::move(replies.write), pd::reply_descriptor});
    program.descriptors.push_back({std::move(control.read), pd::control_descriptor});
    program.descriptors.push_back({pd::unique_fd(board), pd::board_descriptor});
    program.descriptors.push_back({std::move(beside.worker), pd::attachment_descriptor});
    output_->connect(program.descriptors);
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

    if (rings_) pool_->where().add(*rings_);

    pd::pass(pd::step::launches);
    // The launcher answers on its own thread, and std::function wants something copyable.
    services.launcher.start(std::move(program), [self = shared_from_this()](pd::spawn_result result) mutable {
        auto shared = std::make_shared<pd::spawn_result>(std::move(result));
        pool_engine::post_for(std::move(self), [shared](pool_engine& pool, const std::shared_ptr<worker_link>& link) {
            pool.worker_started(link, std::move(*shared));
        });
    });
}

void worker_link::started(pd::started_child child) {
    pid_ = child.pid;
    pd::pass(pd::step::watches);
    child_ = pool_->services().children.watch(
        std::move(child), [self = shared_from_this()](pd::child_id, const pd::exit_status& status) mutable {
            pool_engine::post_for(std::move(self),
                                  [status](pool_engine& pool, const std::shared_ptr<worker_link>& link) {
                                      pool.worker_gone(link, status);
                                  });
        });
    arm_kill(pool_->options().start_limit);
    await_replies();
}

}  // namespace braid::detail
