// However a program with a pool ends, its workers end with it. The programs are real ones; this process adopts their
// orphans and waits for each of them, so that a worker that is left makes the test hang, and fail by its timeout.

#include "process/descriptors.hpp"

#include "support/faults.hpp"

#include <braid/process/process_pool.hpp>

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <system_error>

#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace braid::process_detail;

namespace {

class program {
public:
    explicit program(const char* how, const std::string& path = BRAID_POOL_PROGRAM) {
        ::prctl(PR_SET_CHILD_SUBREAPER, 1);
        pipe_ends output = make_pipe();
        pipe_ends errors = make_pipe();
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, output.write.get(), STDOUT_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions, errors.write.get(), STDERR_FILENO);
        posix_spawnattr_t attributes;
        ::posix_spawnattr_init(&attributes);
        ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
        std::array<char*, 3> argv{const_cast<char*>(path.c_str()), const_cast<char*>(how), nullptr};
        const int failure = ::posix_spawn(&pid_, path.c_str(), &actions, &attributes, argv.data(), environ);
        ::posix_spawnattr_destroy(&attributes);
        ::posix_spawn_file_actions_destroy(&actions);
        if (failure != 0) throw std::system_error(failure, std::generic_category(), path);
        output_ = std::move(output.read);
        errors_ = std::move(errors.read);
    }

    /// Waits for a letter that it says.
    bool says(char what) {
        std::byte byte{};
        while (read_some(output_.get(), {&byte, 1}) == 1) {
            said_ += static_cast<char>(byte);
            if (said_.back() == what) return true;
        }
        return false;
    }
    void signal(int number) const { ::kill(pid_, number); }
    void signal_group(int number) const { ::killpg(pid_, number); }

    /// Waits for it and everything that it left behind. Its exit code, or minus the signal.
    int wait() {
        int status = 0;
        ::waitpid(pid_, &status, 0);
        while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
        }
        while (says('\0')) {
        }
        std::byte byte{};
        while (read_some(errors_.get(), {&byte, 1}) == 1) complaints_ += static_cast<char>(byte);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }

    [[nodiscard]] const std::string& said() const noexcept { return said_; }
    [[nodiscard]] const std::string& complaints() const noexcept { return complaints_; }
    [[nodiscard]] std::size_t times_said(const std::string& what) const {
        std::size_t count = 0;
        for (auto at = said_.find(what); at != std::string::npos; at = said_.find(what, at + 1)) ++count;
        return count;
    }

private:
    pid_t pid_ = -1;
    unique_fd output_;
    unique_fd errors_;
    std::string said_;
    std::string complaints_;
};

/// Of the program's own, which may be replaced. Gone with it.
class copied_program {
public:
    copied_program() {
        std::string name = (std::filesystem::temp_directory_path() / "braid-replaced-XXXXXX").string();
        if (!::mkdtemp(name.data())) throw_errno("make a folder");
        folder_ = name;
        std::filesystem::copy_file(BRAID_POOL_PROGRAM, path());
    }
    copied_program(const copied_program&) = delete;
    copied_program& operator=(const copied_program&) = delete;
    ~copied_program() { std::filesystem::remove_all(folder_); }

    [[nodiscard]] std::string path() const { return (folder_ / "program").string(); }

private:
    std::filesystem::path folder_;
};

constexpr int several = braid_test::sanitized ? 2 : 6;

/// Such a program, from the first byte or time on until it does not come so far. Returns how often it died.
int die_everywhere(step at, const char* how) {
    int deaths = 0;
    for (long bytes = 0;; bytes = braid_test::next_point(bytes)) {
        CAPTURE(bytes);
        const braid_test::fault_at fault(at, bytes);
        program p(how);
        const int end = p.wait();
        CHECK(p.complaints() == "");
        CHECK(end == (fault.happened() ? -SIGKILL : 0));
        if (!fault.happened()) return deaths;
        ++deaths;
    }
}

}  // namespace

