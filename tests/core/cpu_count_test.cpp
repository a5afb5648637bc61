#include <braid/core/cpu_count.hpp>

#include "core/cpu_quota.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>
#include <thread>

#include <sched.h>

using namespace braid;
using braid::detail::cpus_by_quota;
namespace fs = std::filesystem;

namespace {

/// The part of a file system that tells of control groups.
class system_files {
public:
    system_files() {
        std::string name = (fs::temp_directory_path() / "braid-cpu-count-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()));
        root_ = name;
    }
    system_files(const system_files&) = delete;
    system_files& operator=(const system_files&) = delete;
    ~system_files() {
        std::error_code ignored;
        fs::remove_all(root_, ignored);
    }

    void write(const fs::path& file, const std::string& text) {
        fs::create_directories((root_ / file).parent_path());
        std::ofstream(root_ / file) << text << "\n";
    }
    [[nodiscard]] std::optional<double> quota() const { return cpus_by_quota(root_); }

private:
    fs::path root_;
};

}  // namespace

TEST_SUITE("core/cpu_count") {
    TEST_CASE("a process that may use one CPU counts one") {
        std::jthread([] {
            cpu_set_t one;
            CPU_ZERO(&one);
            CPU_SET(static_cast<std::size_t>(::sched_getcpu()), &one);
            REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
            CHECK(usable_cpus() == 1);
        }).join();
    }

    TEST_CASE("without control groups, or where they leave all, there is no quota") {
        system_files none;
        CHECK_FALSE(none.quota());
        system_files all;
        all.write("proc/self/cgroup", "0::/user.slice");
        all.write("sys/fs/cgroup/user.slice/cpu.max", "max 100000");
        CHECK_FALSE(all.quota());
    }

    TEST_CASE("of version 2 the smallest quota on the way up counts") {
        system_files files;
        files.write("proc/self/cgroup", "0::/pods/one/main");
        files.write("sys/fs/cgroup/pods/one/main/cpu.max", "400000 100000");
        files.write("sys/fs/cgroup/pods/one/cpu.max", "150000 100000");
        files.write("sys/fs/cgroup/pods/cpu.max", "max 100000");
        CHECK(files.quota() == 1.5);
    }

    TEST_CASE("of version 1 the group of the controller cpu counts, and no other") {
        system_files files;
        files.write("proc/self/cgroup", "9:cpuset:/box\n4:cpu,cpuacct:/box/inner\n1:name=systemd:/box\n0::/");
        files.write("sys/fs/cgroup/cpuset/box/cpu.cfs_quota_us", "1");
        files.write("sys/fs/cgroup/cpuset/box/cpu.cfs_period_us", "100000");
        files.write("sys/fs/cgroup/cpu,cpuacct/box/inner/cpu.cfs_quota_us", "-1");
        files.write("sys/fs/cgroup/cpu,cpuacct/box/inner/cpu.cfs_period_us", "100000");
        files.write("sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_quota_us", "250000");
        files.write("sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_period_us", "100000");
        CHECK(files.quota() == 2.5);
    }

    TEST_CASE("in a container, whose group has another name there, the mounted group counts") {
        system_files two;
        two.write("proc/self/cgroup", "0::/system.slice/docker-1234.scope");
        two.write("sys/fs/cgroup/cpu.max", "50000 100000");
        CHECK(two.quota() == 0.5);
        system_files one;
        one.write("proc/self/cgroup", "4:cpu:/docker/1234");
        one.write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "300000");
        one.write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000");
        CHECK(one.quota() == 3);
    }
}
