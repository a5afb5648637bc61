// Both ends of the socket beside the pipes, in one process: what goes in at one comes out at the other.
#include "process/attachment_ends.hpp"

#include "process/services.hpp"

#include "support/leftovers.hpp"
#include "support/low_descriptor_limit.hpp"
#include "support/sanitized.hpp"

#include <braid/wire/call.hpp>
#include <braid/wire/reader.hpp>
#include <braid/wire/writer.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <system_error>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace braid::process_detail;
using namespace braid::testing;
namespace wire = braid::wire;

namespace {

struct both_ends {
    both_ends() : both_ends(make_attachment_socket()) {}

    parent_attachments parent;
    worker_attachments worker;

private:
    explicit both_ends(socket_ends ends) : parent(std::move(ends.parent)), worker(std::move(ends.worker)) {}
};

bool same_file(int one, int other) {
    struct stat a{};
    struct stat b{};
    return ::fstat(one, &a) == 0 && ::fstat(other, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

/// A request with this memory as its argument, which the worker looks at.
std::shared_ptr<wire::segment> pass_on(both_ends& both, std::uint64_t frame,
                                       const std::shared_ptr<wire::segment>& memory) {
    both.parent.write_frame(frame);
    const std::uint64_t id = both.parent.add_segment(memory);
    both.worker.read_frame(frame, both.parent.send_frame());
    auto there = both.worker.take_segment(id);
    both.worker.end_reading();
    return there;
}

constexpr std::uint64_t came_along = std::uint64_t{1} << 63;

}  // namespace

TEST_SUITE("process/attachment_ends") {
    TEST_CASE("a copy of a descriptor arrives with its frame, closed on exec, and belongs to who takes it") {
        both_ends both;
        const belongings before;
        const unique_fd file = make_event();
        both.parent.write_frame(7);
        CHECK(both.parent.add_descriptor(file.get()) == 0);
        CHECK(both.parent.send_frame());
        both.worker.read_frame(7, true);
        const unique_fd there(both.worker.take_descriptor(0));
        both.worker.end_reading();
        CHECK(there.get() != file.get());
        CHECK(same_file(there.get(), file.get()));
        CHECK((::fcntl(there.get(), F_GETFD) & FD_CLOEXEC) != 0);
        CHECK(belongings().descriptors == before.descriptors + 2);
    }

    TEST_CASE("a frame that is dropped takes nothing along, and leaves nothing open") {
        both_ends both;
        const belongings before;
        both.parent.write_frame(1);
        both.parent.add_descriptor(0);
        std::ignore = both.parent.add_segment(wire::segment::make(100));
        both.parent.drop_frame();
        CHECK(belongings().descriptors == before.descriptors);
        both.parent.write_frame(2);
        CHECK_FALSE(both.parent.send_frame());
    }

    TEST_CASE("what nobody takes is closed, and nothing is taken twice") {
        both_ends both;
        const belongings before;
        both.parent.write_frame(1);
        for (int i = 0; i < 10; ++i) both.parent.add_descriptor(0);
        CHECK(both.parent.send_frame());
        both.worker.read_frame(1, true);
        const unique_fd taken(both.worker.take_descriptor(4));
        CHECK_THROWS_AS(static_cast<void>(both.worker.take_descriptor(4)), wire::decode_error);
        CHECK_THROWS_AS(static_cast<void>(both.worker.take_descriptor(10)), wire::decode_error);
        both.worker.end_reading();
        CHECK_THROWS_AS(static_cast<void>(both.worker.take_descriptor(5)), wire::decode_error);
        CHECK(belongings().descriptors == before.descriptors + 1);
    }

    TEST_CASE("a call takes 253 descriptors along, and no more") {
        both_ends both;
        both.parent.write_frame(1);
        for (std::size_t i = 0; i < most_attachments; ++i) both.parent.add_descriptor(0);
        CHECK_THROWS_AS(both.parent.add_descriptor(0), wire::encode_error);
        CHECK(both.parent.send_frame());
        both.worker.read_frame(1, true);
        CHECK(unique_fd(both.worker.take_descriptor(most_attachments - 1)));
    }

    TEST_CASE("memory is sent once, arrives as one mapping, and comes back as what it was") {
        both_ends both;
        const auto memory = wire::segment::make(4'096);
        const auto there = pass_on(both, 1, memory);
        there->bytes()[5] = std::byte{42};
        CHECK(memory->bytes()[5] == std::byte{42});
        both.parent.write_frame(2);
        const std::uint64_t id = both.parent.add_segment(memory);
        CHECK_FALSE(both.parent.send_frame());
        both.worker.read_frame(2, false);
        CHECK(both.worker.take_segment(id) == there);
        both.worker.write_frame(2);
        const std::uint64_t back = both.worker.add_segment(there);
        CHECK_FALSE(both.worker.has_something());
        CHECK(both.parent.take_segment(back) == memory);
    }

    TEST_CASE("memory that a worker keeps and gives with a later call comes along, whether the parent has it or not") {
        both_ends both;
        auto memory = wire::segment::make(4'096);
        memory->bytes()[0] = std::byte{7};
        const auto kept = pass_on(both, 1, memory);
        for (const std::uint64_t frame : {2U, 3U}) {
            both.worker.read_frame(frame, false);
            both.worker.write_frame(frame);
            const std::uint64_t id = both.worker.add_segment(kept);
            REQUIRE(both.worker.has_something());
            CHECK(both.worker.send_frame(when_full::give_up));
            memory.reset();
            both.parent.look_for_dropped();
            both.parent.read_frame(frame);
            CHECK(both.parent.take_segment(id)->bytes()[0] == std::byte{7});
            both.parent.end_reading();
        }
    }

    TEST_CASE("the worker lets go of memory with the first frame after the parent did") {
        both_ends both;
        const belongings before;
        auto memory = wire::segment::make(4'096);
        const std::weak_ptr<wire::segment> there = pass_on(both, 1, memory);
        CHECK_FALSE(there.expired());
        memory.reset();
        both.parent.look_for_dropped();
        both.parent.write_frame(2);
        const bool told = both.parent.send_frame();
        CHECK(told);
        both.worker.read_frame(2, told);
        CHECK(there.expired());
        CHECK(belongings().descriptors == before.descriptors);
    }

    TEST_CASE("a worker that is ahead of its parent waits until it has read, and nothing is lost") {
        both_ends both;
        std::uint64_t sent = 0;
        const auto add = [&] {
            both.worker.write_frame(sent);
            both.worker.add_descriptor(0);
        };
        for (add(); both.worker.send_frame(when_full::give_up); add()) ++sent;
        CHECK(sent > 0);
        bool went = false;
        std::thread waiting([&] { went = both.worker.send_frame(when_full::wait); });
        for (std::uint64_t frame = 0; frame < sent; ++frame) {
            both.parent.read_frame(frame);
            CHECK(unique_fd(both.parent.take_descriptor(0)));
        }
        waiting.join();
        CHECK(went);
        both.parent.read_frame(sent);
        CHECK(unique_fd(both.parent.take_descriptor(0)));
    }

    TEST_CASE("a parent never waits for a worker that reads nothing: the call fails, and nothing of it is sent") {
        both_ends both;
        std::uint64_t sent = 0;
        const auto send_for_ever = [&] {
            for (;; ++sent) {
                both.parent.write_frame(sent);
                both.parent.add_descriptor(0);
                std::ignore = both.parent.send_frame();
            }
        };
        CHECK_THROWS_AS(send_for_ever(), wire::encode_error);
        both.parent.drop_frame();
        for (std::uint64_t frame = 0; frame < sent; ++frame) both.worker.read_frame(frame, true);
        CHECK_THROWS_AS(both.worker.read_frame(sent, true), wire::decode_error);
        both.parent.write_frame(sent + 1);
        both.parent.add_descriptor(0);
        CHECK(both.parent.send_frame());
    }

    TEST_CASE("a parent that is far ahead knows it until its worker has read, also where numbers begin again") {
        both_ends both;
        constexpr std::uint32_t last = (1U << 29) - 1;
        std::uint32_t call = last - 3;
        const auto next = [&] { return frame_id(3, std::exchange(call, (call + 1) & last)); };
        std::vector<std::uint64_t> frames;
        while (!both.parent.far_ahead()) {
            frames.push_back(next());
            both.parent.write_frame(frames.back());
            both.parent.add_descriptor(0);
            REQUIRE(both.parent.send_frame());
        }
        CHECK(frames.size() > 4);
        both.parent.was_read(frame_id(9, last - 4));  // a call before them all
        CHECK(both.parent.far_ahead());
        both.parent.was_read(frames.front());
        CHECK_FALSE(both.parent.far_ahead());
        both.parent.was_read(next());
        for (std::size_t i = 0; i + 1 < frames.size(); ++i) {
            CHECK_FALSE(both.parent.far_ahead());
            both.parent.write_frame(next());
            both.parent.add_descriptor(0);
            REQUIRE(both.parent.send_frame());
        }
    }

    TEST_CASE("a parent that has sent many descriptors with few calls is far ahead until its worker has read them") {
        both_ends both;
        for (const std::uint64_t frame : {frame_id(1, 1), frame_id(1, 2)}) {
            CHECK_FALSE(both.parent.far_ahead());
            both.parent.write_frame(frame);
            for (int i = 0; i < 50; ++i) both.parent.add_descriptor(0);
            REQUIRE(both.parent.send_frame());
        }
        CHECK(both.parent.far_ahead());
        both.parent.was_read(frame_id(1, 1));
        CHECK_FALSE(both.parent.far_ahead());
    }

    // As in launcher_thread_test.cpp: not where Clang looks at types through a pipe.
    TEST_CASE("without room for descriptors the receiver says so, keeps what else there was, and gets them once more" *
              doctest::skip(braid_test::sanitized)) {
        both_ends both;
        const auto memory = wire::segment::make(4'096);
        std::uint64_t id = 0;
        const auto give = [&](std::uint64_t frame) {
            both.parent.write_frame(frame);
            both.parent.add_descriptor(0);
            id = both.parent.add_segment(memory);
            REQUIRE(both.parent.send_frame());
        };
        give(1);
        const belongings before;
        {
            const low_descriptor_limit no_more_than(1);
            both.worker.read_frame(1, true);
            CHECK(unique_fd(both.worker.take_descriptor(0)));
            CHECK_THROWS_AS(static_cast<void>(both.worker.take_segment(id)), std::system_error);
            both.worker.end_reading();
        }
        both.parent.may_be_lost(1);
        const std::uint64_t first_id = id;
        give(2);
        CHECK(id == first_id);
        both.worker.read_frame(2, true);
        CHECK(both.worker.take_segment(id)->bytes().size() == 4'096);
        both.worker.end_reading();
        // Once more than it was lost: the worker has it already.
        both.parent.may_be_lost(2);
        give(3);
        both.worker.read_frame(3, true);
        both.worker.end_reading();
        CHECK(belongings().descriptors == before.descriptors + 1);
    }

    TEST_CASE("a result that is memory which its encoding made for the moment fails its call, and no more") {
        both_ends both;
        both.parent.belongs_to(17);
        both.parent.write_frame(1);
        const std::uint64_t id = both.parent.add_segment(wire::segment::make(100));
        REQUIRE(both.parent.send_frame());
        both.worker.read_frame(1, true);
        both.worker.write_frame(1);
        const std::uint64_t back = both.worker.add_segment(both.worker.take_segment(id));
        int from = 0;
        try {
            static_cast<void>(both.parent.take_segment(back));
        } catch (const wire::result_error& e) {
            from = e.pid();
        }
        CHECK(from == 17);
    }

    TEST_CASE("a parent believes no number of memory that it did not give, and none of a descriptor") {
        both_ends both;
        const auto memory = wire::segment::make(4'096);
        std::ignore = pass_on(both, 1, memory);
        for (const std::uint64_t id :
             {std::uint64_t{0}, std::uint64_t{2}, came_along, came_along | 1, ~std::uint64_t{0}}) {
            CHECK_THROWS_AS(static_cast<void>(both.parent.take_segment(id)), wire::decode_error);
        }
        both.worker.write_frame(1);
        both.worker.add_descriptor(memory->fd());
        REQUIRE(both.worker.send_frame(when_full::give_up));
        both.parent.read_frame(1);
        CHECK_THROWS_AS(static_cast<void>(both.parent.take_segment(came_along)), wire::decode_error);
        CHECK(unique_fd(both.parent.take_descriptor(0)));
    }
}
