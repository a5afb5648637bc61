#pragma once
// What zygotes load, and workers then find in their memory.

#include <cstdint>
#include <string>

#include <unistd.h>

namespace preloaded {

struct model {
    int loader = 0;
    std::string content;
};
inline model* the_model = nullptr;

inline void load(const std::string& content) { the_model = new model{::getpid(), content}; }
inline void load_nothing() {}

struct seen {
    int pid;
    int loader;
    std::uint64_t address;
    std::string content;
};
inline seen look() {
    return {::getpid(), the_model->loader, reinterpret_cast<std::uintptr_t>(the_model), the_model->content};
}
inline int pid() { return ::getpid(); }
inline int parent() { return ::getppid(); }

}  // namespace preloaded
