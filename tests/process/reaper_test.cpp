// Children: process_child (tests/support), /bin/sleep where a thousand are needed.
#include "process/reaper.hpp"

#include "support/children.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using namespace braid::process_detail;
using namespace braid::testing;

namespace {

exit_status status_of(std::vector<std::string> arguments) {
    launcher_thread launcher;
    reaper reaper;
    return watch(reaper, start_or_throw(launcher, test_child(std::move(arguments)))).ended.get();
}

/// A child that says a byte when it is ready; `pipe` is the end that it holds the other of.
struct talking_child {
    watched_child watched;
    unique_fd pipe;
};

talking_child start_talking(launcher_thread& launcher, reaper& reaper, std::vector<std::string> arguments) {
    auto pipe = make_pipe();
    child_program program = test_child(std::move(arguments));
    program.descriptors.push_back({std::move(pipe.write), 5});
    return {watch(reaper, start_or_throw(launcher, std::move(program))), std::move(pipe.read)};
}

}  // namespace

TEST_SUITE("process/reaper") {
    TEST_CASE("an exit code arrives as it was given") {
        for (const int code : {0, 1, 42, 255}) {
            const exit_status status = status_of({"exit", std::to_string(code)});
            CHECK(status.how == exit_status::kind::exited);
            CHECK(status.code == code);
        }
    }

    TEST_CASE("a death by signal says which") {
        for (const int signal : {SIGSEGV, SIGABRT, SIGKILL, SIGTERM}) {
            const exit_status status = status_of({"raise", std::to_string(signal)});
            CHECK(status.how == exit_status::kind::signalled);
            CHECK(status.code == signal);
        }
        CHECK(to_string(status_of({"raise", std::to_string(SIGSEGV)})) ==
              "was killed by signal 11 (Segmentation fault)");
    }

    TEST_CASE("what a child used is counted, but not the memory that it borrowed from its parent") {
        std::vector<char> large(256 << 20, 'x');
        const exit_status status = status_of({"exit", "0"});
        CHECK((status.user_time + status.system_time).count() > 0);
        CHECK(large.back() == 'x');
        CHECK_FALSE(status.peak_memory);
    }

    TEST_CASE("a child that ignores SIGTERM survives it and not the kill") {
        launcher_thread launcher;
        reaper reaper;
        auto child = start_talking(launcher, reaper, {"ignore-sigterm", "5"});
        REQUIRE(read_byte(child.pipe.get()) == 'r');
        CHECK(reaper.send(child.watched.id, SIGTERM));
        CHECK(reaper.kill(child.watched.id));
        CHECK(child.watched.ended.get().code == SIGKILL);
        CHECK_FALSE(reaper.kill(child.watched.id));
    }

    TEST_CASE("a terminated child ends by SIGTERM") {
        launcher_thread launcher;
        reaper reaper;
        auto child = start_talking(launcher, reaper, {"ready", "5"});
        REQUIRE(read_byte(child.pipe.get()) == 'r');
        CHECK(reaper.send(child.watched.id, SIGTERM));
        CHECK(child.watched.ended.get().code == SIGTERM);
    }

    TEST_CASE("the children of a child die with it, killed or not") {
        launcher_thread launcher;
        reaper reaper;
        auto killed = start_talking(launcher, reaper, {"grandchild", "5"});
        REQUIRE(read_byte(killed.pipe.get()) == 'g');
        reaper.kill(killed.watched.id);
        CHECK(read_byte(killed.pipe.get()) == '\0');

        auto exits = start_talking(launcher, reaper, {"grandchild", "5", "and-exit"});
        CHECK(exits.watched.ended.get().code == 0);
        CHECK(read_to_end(exits.pipe.get()).size() <= 1);  // it may have been killed before it spoke
    }

    TEST_CASE("a reaper that goes away leaves no child") {
        launcher_thread launcher;
        talking_child child;
        {
            reaper reaper;
            child = start_talking(launcher, reaper, {"ignore-sigterm", "5"});
            REQUIRE(read_byte(child.pipe.get()) == 'r');
        }
        CHECK(child.watched.ended.get().code == SIGKILL);
        CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
    }

    TEST_CASE("other children of the program are left to it") {
        const pid_t own = ::fork();
        if (own == 0) ::_exit(3);
        CHECK(status_of({"exit", "0"}).code == 0);
        int status = 0;
        CHECK(::waitpid(own, &status, 0) == own);
        CHECK(WEXITSTATUS(status) == 3);
    }

    TEST_CASE("a program that ignores SIGCHLD gets an unknown status instead of a hang") {
        ::signal(SIGCHLD, SIG_IGN);
        const exit_status status = status_of({"exit", "3"});
        CHECK(status.how == exit_status::kind::unknown);

        launcher_thread launcher;
        reaper reaper;
        auto child = start_talking(launcher, reaper, {"grandchild", "5"});
        REQUIRE(read_byte(child.pipe.get()) == 'g');
        CHECK(reaper.kill(child.watched.id));
        CHECK(child.watched.ended.get().how == exit_status::kind::unknown);
        CHECK(read_byte(child.pipe.get()) == '\0');

        child_program missing = test_child({});
        missing.path = "/nonexistent/program";
        CHECK(std::holds_alternative<braid::spawn_error>(start(launcher, std::move(missing)).get()));
        ::signal(SIGCHLD, SIG_DFL);
    }

    TEST_CASE("a thousand children started and killed leave no zombie and no descriptor") {
        const auto before = open_descriptors();
        {
            launcher_thread launcher;
            reaper reaper;
            for (int i = 0; i < 1000; ++i) {
                child_program program = test_child({"infinity"});
                program.path = "/bin/sleep";
                auto child = watch(reaper, start_or_throw(launcher, std::move(program)));
                REQUIRE(reaper.kill(child.id));
                REQUIRE(child.ended.get().code == SIGKILL);
            }
        }
        CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
        CHECK(open_descriptors() == before);
    }
}
