#pragma once
// Starting children in tests and waiting for what they do: by pipes and promises, never by the clock.

#include "process/launcher_thread.hpp"
#include "process/reaper.hpp"

#include <array>
#include <cstddef>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace braid::testing {

inline process_detail::child_program test_child(std::vector<std::string> arguments) {
    return {.path = BRAID_PROCESS_CHILD,
            .arguments = std::move(arguments),
            .environment = process_detail::child_environment(),
            .descriptors = {}};
}

inline std::future<process_detail::spawn_result> start(process_detail::launcher_thread& launcher,
                                                       process_detail::child_program program) {
    auto promise = std::make_shared<std::promise<process_detail::spawn_result>>();
    auto answer = promise->get_future();
    launcher.start(std::move(program),
                   [promise](process_detail::spawn_result result) { promise->set_value(std::move(result)); });
    return answer;
}

/// Throws the spawn_error if there is one.
inline process_detail::started_child start_or_throw(process_detail::launcher_thread& launcher,
                                                    process_detail::child_program program) {
    auto result = start(launcher, std::move(program)).get();
    if (auto* failure = std::get_if<spawn_error>(&result)) throw *failure;
    return std::get<process_detail::started_child>(std::move(result));
}

struct watched_child {
    process_detail::child_id id{};
    std::future<process_detail::exit_status> ended;
};

inline watched_child watch(process_detail::reaper& reaper, process_detail::started_child child) {
    auto promise = std::make_shared<std::promise<process_detail::exit_status>>();
    auto ended = promise->get_future();
    const auto id = reaper.watch(
        std::move(child), [promise](process_detail::child_id, const auto& status) { promise->set_value(status); });
    return {id, std::move(ended)};
}

/// Everything until the last writer closes.
inline std::string read_to_end(int fd) {
    std::string all;
    std::array<std::byte, 4096> part;
    while (const std::size_t n = process_detail::read_some(fd, part)) {
        all.append(reinterpret_cast<const char*>(part.data()), n);
    }
    return all;
}

/// One byte, or 0 at the end.
inline char read_byte(int fd) {
    std::byte byte{};
    return process_detail::read_some(fd, {&byte, 1}) == 1 ? static_cast<char>(byte) : '\0';
}

inline std::ptrdiff_t open_descriptors() {
    const std::filesystem::directory_iterator listing("/proc/self/fd");
    return std::distance(begin(listing), end(listing));
}

}  // namespace braid::testing
