#pragma once
// A thread that has to share its CPU: what happens on two at the same time happens there one after the other.

#include <cerrno>
#include <system_error>

#include <sched.h>

namespace braid_test {

/// This thread, for as long as it lives. Threads: the one that made it.
class on_one_cpu {
public:
    on_one_cpu() : number(::sched_getcpu()) {
        if (::sched_getaffinity(0, sizeof before_, &before_) != 0)
            throw std::system_error(errno, std::generic_category(), "asking for the CPUs of a thread");
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(static_cast<unsigned>(number), &one);
        if (::sched_setaffinity(0, sizeof one, &one) != 0)
            throw std::system_error(errno, std::generic_category(), "pinning a thread");
    }
    on_one_cpu(const on_one_cpu&) = delete;
    on_one_cpu& operator=(const on_one_cpu&) = delete;
    ~on_one_cpu() { ::sched_setaffinity(0, sizeof before_, &before_); }

    const int number;

private:
    cpu_set_t before_;
};

}  // namespace braid_test
