// Messages beside frames as a peer may leave them: garbage, or what it had sent before it died.
#include "process/attachment_message.hpp"

#include "process/attachment_ends.hpp"
#include "support/leftovers.hpp"

#include <braid/wire/reader.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include <sys/socket.h>

using namespace braid::process_detail;
using namespace braid::testing;
namespace wire = braid::wire;

namespace {

/// A message of this content, whatever it means, with so many descriptors.
void send_raw(int socket, std::span<const std::uint32_t> words, std::size_t descriptors = 0) {
    union {
        cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * 8)];
    } room{};
    iovec bytes{.iov_base = const_cast<std::uint32_t*>(words.data()), .iov_len = words.size_bytes()};
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    if (descriptors != 0) {
        message.msg_control = room.bytes;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * descriptors);
        cmsghdr* const header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * descriptors);
        std::memset(CMSG_DATA(header), 0, sizeof(int) * descriptors);  // standard input, again and again
    }
    REQUIRE(::sendmsg(socket, &message, MSG_DONTWAIT) == static_cast<ssize_t>(words.size_bytes()));
}

}  // namespace

TEST_SUITE("process/attachment_message") {
    TEST_CASE("what a peer sent before it died is still there, though it had something unread") {
        auto [ours, theirs] = make_attachment_socket();
        parent_attachments parent(std::move(ours));
        {
            worker_attachments worker(std::move(theirs));
            parent.write_frame(1);
            parent.add_descriptor(0);
            REQUIRE(parent.send_frame());
            worker.write_frame(2);
            worker.add_descriptor(0);
            REQUIRE(worker.send_frame(when_full::give_up));
        }
        parent.read_frame(2);
        CHECK(unique_fd(parent.take_descriptor(0)));
        CHECK_THROWS_AS(parent.read_frame(3), wire::decode_error);
        parent.write_frame(3);
        parent.add_descriptor(0);
        CHECK(parent.send_frame());  // its death is told elsewhere
    }

    TEST_CASE("what is no message, or another frame's, is refused, and its descriptors are closed") {
        struct lie {
            std::vector<std::uint32_t> words;
            std::size_t descriptors;
        };
        const std::vector<lie> lies{
            {{}, 3},                                // nothing at all
            {{5}, 1},                               // no whole header
            {{5, 0, 0}, 3},                         //
            {{5, 0, 1, 0, 0, 0}, 0},                // an item without its descriptor
            {{5, 0, 1, 0, 0, 0}, 2},                // one without its item
            {{5, 0, 0, 0}, 8},                      //
            {{5, 0, 1, 0}, 1},                      // an item without its id
            {{5, 0, 0, 1'000'000}, 0},              // endless ids
            {{5, 0, ~0U, ~0U}, 1},                  //
            {{5, 0, 0, 0, 1, 2}, 0},                // an id too many
            {{6, 0, 1, 0, 0, 0}, 1},                // of a frame that is not asked for
            {std::vector<std::uint32_t>(1'100), 1}  // longer than any message
        };
        for (const lie& each : lies) {
            auto [ours, theirs] = make_attachment_socket();
            parent_attachments parent(std::move(ours));
            const belongings before;
            CAPTURE(each.words.size());
            send_raw(theirs.get(), each.words, each.descriptors);
            CHECK_THROWS_AS(parent.read_frame(5), wire::decode_error);
            CHECK(belongings().descriptors == before.descriptors);
        }
    }
}
