// Children: process_child (tests/support).
#include "process/launcher_thread.hpp"

#include "process/boost_launcher.hpp"
#include "support/children.hpp"
#include "support/sanitized.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace braid::process_detail;
using namespace braid::testing;

namespace {

/// What the child writes into its descriptor 5 until it ends.
std::string output_of(launcher_thread& launcher, child_program program) {
    auto pipe = make_pipe();
    program.descriptors.push_back({std::move(pipe.write), 5});
    reaper reaper;
    auto child = watch(reaper, start_or_throw(launcher, std::move(program)));
    std::string said = read_to_end(pipe.read.get());
    child.ended.wait();
    return said;
}

/// Runs `in_child` in a forked process whose standard output is a pipe; gives back that output, flushed by exit().
template <typename F>
std::string output_of_fork(F in_child) {
    auto pipe = make_pipe();
    std::fflush(nullptr);
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::dup2(pipe.write.get(), STDOUT_FILENO);
        in_child();
        std::exit(0);
    }
    pipe.write.reset();
    std::string output = read_to_end(pipe.read.get());
    int status = 0;
    ::waitpid(pid, &status, 0);
    return output;
}

bool has_children() { return ::waitpid(-1, nullptr, WNOHANG | __WALL) != -1 || errno != ECHILD; }

}  // namespace

