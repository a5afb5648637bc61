// Asio's I/O objects used from a task: each gives its result, and each is stopped when the task is cancelled.

#include <braid/core/use_task.hpp>

#include "support/cancel_everywhere.hpp"

#include <braid/core/deadline.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/this_executor.hpp>
#include <braid/core/when_all.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect_pipe.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/readable_pipe.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/writable_pipe.hpp>
#include <boost/asio/write.hpp>

#include <doctest/doctest.h>

#include <csignal>
#include <string>
#include <string_view>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace braid;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;
using braid_test::cancel_everywhere;
using braid_test::witness;

namespace {

constexpr std::string_view greeting = "hello, braid";

template <class Stream>
task<std::string> read_greeting(Stream& from) {
    std::string text(greeting.size(), '\0');
    const std::size_t size = co_await asio::async_read(from, asio::buffer(text), use_task);
    CHECK(size == text.size());
    co_return text;
}
template <class Stream>
task<> write_greeting(Stream& to) {
    const std::size_t size = co_await asio::async_write(to, asio::buffer(greeting), use_task);
    CHECK(size == greeting.size());
}

/// Nothing arrives: only a cancellation ends the wait.
template <class Stream>
task<> read_in_vain(Stream& from) {
    char byte = 0;
    const auto in_time = co_await move_on_after(200us, from.async_read_some(asio::mutable_buffer(&byte, 1), use_task));
    CHECK_FALSE(in_time.has_value());
}

task<> tcp_both_ways(int& alive) {
    const witness here(alive);
    const auto executor = co_await this_executor();
    tcp::acceptor acceptor(executor, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    tcp::socket client(executor);
    tcp::socket server(executor);
    co_await when_all(client.async_connect(acceptor.local_endpoint(), use_task),
                      [](auto& a, auto& s) -> task<> { s = co_await a.async_accept(use_task); }(acceptor, server));
    co_await when_all(write_greeting(client), read_greeting(server));
    co_await read_in_vain(client);
}

task<> udp_datagram(int& alive) {
    const witness here(alive);
    const auto executor = co_await this_executor();
    const udp::endpoint any(asio::ip::address_v4::loopback(), 0);
    udp::socket from(executor, any);
    udp::socket to(executor, any);
    std::string text(64, '\0');
    udp::endpoint sender;
    co_await from.async_send_to(asio::buffer(greeting), to.local_endpoint(), use_task);
    const std::size_t size = co_await to.async_receive_from(asio::buffer(text), sender, use_task);
    text.resize(size);
    CHECK(text == greeting);
    CHECK(sender == from.local_endpoint());
    const auto in_time = co_await move_on_after(200us, to.async_receive_from(asio::buffer(text), sender, use_task));
    CHECK_FALSE(in_time.has_value());
}

task<> unix_pair(int& alive) {
    const witness here(alive);
    const auto executor = co_await this_executor();
    asio::local::stream_protocol::socket a(executor);
    asio::local::stream_protocol::socket b(executor);
    asio::local::connect_pair(a, b);
    const auto [text, nothing] = co_await when_all(read_greeting(b), write_greeting(a));
    static_cast<void>(nothing);
    CHECK(text == greeting);
    co_await read_in_vain(a);
}

/// What a child writes on its standard output, which ends with it.
task<> child_pipes(int& alive) {
    const witness here(alive);
    const auto executor = co_await this_executor();
    asio::readable_pipe from_child(executor);
    asio::readable_pipe child_in(executor);
    asio::writable_pipe child_out(executor);
    asio::writable_pipe to_child(executor);
    asio::connect_pipe(from_child, child_out);
    asio::connect_pipe(child_in, to_child);

    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, child_in.native_handle(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, child_out.native_handle(), STDOUT_FILENO);
    for (const int end :
         {child_in.native_handle(), child_out.native_handle(), from_child.native_handle(), to_child.native_handle()}) {
        ::posix_spawn_file_actions_addclose(&actions, end);
    }
    std::string program = "/bin/cat";
    char* arguments[] = {program.data(), nullptr};
    char* environment[] = {nullptr};
    pid_t child = 0;
    const int failure = ::posix_spawn(&child, program.c_str(), &actions, nullptr, arguments, environment);
    ::posix_spawn_file_actions_destroy(&actions);
    REQUIRE(failure == 0);
    struct reaped {  // cat ends when nobody can write to it any more
        asio::writable_pipe& input;
        pid_t pid;
        ~reaped() {
            boost::system::error_code ignored;
            input.close(ignored);
            ::waitpid(pid, nullptr, 0);
        }
    } const reap{to_child, child};
    child_in.close();
    child_out.close();

    co_await write_greeting(to_child);
    const auto text = co_await read_greeting(from_child);
    CHECK(text == greeting);
    co_await read_in_vain(from_child);
}

task<> files(int& alive) {
    const witness here(alive);
    const auto executor = co_await this_executor();
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    asio::posix::stream_descriptor in(executor, ends[0]);
    asio::posix::stream_descriptor out(executor, ends[1]);
    co_await write_greeting(out);
    const auto text = co_await read_greeting(in);
    CHECK(text == greeting);
    co_await out.async_wait(asio::posix::stream_descriptor::wait_write, use_task);
    co_await read_in_vain(in);
}

task<> signals(int& alive) {
    const witness here(alive);
    asio::signal_set set(co_await this_executor(), SIGUSR2);
    ::raise(SIGUSR2);
    const int number = co_await set.async_wait(use_task);
    CHECK(number == SIGUSR2);
    const auto in_time = co_await move_on_after(200us, set.async_wait(use_task));
    CHECK_FALSE(in_time.has_value());
}

task<> timers(int& alive) {
    const witness here(alive);
    asio::steady_timer timer(co_await this_executor(), 50us);
    co_await timer.async_wait(use_task);
    timer.expires_after(1h);
    const bool in_time = co_await move_on_after(200us, timer.async_wait(use_task));
    CHECK_FALSE(in_time);
}

}  // namespace

TEST_SUITE("core/interop_io") {
    TEST_CASE("TCP: connect, accept, write, read, stopped at whatever step") { cancel_everywhere(tcp_both_ways); }
    TEST_CASE("UDP: send and receive, stopped at whatever step") { cancel_everywhere(udp_datagram); }
    TEST_CASE("Unix sockets: write and read, stopped at whatever step") { cancel_everywhere(unix_pair); }
    TEST_CASE("pipes to and from a child: write and read, stopped at whatever step") { cancel_everywhere(child_pipes); }
    TEST_CASE("file descriptors: write and read, stopped at whatever step") { cancel_everywhere(files); }
    TEST_CASE("signals: one is waited for, stopped at whatever step") { cancel_everywhere(signals); }
    TEST_CASE("timers: one is waited for, stopped at whatever step") { cancel_everywhere(timers); }

    TEST_CASE("the result of one operation may be a value instead of a throw") {
        run_blocking([]() -> task<> {
            const auto executor = co_await this_executor();
            asio::readable_pipe in(executor);
            asio::writable_pipe out(executor);
            asio::connect_pipe(in, out);
            char byte = 'x';
            const auto written = co_await out.async_write_some(asio::const_buffer(&byte, 1), asio::as_tuple(use_task));
            CHECK_FALSE(std::get<0>(written));
            CHECK(std::get<1>(written) == 1);
            out.close();
            auto read = co_await in.async_read_some(asio::mutable_buffer(&byte, 1), asio::as_tuple(use_task));
            CHECK_FALSE(std::get<0>(read));
            read = co_await in.async_read_some(asio::mutable_buffer(&byte, 1), asio::as_tuple(use_task));
            CHECK(std::get<0>(read) == asio::error::eof);
            CHECK_THROWS_AS(co_await in.async_read_some(asio::mutable_buffer(&byte, 1), use_task),
                            boost::system::system_error);
        }());
    }
}
