#pragma once
// What a dump says of the home of the caller, who is running, and so is not in it.

#include <braid/trace/dump.hpp>

#include <string_view>
#include <vector>

namespace braid_test {

inline braid::home_info look_around() { return braid::detail::look_at(*braid::detail::this_driver.current); }

/// The task of that name; null if there is none.
inline const braid::task_info* find(const std::vector<braid::task_info>& tasks, std::string_view name) {
    for (const braid::task_info& t : tasks) {
        if (t.name == name) return &t;
        if (const braid::task_info* below = find(t.children, name)) return below;
    }
    return nullptr;
}

}  // namespace braid_test
