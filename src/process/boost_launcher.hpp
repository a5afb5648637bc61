#pragma once
// A Boost.Process launcher that any of its initialisers (process_stdio, process_environment, process_start_dir, one's
// own) can be given to, and that starts the child through start_child instead of fork. The only file that knows
// Boost.Process.
//
// Of the launchers that come with Boost 1.81, the default one forks (tens of milliseconds for a large parent) and runs
// the parent's exit handlers after a failed exec, and vfork_launcher damages the parent's epoll descriptor.

#include "process/start_child.hpp"

#include <braid/process/spawn_error.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/detail/throw_error.hpp>  // Boost.Process 1.81 uses it and does not include it
#include <boost/process/v2/environment.hpp>
#include <boost/process/v2/posix/default_launcher.hpp>
#include <boost/process/v2/process.hpp>
#include <boost/process/v2/start_dir.hpp>
#include <boost/process/v2/stdio.hpp>

#include <system_error>
#include <utility>
#include <vector>

namespace braid::process_detail {

/// Threads: used by one thread, which the child does not outlive. One launcher starts one child.
class boost_launcher : public boost::process::v2::posix::default_launcher {
public:
    using path_type = boost::process::v2::filesystem::path;
    using error_code = boost::process::v2::error_code;

    int executable = -1;                          ///< run this open binary; the path is then only argv[0]
    std::vector<descriptor_mapping> descriptors;  ///< besides the base's `fd_whitelist`, which keep their numbers

    /// Throws: spawn_error.
    template <typename Args, typename... Initialisers>
    [[nodiscard]] started_child launch(const path_type& path, Args&& arguments, Initialisers&&... initialisers);

    /// The launcher interface of Boost.Process.
    template <typename Executor, typename Args, typename... Initialisers>
    boost::process::v2::basic_process<Executor> operator()(Executor executor, error_code& ec, const path_type& path,
                                                           Args&& arguments, Initialisers&&... initialisers);

private:
    void keep_whitelisted();
};

// Implementation

template <typename Args, typename... Initialisers>
started_child boost_launcher::launch(const path_type& path, Args&& arguments, Initialisers&&... initialisers) {
    namespace steps = boost::process::v2::posix::detail;
    argv_.clear();
    const char* const* argv = build_argv_(path, std::forward<Args>(arguments));
    if (const error_code ec = steps::on_setup(*this, path, argv, initialisers...)) {
        steps::on_error(*this, path, argv, ec, initialisers...);
        throw spawn_error(path.native(), spawn_step::initialise, ec);
    }
    keep_whitelisted();

    auto in_child = [&]() -> int { return steps::on_exec_setup(*this, path, argv, initialisers...).value(); };
    const start_plan plan{
        .path = path.c_str(),
        .executable = executable,
        .argv = argv,
        .environment = env,
        .descriptors = descriptors,
        .initialise = [](void* hook) { return (*static_cast<decltype(in_child)*>(hook))(); },
        .initialise_argument = &in_child,
    };
    try {
        started_child child = start_child(plan);
        pid = child.pid;
        steps::on_success(*this, path, argv, initialisers...);
        return child;
    } catch (const spawn_error& failure) {
        const error_code ec(failure.code().value(), boost::system::generic_category());
        steps::on_error(*this, path, argv, ec, initialisers...);
        throw;
    }
}

template <typename Executor, typename Args, typename... Initialisers>
boost::process::v2::basic_process<Executor> boost_launcher::operator()(Executor executor, error_code& ec,
                                                                       const path_type& path, Args&& arguments,
                                                                       Initialisers&&... initialisers) {
    try {
        const started_child child = launch(path, std::forward<Args>(arguments), initialisers...);
        return boost::process::v2::basic_process<Executor>(std::move(executor), child.pid);
    } catch (const spawn_error& failure) {
        ec.assign(failure.code().value(), boost::system::generic_category());
        return boost::process::v2::basic_process<Executor>(std::move(executor));
    }
}

inline void boost_launcher::keep_whitelisted() {
    for (const int fd : fd_whitelist) {
        if (fd > 2) descriptors.push_back({.parent = fd, .child = fd});
    }
}

}  // namespace braid::process_detail
