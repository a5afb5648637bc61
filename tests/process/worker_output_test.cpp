#include <braid/process/worker_output.hpp>

#include "support/gate.hpp"

#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/process/process_pool.hpp>

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace braid;
using namespace braid::testing;
using namespace std::chrono_literals;

// What the workers run.
namespace {

void nothing() {}
int prints(int n) {
    std::printf("out %d\n", n);
    if (n % 3 == 0) std::cerr << "err " << n << '\n';
    return n;
}
int prints_if_odd(int n) {
    if (n % 2 != 0) std::cout << "odd " << n << '\n';
    return n;
}
void prints_unfinished(const std::string& text) { std::cout << text; }
void prints_and_waits(const std::string& gate) {
    std::puts("here I am");
    gate::pass(gate);
}
void prints_much(std::size_t lines) {
    for (std::size_t i = 0; i != lines; ++i) std::printf("%zu\n", i);
}
void complains_and_dies(int lines) {
    for (int i = 0; i != lines; ++i) std::cerr << "complaint " << i << '\n';
    std::abort();
}
void complains_without_end_and_dies() {
    std::cerr << "it ends here";
    std::abort();
}
int complains(int n) {
    // In many small writes: the lines of two workers would mix if they were passed on as they come.
    for (int i = 0; i != 50; ++i) {
        for (const char c : std::to_string(n)) std::cerr << c << std::flush;
        std::cerr << " says " << i << '\n';
    }
    return n;
}
void cannot_begin() {
    std::cerr << "no model\n";
    std::abort();
}
bool is_a_pipe(int fd) { return ::lseek(fd, 0, SEEK_CUR) < 0 && errno == ESPIPE; }
bool same_file(int fd, unsigned long device, unsigned long file) {
    struct stat status{};
    return ::fstat(fd, &status) == 0 && status.st_dev == device && status.st_ino == file;
}

/// Its first thread waits for something.
bool sleeps(int pid) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string number, name, state;
    stat >> number >> name >> state;
    return state == "S";
}

/// What is printed meanwhile on this process's standard error goes into a file.
class own_stderr {
public:
    own_stderr() : before_(::dup(STDERR_FILENO)) {
        std::fflush(stderr);
        ::dup2(::fileno(file_), STDERR_FILENO);
    }
    own_stderr(const own_stderr&) = delete;
    own_stderr& operator=(const own_stderr&) = delete;
    ~own_stderr() {
        ::dup2(before_, STDERR_FILENO);
        ::close(before_);
        std::fclose(file_);
    }
    [[nodiscard]] std::string text() const {
        std::string text(static_cast<std::size_t>(::lseek(::fileno(file_), 0, SEEK_END)), '\0');
        text.resize(static_cast<std::size_t>(::pread(::fileno(file_), text.data(), text.size(), 0)));
        return text;
    }
    [[nodiscard]] struct stat status() const {
        struct stat status{};
        ::fstat(::fileno(file_), &status);
        return status;
    }

private:
    std::FILE* const file_ = std::tmpfile();
    const int before_;
};

struct heard_line {
    int pid;
    output_stream stream;
    std::string call;
    std::string text;
};

struct listener {
    std::vector<heard_line> lines;
    [[nodiscard]] line_callback callback() {
        return [this](const worker_line& line) {
            lines.push_back({line.pid, line.stream, std::string(line.call), std::string(line.text)});
        };
    }
    [[nodiscard]] std::size_t count(const std::string& text) const {
        return static_cast<std::size_t>(std::ranges::count(lines, text, &heard_line::text));
    }
};

template <class F, class... Args>
task<worker_died> death_of(process_pool& pool, F function, Args... args) {
    std::optional<worker_died> death;
    try {
        co_await pool.run(function, args...);
    } catch (const worker_died& e) {
        death = e;
    }
    REQUIRE(death);
    co_return *death;
}

}  // namespace

