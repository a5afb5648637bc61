// Workers that turn on their parent by what they send beside the bytes: descriptors nobody asked for, none where some
// are promised, and memory that they can take away again.

#include <braid/process/descriptor.hpp>
#include <braid/process/process_pool.hpp>
#include <braid/process/shared_bytes.hpp>

#include "process/attachment_message.hpp"
#include "support/deaths.hpp"
#include "support/hostile.hpp"
#include "support/leftovers.hpp"

#include <braid/core/spawn.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace braid;
using namespace braid::testing;
namespace pd = braid::process_detail;

namespace {

constexpr std::uint64_t came_along = std::uint64_t{1} << 63;

int square(int x) { return x * x; }

[[noreturn]] void hang() {
    for (;;) ::pause();
}

pd::attachment_message message_of(std::uint64_t frame, std::size_t descriptors, std::uint64_t segment_id = 0) {
    pd::attachment_message message{.frame = frame, .items = {}, .forgotten = {}};
    for (std::size_t i = 0; i < descriptors; ++i) {
        message.items.push_back({segment_id, pd::unique_fd(::fcntl(0, F_DUPFD_CLOEXEC, 0)), nullptr});
    }
    return message;
}

bool send(const pd::attachment_message& message) {
    return pd::send_message(pd::attachment_descriptor, message, pd::when_full::give_up);
}

/// A reply of this one number, which says that something came beside it.
void reply_with(std::uint64_t frame, std::uint64_t value, std::uint32_t flags = pd::has_attachments) {
    const auto body = hostile::value(value);
    hostile::say(
        {.length = body.size(), .id = frame, .kind = static_cast<std::uint32_t>(pd::frame_kind::reply), .flags = flags},
        body);
}

/// A reply whose memory is what this descriptor is of.
void reply_with_memory(std::uint64_t frame, int fd) {
    pd::attachment_message message{.frame = frame, .items = {}, .forgotten = {}};
    message.items.push_back({came_along, pd::unique_fd(fd), nullptr});
    send(message);
    reply_with(frame, came_along);
}

int memory_without_seals() {
    const int fd = ::memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    std::ignore = ::ftruncate(fd, 4'096);
    return fd;
}
/// With every seal but the one that counts.
int memory_that_shrinks() {
    const int fd = memory_without_seals();
    ::fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SEAL);
    return fd;
}

enum class attack : unsigned char {
    nothing_though_promised,
    of_an_unknown_call,
    of_another_call_first,
    thousands_first,
    garbage,
    no_memory_though_promised,
    a_descriptor_as_memory,
    memory_of_an_unknown_number,
    memory_never_sent_at_all,
    unsealed_memory,
    shrinking_memory,
    a_file_as_memory,
    a_pipe_as_memory,
};
constexpr int attacks_known = static_cast<int>(attack::a_pipe_as_memory) + 1;

/// Says it in place of an answer.
shared_bytes attacks(attack what) {
    hostile me;
    const auto own = me.own_id();
    switch (what) {
        case attack::nothing_though_promised: reply_with(own, 0); break;
        case attack::of_an_unknown_call: send(message_of(own + 1, 3)), reply_with(own, 0); break;
        case attack::of_another_call_first:
            send(message_of(own - 1, 1)), send(message_of(own, 1, came_along)), reply_with(own, came_along);
            break;
        case attack::thousands_first:
            while (send(message_of(own - 1, pd::most_attachments))) {
            }
            reply_with(own, came_along);
            break;
        case attack::garbage:
            ::send(pd::attachment_descriptor, "no message", 10, MSG_NOSIGNAL);
            reply_with(own, came_along);
            break;
        case attack::no_memory_though_promised: send(message_of(own, 0)), reply_with(own, came_along); break;
        case attack::a_descriptor_as_memory: send(message_of(own, 1)), reply_with(own, came_along); break;
        case attack::memory_of_an_unknown_number: reply_with(own, 77, 0); break;
        case attack::memory_never_sent_at_all: reply_with(own, came_along, 0); break;
        case attack::unsealed_memory: reply_with_memory(own, memory_without_seals()); break;
        case attack::shrinking_memory: reply_with_memory(own, memory_that_shrinks()); break;
        case attack::a_file_as_memory: reply_with_memory(own, ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)); break;
        case attack::a_pipe_as_memory: {
            int ends[2] = {-1, -1};
            std::ignore = ::pipe2(ends, O_CLOEXEC);
            reply_with_memory(own, ends[0]);
            break;
        }
    }
    hang();
}

// What a reply says of its bytes: how many, in which memory, and where.
struct said_of_memory {
    std::uint64_t number;
    std::uint64_t known_by;
    std::uint64_t offset;
};
constexpr std::uint64_t own_argument = 1;  // the first that a worker is lent
constexpr said_of_memory lies[] = {
    {.number = 1, .known_by = 0, .offset = 64},
    {.number = 1, .known_by = 77, .offset = 64},
    {.number = 1, .known_by = came_along, .offset = 64},
    {.number = std::uint64_t{1} << 40, .known_by = own_argument, .offset = 64},
    {.number = std::uint64_t{1} << 62, .known_by = own_argument, .offset = 64},
    {.number = ~wire::lent_mark, .known_by = own_argument, .offset = 64},
    {.number = 1, .known_by = own_argument, .offset = 65},
    {.number = 1, .known_by = own_argument, .offset = std::uint64_t{1} << 40},
    {.number = 1, .known_by = own_argument, .offset = ~std::uint64_t{63}},
};