TEST_SUITE("process/launcher_thread") {
    TEST_CASE("a program that does not exist is a typed error that says which and why") {
        launcher_thread launcher;
        child_program program = test_child({});
        program.path = "/nonexistent/program";
        const auto result = start(launcher, std::move(program)).get();
        REQUIRE(std::holds_alternative<braid::spawn_error>(result));
        const auto& error = std::get<braid::spawn_error>(result);
        CHECK(error.step() == braid::spawn_step::exec);
        CHECK(error.code() == std::errc::no_such_file_or_directory);
        CHECK(error.path() == "/nonexistent/program");
        CHECK(std::string(error.what()) ==
              "cannot start /nonexistent/program: step 'exec' failed: No such file or directory");
        CHECK_FALSE(has_children());
    }

    TEST_CASE("a file that is no program, and one that may not be run, are told apart") {
        launcher_thread launcher;
        const auto text = std::filesystem::temp_directory_path() / ("braid-no-program-" + std::to_string(::getpid()));
        std::ofstream(text) << "neither binary nor script";
        child_program program = test_child({});
        program.path = text;
        auto result = start(launcher, std::move(program)).get();
        CHECK(std::get<braid::spawn_error>(result).code() == std::errc::permission_denied);

        std::filesystem::permissions(text, std::filesystem::perms::owner_all);
        program = test_child({});
        program.path = text;
        result = start(launcher, std::move(program)).get();
        CHECK(std::get<braid::spawn_error>(result).code() == std::errc::executable_format_error);
        std::filesystem::remove(text);
    }

    TEST_CASE("a descriptor that is not open is refused at the step that needs it") {
        launcher_thread launcher;
        child_program program = test_child({"exit", "0"});
        program.descriptors.push_back({unique_fd(-1), 7});
        const auto result = start(launcher, std::move(program)).get();
        REQUIRE(std::holds_alternative<braid::spawn_error>(result));
        CHECK(std::get<braid::spawn_error>(result).step() == braid::spawn_step::descriptors);
        CHECK(std::get<braid::spawn_error>(result).code() == std::errc::bad_file_descriptor);
    }

    // Clang's check of virtual calls opens a pipe for each type that it meets for the first time, and takes what it
    // cannot look at then for corrupt.
    TEST_CASE("no descriptor left is a typed error, and the next start works" * doctest::skip(braid_test::sanitized)) {
        launcher_thread launcher;
        rlimit usual{};
        ::getrlimit(RLIMIT_NOFILE, &usual);
        const rlimit none{3, usual.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &none);
        const auto result = start(launcher, test_child({"exit", "0"})).get();
        ::setrlimit(RLIMIT_NOFILE, &usual);
        REQUIRE(std::holds_alternative<braid::spawn_error>(result));
        CHECK(std::get<braid::spawn_error>(result).step() == braid::spawn_step::clone);
        CHECK(std::get<braid::spawn_error>(result).code() == std::errc::too_many_files_open);
        CHECK_FALSE(has_children());

        reaper reaper;
        CHECK(watch(reaper, start_or_throw(launcher, test_child({"exit", "4"}))).ended.get().code == 4);
    }

    TEST_CASE("a failed start runs no exit handler and prints no buffered output twice") {
        const std::string output = output_of_fork([] {
            std::atexit([] { std::fputs("[exit handler]", stdout); });
            std::fputs("[buffered]", stdout);
            const std::array<const char*, 2> argv{"missing", nullptr};
            try {
                (void)start_child(
                    {.path = "/nonexistent/program", .argv = argv.data(), .environment = ::environ, .descriptors = {}});
            } catch (const braid::spawn_error&) {
                std::fputs("[error]", stdout);
            }
        });
        CHECK(output == "[buffered][error][exit handler]");
    }

    TEST_CASE("the child has the given descriptors under the given numbers, /dev/null, and no others") {
        launcher_thread launcher;
        const unique_fd leaky(::open("/dev/zero", O_RDONLY));  // not O_CLOEXEC
        const unique_fd leaky_and_high(::fcntl(leaky.get(), F_DUPFD, 50));
        child_program program = test_child({"descriptors", "5"});
        program.descriptors.push_back({unique_fd(::dup(leaky.get())), 20});
        CHECK(output_of(launcher, std::move(program)) == "0 1 2 5 20 /dev/null");
    }

    TEST_CASE("descriptors may be exchanged: no mapping overwrites the source of another") {
        launcher_thread launcher;
        auto first = make_pipe();
        auto second = make_pipe();
        const int a = first.write.get();
        const int b = second.write.get();
        const unique_fd binary(::open(BRAID_PROCESS_CHILD, O_PATH | O_CLOEXEC));
        child_program program = test_child({"ready", std::to_string(a), std::to_string(b)});
        program.executable = binary.get();
        program.descriptors.push_back({std::move(first.write), b});
        program.descriptors.push_back({std::move(second.write), a});
        program.descriptors.push_back({open_null_device(), binary.get()});
        reaper reaper;
        const auto child = watch(reaper, start_or_throw(launcher, std::move(program)));
        CHECK(read_byte(first.read.get()) == 'r');
        reaper.kill(child.id);  // the other byte was said before that one; were it lost, this ends the wait for it
        CHECK(read_byte(second.read.get()) == 'r');
    }

    TEST_CASE("the environment is the parent's without BRAID_* but with what the launcher adds") {
        ::setenv("BRAID_SECRET", "1", 1);
        ::setenv("ORDINARY", "2", 1);
        launcher_thread launcher;
        child_program program = test_child({"environment", "5"});
        program.environment = child_environment({"BRAID_WORKER=7"});
        const std::string environment = output_of(launcher, std::move(program));
        CHECK(environment.find("BRAID_SECRET") == std::string::npos);
        CHECK(environment.find("ORDINARY=2\n") != std::string::npos);
        CHECK(environment.find("BRAID_WORKER=7\n") != std::string::npos);
    }

    TEST_CASE("the child keeps argv[0], leads its own group and has no signal ignored or blocked") {
        ::signal(SIGPIPE, SIG_IGN);
        ::signal(SIGUSR1, [](int) {});
        launcher_thread launcher;
        const unique_fd binary(::open(BRAID_PROCESS_CHILD, O_PATH | O_CLOEXEC));
        child_program program = test_child({"describe", "5"});
        program.path = "my-name";
        program.executable = binary.get();
        CHECK(output_of(launcher, std::move(program)) == "my-name leads 0");
    }

    TEST_CASE("an open binary can be started after its file is gone") {
        const auto copy = std::filesystem::temp_directory_path() / ("braid-upgraded-" + std::to_string(::getpid()));
        std::filesystem::copy_file(BRAID_PROCESS_CHILD, copy, std::filesystem::copy_options::overwrite_existing);
        const unique_fd binary(::open(copy.c_str(), O_PATH | O_CLOEXEC));
        std::filesystem::remove(copy);
        launcher_thread launcher;
        child_program program = test_child({"exit", "12"});
        program.executable = binary.get();
        reaper reaper;
        CHECK(watch(reaper, start_or_throw(launcher, std::move(program))).ended.get().code == 12);
    }

    TEST_CASE("a child dies with its parent, even if nobody could tell it to") {
        launcher_thread launcher;
        auto pipe = make_pipe();
        child_program program = test_child({"intermediate", "5"});
        program.descriptors.push_back({std::move(pipe.write), 5});
        started_child parent = start_or_throw(launcher, std::move(program));
        REQUIRE(read_byte(pipe.read.get()) == 'r');  // the grandchild runs, in a group of its own
        ::kill(parent.pid, SIGKILL);
        CHECK(read_byte(pipe.read.get()) == '\0');
        ::waitpid(parent.pid, nullptr, 0);
    }

    TEST_CASE("children started from several threads at once do not keep each other's pipes open") {
        launcher_thread launcher;
        constexpr int threads = 4;
        constexpr int rounds = 8;
        std::array<int, threads> ended{};
        {
            std::array<std::jthread, threads> starters;
            for (std::size_t t = 0; t < threads; ++t) {
                starters[t] = std::jthread([&launcher, &mine = ended[t]] {
                    reaper reaper;
                    for (int i = 0; i < rounds; ++i) {
                        auto pipe = make_pipe();
                        child_program program = test_child({"ready", "5"});
                        program.descriptors.push_back({std::move(pipe.write), 5});
                        const auto child = watch(reaper, start_or_throw(launcher, std::move(program)));
                        const bool started = read_byte(pipe.read.get()) == 'r';
                        reaper.kill(child.id);
                        mine += started && read_byte(pipe.read.get()) == '\0';
                    }
                });
            }
        }
        for (const int count : ended) CHECK(count == rounds);
    }

    TEST_CASE("every request is answered, those that a stopped launcher did not come to with an error") {
        std::vector<std::future<spawn_result>> answers;
        {
            launcher_thread launcher;
            for (int i = 0; i < 20; ++i) answers.push_back(start(launcher, test_child({"exit", "0"})));
        }
        int answered = 0;
        for (auto& answer : answers) {
            const auto result = answer.get();
            ++answered;
            if (const auto* child = std::get_if<started_child>(&result)) {
                ::waitpid(child->pid, nullptr, 0);
            } else {
                CHECK(std::get<braid::spawn_error>(result).step() == braid::spawn_step::shutdown);
            }
        }
        CHECK(answered == 20);
        CHECK_FALSE(has_children());
    }

    TEST_CASE("Boost.Process's own initialisers work with the launcher") {
        namespace bp = boost::process::v2;
        boost::asio::io_context context;
        auto pipe = make_pipe();
        boost_launcher launcher;
        boost::system::error_code error;
        auto process =
            launcher(context.get_executor(), error, BRAID_PROCESS_CHILD, std::vector<std::string>{"environment", "1"},
                     bp::process_stdio{{}, pipe.write.get(), {}},
                     bp::process_environment(std::vector<std::string>{"ONLY=this"}));
        REQUIRE_FALSE(error);
        pipe.write.reset();
        CHECK(read_to_end(pipe.read.get()) == "ONLY=this\n");
        CHECK(process.wait() == 0);
    }
}