TEST_SUITE("process/worker_output") {
    TEST_CASE("a line comes before the result of the call that printed it, and names worker and call") {
        run_blocking([]() -> task<> {
            listener heard;
            process_pool pool({.workers = 1, .output = worker_output::lines, .on_line = heard.callback()});
            for (int i = 0; i != 100; ++i) {
                const std::string name = "call " + std::to_string(i);
                const call_options options{.name = name.c_str()};
                co_await pool.run(options, prints, i);
                const std::size_t expected = i % 3 == 0 ? 2 : 1;
                REQUIRE(heard.lines.size() == expected);
                for (const heard_line& each : heard.lines) {
                    CHECK(each.call == name);
                    CHECK(each.pid == pool.worker_pids().at(0));
                    CHECK(each.text == (each.stream == output_stream::out ? "out " : "err ") + std::to_string(i));
                }
                heard.lines.clear();
            }
        }());
    }

    TEST_CASE("of a thousand calls that are sent ahead each line has the name of its own") {
        run_blocking([]() -> task<> {
            listener heard;
            process_pool pool({.workers = 2, .output = worker_output::lines, .on_line = heard.callback()});
            std::vector<std::string> names;
            for (int i = 0; i != 1000; ++i) names.push_back("call " + std::to_string(i));
            std::vector<job<int>> jobs;
            for (int i = 0; i != 1000; ++i) {
                const call_options options{.name = names[static_cast<std::size_t>(i)].c_str()};
                jobs.push_back(pool.submit(options, prints_if_odd, i));
            }
            for (auto& each : jobs) co_await each;
            CHECK(heard.lines.size() == 500);
            for (const heard_line& each : heard.lines) CHECK("odd " + each.call.substr(5) == each.text);
        }());
    }

    TEST_CASE("a call that goes on is heard meanwhile") {
        run_blocking([]() -> task<> {
            listener heard;
            gate g;
            process_pool pool({.workers = 1, .output = worker_output::lines, .on_line = heard.callback()});
            auto call = pool.submit(call_options{.name = "the long one"}, prints_and_waits, g.path());
            while (heard.lines.empty()) co_await sleep_for(1ms);
            CHECK(heard.lines.at(0).text == "here I am");
            CHECK(heard.lines.at(0).call == "the long one");
            g.open();
            co_await call;
            CHECK(heard.lines.size() == 1);
        }());
    }

    TEST_CASE("a line that a call left unfinished ends with the call") {
        run_blocking([]() -> task<> {
            listener heard;
            process_pool pool({.workers = 1, .output = worker_output::lines, .on_line = heard.callback()});
            const std::string text = "no end";
            co_await pool.run(prints_unfinished, text);
            CHECK(heard.count("no end") == 1);
            co_await pool.run(prints_unfinished, text);
            CHECK(heard.count("no end") == 2);
        }());
    }

    TEST_CASE("a worker that prints faster than anybody listens waits, and nothing is lost") {
        run_blocking([]() -> task<> {
            listener heard;
            process_pool pool({.workers = 1, .output = worker_output::lines, .on_line = heard.callback()});
            auto call = pool.submit(prints_much, std::size_t{500'000});
            while (heard.lines.empty()) co_await sleep_for(1ms);
            while (!sleeps(heard.lines.at(0).pid)) ::usleep(1000);  // the loop hears nothing meanwhile
            co_await call;
            REQUIRE(heard.lines.size() == 500'000);
            bool in_order = true;
            for (std::size_t i = 0; i != heard.lines.size(); ++i) in_order &= heard.lines[i].text == std::to_string(i);
            CHECK(in_order);
        }());
    }

    TEST_CASE("what a worker prints before it dies is heard before its end, and its last lines are in the error") {
        run_blocking([]() -> task<> {
            listener heard;
            process_pool pool({.workers = 1, .output = worker_output::lines, .on_line = heard.callback()});
            const worker_died death = co_await death_of(pool, complains_and_dies, 3);
            CHECK(heard.count("complaint 0") == 1);
            CHECK(heard.count("complaint 2") == 1);
            REQUIRE(death.stderr_tail().size() >= 3);
            CHECK(death.stderr_tail()[0] == "complaint 0");
        }());
    }

    TEST_CASE("by default the last lines of a worker's errors are in worker_died, and on our own standard error too") {
        own_stderr caught;
        run_blocking([](const own_stderr& seen) -> task<> {
            process_pool pool({.workers = 1});
            const worker_died death = co_await death_of(pool, complains_and_dies, 100);
            CHECK(death.stderr_tail().size() <= 20);
            CHECK(std::ranges::count(death.stderr_tail(), "complaint 99") == 1);
            CHECK(std::ranges::count(death.stderr_tail(), "complaint 1") == 0);
            const std::string message = death.what();
            CHECK(message.find("its last words:\n") != std::string::npos);
            CHECK(message.find("\n    complaint 99") != std::string::npos);

            const worker_died unfinished = co_await death_of(pool, complains_without_end_and_dies);
            CHECK(std::ranges::count(unfinished.stderr_tail(), "it ends here") == 1);
            while (seen.text().find("it ends here\n") == std::string::npos) co_await sleep_for(1ms);
        }(caught));
        const std::string text = caught.text();
        for (int i = 0; i != 100; ++i) CHECK(text.find("complaint " + std::to_string(i) + "\n") != std::string::npos);
    }

    TEST_CASE("the errors of several workers reach our own in whole lines") {
        own_stderr caught;
        run_blocking([](const own_stderr& seen) -> task<> {
            process_pool pool({.workers = 4});
            std::vector<int> numbers;
            for (int n = 1000; n != 1040; ++n) numbers.push_back(n);
            co_await pool.map(complains, numbers).collect();
            const auto lines = [&seen] { return std::ranges::count(seen.text(), '\n'); };
            while (lines() != 40 * 50) co_await sleep_for(1ms);
        }(caught));
        std::map<std::string, int> seen;
        const std::string text = caught.text();
        for (std::size_t at = 0; at != text.size();) {
            const std::size_t end = text.find('\n', at);
            ++seen[text.substr(at, end - at)];
            at = end + 1;
        }
        CHECK(seen.size() == 40 * 50);
        CHECK(seen["1039 says 49"] == 1);
    }

    TEST_CASE("inherited means the very same, and nothing is known of the last words") {
        own_stderr caught;
        run_blocking([](const own_stderr& seen) -> task<> {
            process_pool pool({.workers = 1, .output = worker_output::inherit});
            const auto ours = seen.status();
            CHECK(co_await pool.run(same_file, STDERR_FILENO, ours.st_dev, ours.st_ino));
            const worker_died death = co_await death_of(pool, complains_and_dies, 1);
            CHECK(death.stderr_tail().empty());
            CHECK(seen.text().find("complaint 0\n") != std::string::npos);
        }(caught));
    }

    TEST_CASE("what is discarded is seen nowhere but in worker_died") {
        own_stderr caught;
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .output = worker_output::discard});
            struct stat null{};
            ::stat("/dev/null", &null);
            CHECK(co_await pool.run(same_file, STDOUT_FILENO, null.st_dev, null.st_ino));
            CHECK(co_await pool.run(is_a_pipe, STDERR_FILENO));
            const worker_died death = co_await death_of(pool, complains_and_dies, 1);
            CHECK(death.stderr_tail()[0] == "complaint 0");
        }());
        CHECK(caught.text().find("complaint") == std::string::npos);
    }

    TEST_CASE("a pool whose workers cannot begin says what they said last") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .initialise = {cannot_begin}, .output = worker_output::discard});
            std::string why;
            try {
                co_await pool.run(nothing);
            } catch (const pool_failed& e) {
                why = e.what();
            }
            CHECK(why.find("the last it said was: no model") != std::string::npos);
        }());
    }

    TEST_CASE("lines need somebody to hear them, and a listener needs lines") {
        run_blocking([]() -> task<> {
            CHECK_THROWS_AS(process_pool({.output = worker_output::lines}), usage_error);
            CHECK_THROWS_AS(process_pool({.on_line = [](const worker_line&) {}}), usage_error);
            co_return;
        }());
    }

    TEST_CASE("a pool that is idle with its workers listened to does not keep the context running") {
        listener heard;
        boost::asio::io_context context;
        process_pool pool(context.get_executor(),
                          {.workers = 1, .output = worker_output::lines, .on_line = heard.callback()});
        auto job = pool.submit(prints, 1);
        context.run();
        CHECK(job.done());
        CHECK(heard.count("out 1") == 1);
    }
}