/// A reply of text that lies elsewhere.
void reply_from_memory(std::uint64_t frame, const said_of_memory& where) {
    wire::buffer body;
    wire::writer w(body);
    w.scalar(wire::outcome::value);
    w.scalar(where.number | wire::lent_mark);
    w.scalar(where.known_by);
    w.scalar(where.offset);
    hostile::answer(frame, body.bytes());
}
std::string lies_about_memory(const std::string& text, std::size_t which) {
    std::ignore = text;
    hostile me;
    reply_from_memory(me.own_id(), lies[which]);
    hang();
}

/// A thousand texts, all of them what it was sent.
std::vector<std::string> multiplies(const std::string& text) {
    wire::buffer body;
    wire::writer w(body);
    w.scalar(wire::outcome::value);
    w.count(1'000);
    for (int i = 0; i != 1'000; ++i) {
        w.scalar(text.size() | wire::lent_mark);
        w.scalar(own_argument);
        w.scalar(std::uint64_t{wire::lent_offset});
    }
    hostile me;
    hostile::answer(me.own_id(), body.bytes());
    hang();
}
/// What was only lent, as memory to keep.
shared_bytes keeps(const std::string& text) {
    std::ignore = text;
    hostile me;
    reply_with(me.own_id(), own_argument, 0);
    hang();
}

/// Answers with what it was sent, and goes on to write there.
std::string scribbles_on(const std::string& text) {
    hostile me;
    reply_from_memory(me.own_id(), {.number = text.size(), .known_by = own_argument, .offset = wire::lent_offset});
    std::ifstream mappings("/proc/self/maps");
    for (std::string line; std::getline(mappings, line);) {
        unsigned long begin = 0;
        unsigned long end = 0;
        if (line.find("braid-shared-bytes") == std::string::npos) continue;
        if (std::sscanf(line.c_str(), "%lx-%lx", &begin, &end) != 2) continue;
        for (unsigned char byte = 0;; ++byte) std::memset(reinterpret_cast<void*>(begin), byte, end - begin);
    }
    return text;
}

/// Beside an honest answer.
int floods_and_answers(int x) {
    hostile me;
    std::size_t sent = 0;
    while (send(message_of(me.own_id(), pd::most_attachments))) ++sent;
    return sent != 0 ? x : -1;
}

/// Takes memory, and tries to make it smaller, larger, and unsealed, before it gives it back.
shared_bytes tampers(shared_bytes bytes) {
    for (int fd = 3; fd < 200; ++fd) {
        if (::fcntl(fd, F_GET_SEALS) < 0 || fd == pd::board_descriptor) continue;
        std::ignore = ::ftruncate(fd, 0);
        std::ignore = ::ftruncate(fd, 1 << 20);
        std::ignore = ::fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE);
    }
    return bytes;
}

}  // namespace

TEST_SUITE("process/process_pool with hostile workers: beside the bytes") {
    TEST_CASE("attachments that make no sense end their worker and its call, and leave nothing open") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            CHECK(co_await pool.run(square, 7) == 49);
            const belongings before;
            for (int what = 0; what < attacks_known; ++what) {
                CAPTURE(what);
                const auto seen = co_await death_of(pool.run(attacks, static_cast<attack>(what)));
                CHECK(seen.died);
                CHECK(seen.reason == death_reason::broke_protocol);
                CHECK(co_await pool.run(square, 7) == 49);
                CHECK(belongings().descriptors == before.descriptors);
            }
        }());
    }

    TEST_CASE("a result in lent memory that does not lie there ends its worker and its call") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            const std::string text(wire::worth_lending, 'x');
            for (std::size_t which = 0; which < std::size(lies); ++which) {
                CAPTURE(which);
                const auto seen = co_await death_of(pool.run(lies_about_memory, text, which));
                CHECK(seen.died);
                CHECK(seen.reason == death_reason::broke_protocol);
            }
            const auto multiplied = co_await death_of(pool.run(multiplies, text));
            CHECK(multiplied.reason == death_reason::broke_protocol);
            const auto kept = co_await death_of(pool.run(keeps, text));
            CHECK(kept.reason == death_reason::broke_protocol);
            CHECK(co_await pool.run(square, 7) == 49);
        }());
    }

    TEST_CASE("a result is copied from lent memory before anybody looks at it, whoever writes there") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            const std::string text(8 * wire::worth_lending, 'x');
            std::string back = co_await pool.run(scribbles_on, text);
            REQUIRE(back.size() == text.size());
            const std::string seen = back;
            for (int i = 0; i < 3; ++i) CHECK(back == seen);
        }());
    }

    TEST_CASE("thousands of descriptors that no answer speaks of cost their parent none") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            CHECK(co_await pool.run(square, 7) == 49);
            const belongings before;
            for (int i = 0; i < 20; ++i) CHECK(co_await pool.run(floods_and_answers, 5) == (i == 0 ? 5 : -1));
            CHECK(belongings().descriptors == before.descriptors);
            CHECK(co_await pool.run(square, 7) == 49);
        }());
    }

    TEST_CASE("memory that a worker has cannot be taken away from its parent") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            shared_bytes bytes(1 << 16);
            bytes.data()[(1 << 16) - 1] = std::byte{42};
            const auto back = co_await pool.run(tampers, bytes);
            CHECK(back.size() == 1 << 16);
            CHECK(back.data()[(1 << 16) - 1] == std::byte{42});  // not SIGBUS
        }());
    }
}