TEST_SUITE("app/run and the end of programs") {
    TEST_CASE("a program that returns leaves no worker, and what lay in its buffers is printed by nobody else") {
        program p("return");
        CHECK(p.wait() == 0);
        CHECK(p.times_said("once") == 1);
        CHECK(p.complaints() == "");
    }

    TEST_CASE("an exception out of the app leaves no worker, and is told with the awaits that it left") {
        program p("throw");
        CHECK(p.wait() == 1);
        const std::string told = p.complaints();
        CHECK(told.starts_with("error: on purpose\n"));
        CHECK(told.find("app (pool_program.cpp:") != std::string::npos);
    }

    TEST_CASE("std::exit in the middle of everything leaves no worker, and prints once what was buffered") {
        program p("exit");
        CHECK(p.wait() == 7);
        CHECK(p.times_said("once") == 1);
        CHECK(p.complaints() == "");
    }

    TEST_CASE("SIGKILL leaves no worker, busy or idle") {
        program p("wait");
        CHECK(p.says('w'));
        p.signal(SIGKILL);
        CHECK(p.wait() == -SIGKILL);
        CHECK(p.complaints() == "");
    }

    TEST_CASE("SIGKILL leaves no worker that waits for room for a result which nobody takes") {
        program p("result");
        CHECK(p.says('r'));
        p.signal(SIGKILL);
        CHECK(p.wait() == -SIGKILL);
        CHECK(p.complaints() == "");
    }

    TEST_CASE("SIGKILL at random moments from the start on leaves no worker: 50 times") {
        std::mt19937 random(7);
        for (int round = 0; round != 50; ++round) {
            program p("wait");
            // How far it comes until then is the kernel's choice.
            for (auto spin = random() % 20'000'000; spin != 0; --spin)
                std::atomic_signal_fence(std::memory_order_seq_cst);
            p.signal(SIGKILL);
            CHECK(p.wait() == -SIGKILL);
            CHECK(p.complaints() == "");
        }
    }

    TEST_CASE("a program that dies at any step of its talk with its workers, after any byte, leaves none of them") {
        for (int at = static_cast<int>(step::launches); at <= static_cast<int>(step::buries); ++at) {
            CAPTURE(at);
            CHECK(die_everywhere(static_cast<step>(at), "calls") > 0);
        }
    }

    TEST_CASE("a program that looks out for its workers and dies at any step of its talk with them leaves none") {
        for (const step at : {step::watches, step::writes_requests, step::reads_replies, step::takes_reply,
                              step::ends_worker, step::buries}) {
            CAPTURE(static_cast<int>(at));
            CHECK(die_everywhere(at, "spinning-calls") > 0);
        }
    }

    TEST_CASE("a program that dies with descriptors and shared memory on their way leaves no worker") {
        for (const char* how : {"beside", "spinning-beside"}) {
            CAPTURE(how);
            CHECK(die_everywhere(step::sends_beside, how) >= several);
            CHECK(die_everywhere(step::takes_beside, how) >= several);
            CHECK(die_everywhere(step::writes_requests, how) >= several);
            CHECK(die_everywhere(step::reads_replies, how) >= several);
        }
    }

    TEST_CASE("a program that dies when it has told a worker where its batch ends leaves no worker") {
        for (const char* how : {"split", "spinning-split"}) {
            CAPTURE(how);
            CHECK(die_everywhere(step::splits_batch, how) > 0);
        }
    }

    TEST_CASE("SIGKILL leaves neither a zygote nor a worker that it forked, busy, idle or on its way: 30 times") {
        if (!braid_test::may_fork_workers) return;
        program settled("forked-wait");
        CHECK(settled.says('w'));
        settled.signal(SIGKILL);
        CHECK(settled.wait() == -SIGKILL);
        std::mt19937 random(11);
        for (int round = 0; round != 30; ++round) {
            program p("forked-wait");
            // How far it comes until then is the kernel's choice.
            for (auto spin = random() % 20'000'000; spin != 0; --spin)
                std::atomic_signal_fence(std::memory_order_seq_cst);
            p.signal(SIGKILL);
            CHECK(p.wait() == -SIGKILL);
            CHECK(p.complaints() == "");
        }
    }

    TEST_CASE("a program that dies at any step of its talk with its zygote leaves neither that nor workers") {
        if (!braid_test::may_fork_workers) return;
        for (const step at : {step::asks_zygote, step::hears_zygote, step::adopts_worker}) {
            CAPTURE(static_cast<int>(at));
            for (long time = 0; time != 3; ++time) {
                const braid_test::fault_at fault(at, time);
                program p("forked-calls");
                CHECK(p.wait() == -SIGKILL);
                CHECK(fault.happened());
                CHECK(p.complaints() == "");
            }
        }
    }

    TEST_CASE("SIGTERM cancels the app, which ends with 143 and leaves no worker") {
        program p("wait");
        CHECK(p.says('w'));
        p.signal(SIGTERM);
        CHECK(p.wait() == 143);
        CHECK(p.said().find('c') != std::string::npos);
        CHECK(p.complaints() == "");
    }

    TEST_CASE("Ctrl-C on the whole group is one cancellation, and the workers stay silent") {
        program p("wait");
        CHECK(p.says('w'));
        p.signal_group(SIGINT);
        CHECK(p.wait() == 130);
        CHECK(p.times_said("c") == 1 + p.times_said("once"));  // "once" has a c
        CHECK(p.complaints() == "");
    }

    TEST_CASE("a second SIGINT ends a program whose loop is blocked, and no worker is left") {
        program p("block");
        CHECK(p.says('w'));
        p.signal(SIGINT);
        CHECK(p.says('c'));
        p.signal(SIGINT);
        CHECK(p.wait() == -SIGINT);
        CHECK(p.complaints() == "");
    }

    TEST_CASE("a program whose file is replaced while it runs starts workers of the old one all the same") {
        const copied_program copy;
        program p("replaced", copy.path());
        CHECK(p.wait() == 0);
        CHECK(p.times_said("d") == 1);
        CHECK(p.complaints() == "");
        CHECK(std::filesystem::file_size(copy.path()) < 100);  // it was replaced
    }

    TEST_CASE("a program whose file is replaced while it runs starts zygotes of the old one all the same") {
        if (!braid_test::may_fork_workers) return;
        const copied_program copy;
        program p("forked-replaced", copy.path());
        CHECK(p.wait() == 0);
        CHECK(p.times_said("d") == 1);
        CHECK(p.complaints() == "");
        CHECK(std::filesystem::file_size(copy.path()) < 100);
    }

    TEST_CASE("a pool in a program whose main begins with neither run nor init is refused, not a fork bomb") {
        boost::asio::io_context context;
        CHECK_THROWS_AS(braid::process_pool(context.get_executor()), braid::usage_error);
    }
}
