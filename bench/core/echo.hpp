#pragma once
// TCP echo over loopback: 20 or 1,000 connections, both ends of all on one loop; each client sends 64 bytes and waits
// until they are back, again and again. Unit: microseconds for each round trip.

#include "support/contender.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <sys/resource.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

using tcp = boost::asio::ip::tcp;
using message = std::array<char, 64>;

struct connection {
    tcp::socket client;
    tcp::socket server;
};

/// Zero when the problem is not one of these.
inline std::size_t connections_of(const request& asked) {
    if (asked.problem == "tcp_echo_20") return 20;
    if (asked.problem == "tcp_echo_1000") return 1000;
    return 0;
}

inline std::vector<connection> connect_all(boost::asio::io_context& loop, std::size_t count) {
    const rlimit files{8192, 8192};
    setrlimit(RLIMIT_NOFILE, &files);  // or fails below
    tcp::acceptor acceptor(loop, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    std::vector<connection> all;
    all.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        connection& c = all.emplace_back(connection{tcp::socket(loop), tcp::socket(loop)});
        c.client.connect(acceptor.local_endpoint());
        acceptor.accept(c.server);
        for (tcp::socket* end : {&c.client, &c.server}) end->set_option(tcp::no_delay(true));
    }
    return all;
}

/// `start(loop, connections, round_trips_of_each)` begins both ends of all; a server ends when its client closes.
template <class Start>
int run_echo(int argc, char** argv, Start start) {
    const request asked = parse(argc, argv);
    const std::size_t count = connections_of(asked);
    if (count == 0) return 77;
    boost::asio::io_context loop{1};
    auto connections = connect_all(loop, count);
    const std::uint64_t each = asked.operations / count + 1;

    const stopwatch watch;
    start(loop, connections, each);
    loop.run();
    report(watch.wall_seconds() * 1e6 / static_cast<double>(each * count), watch.cpu_seconds());
    return 0;
}

}  // namespace bench
