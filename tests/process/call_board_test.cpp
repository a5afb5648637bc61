// Children: process_child (tests/support).
#include "process/call_board.hpp"

#include "support/children.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <random>
#include <tuple>

#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace braid::process_detail;
using namespace braid::testing;

namespace {

board_client client_of(const call_board& board) { return board_client(unique_fd(::dup(board.fd()))); }

std::vector<std::byte> numbered(std::size_t size, std::uint64_t offset = 0) {
    std::vector<std::byte> bytes(size);
    for (auto& byte : bytes) byte = static_cast<std::byte>(offset++ * 31 >> 3);
    return bytes;
}

std::vector<std::byte> read_all_bytes(int fd) {
    const std::string text = read_to_end(fd);
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

}  // namespace

TEST_SUITE("process/call_board") {
    TEST_CASE("a call goes from queued to running to done, and both sides see it") {
        call_board board({.slot_count = 8});
        auto worker = client_of(board);
        board.queue(3, 77);
        CHECK(board.state(3, 77) == slot_state::queued);
        CHECK_FALSE(board.running());
        CHECK(worker.try_start(3, 77));
        CHECK(board.state(3, 77) == slot_state::running);
        REQUIRE(board.running());
        CHECK(board.running()->slot == 3);
        CHECK(board.running()->id == 77);
        CHECK_FALSE(board.try_revoke(3, 77));
        worker.finish(3, 77);
        CHECK(board.state(3, 77) == slot_state::done);
        CHECK_FALSE(board.running());
    }

    TEST_CASE("a revoked call cannot be started, and an old id cannot start a new call") {
        call_board board({.slot_count = 8});
        auto worker = client_of(board);
        board.queue(0, 1);
        CHECK(board.try_revoke(0, 1));
        CHECK_FALSE(worker.try_start(0, 1));
        CHECK_FALSE(board.running());
        board.queue(0, 2);
        CHECK_FALSE(worker.try_start(0, 1));
        CHECK_FALSE(board.try_revoke(0, 1));
        CHECK_FALSE(board.state(0, 1));
        CHECK(worker.try_start(0, 2));
        board.free(0);
        CHECK_FALSE(board.state(0, 2));
    }

    TEST_CASE("a call whose reply was faster than its own end leaves the next call of its slot alone") {
        call_board board({.slot_count = 8});
        auto worker = client_of(board);
        board.queue(0, 1);
        CHECK(worker.try_start(0, 1));
        board.free(0);  // the reply has arrived
        worker.finish(0, 1);
        CHECK_FALSE(board.state(0, 1));
        board.queue(0, 2);
        worker.finish(0, 1);
        CHECK(board.state(0, 2) == slot_state::queued);
        CHECK(worker.try_start(0, 2));
    }

    TEST_CASE("a stop request reaches its own call and no later one in the slot") {
        call_board board({.slot_count = 8});
        auto worker = client_of(board);
        board.queue(5, 1);
        board.request_stop(5, 1);
        CHECK(worker.stop_requested(5, 1));
        CHECK_FALSE(worker.stop_requested(5, 2));
        CHECK_FALSE(worker.stop_requested(4, 1));
        board.queue(5, 2);
        CHECK_FALSE(worker.stop_requested(5, 2));
    }

    TEST_CASE("a batch that is asked to stop when it has ended does not lift the limit of the next one") {
        call_board board({.slot_count = 8});
        auto worker = client_of(board);
        for (const std::uint32_t slot : {0U, 1U}) board.queue(slot, slot + 1);
        std::ignore = worker.begin_batch(1, 0);
        REQUIRE(worker.try_start(0, 1));
        worker.finish(0, 1);  // its reply is on its way
        const auto next = worker.begin_batch(2, 0);
        REQUIRE(worker.try_start(1, 2));
        REQUIRE(board.cut_short(1, 2) == 1);

        board.stop_batch(0, 1);
        CHECK(next.may_start(0));
        CHECK_FALSE(next.may_start(1));

        board.stop_batch(1, 2);
        CHECK_FALSE(next.may_start(0));
    }

    TEST_CASE("in a million races with another process, start and revoke never both win, and one of them does") {
        constexpr std::uint32_t rounds = 1'000'000;
        call_board board({.slot_count = 64});
        launcher_thread launcher;
        reaper reaper;
        auto talk = make_pipe();
        child_program program = test_child({"race", "4", std::to_string(rounds), "5"});
        program.descriptors.push_back({unique_fd(::dup(board.fd())), 4});
        program.descriptors.push_back({std::move(talk.write), 5});
        auto child = watch(reaper, start_or_throw(launcher, std::move(program)));
        REQUIRE(read_byte(talk.read.get()) == 'r');

        const auto wait_until_done = [&](call_id id) {
            for (unsigned spins = 1; board.state(id % board.slot_count(), id) != slot_state::done; ++spins) {
                if (spins % 256 == 0) ::sched_yield();
            }
        };
        std::uint32_t revoked = 0;
        for (call_id id = 1; id <= rounds; ++id) {
            // Mostly the worker is left to run after the parent. Every 16th call it waits for, so both grab at once.
            const bool together = id % 16 == 0;
            if (together) wait_until_done(id - 1);
            if (id > board.slot_count()) wait_until_done(id - board.slot_count());
            board.queue(id % board.slot_count(), id);
            for (std::uint32_t delay = id / 16 % 32; together && delay > 0; --delay) {
                std::atomic_signal_fence(std::memory_order_seq_cst);
            }
            const call_id wanted = together ? id : id - std::min(id - 1, id * 7 % 32);
            if (board.try_revoke(wanted % board.slot_count(), wanted)) {
                ++revoked;
                // This worker then marks it done without running it.
                board.request_stop(wanted % board.slot_count(), wanted);
            }
        }
        const std::uint32_t started = static_cast<std::uint32_t>(std::stoul(read_to_end(talk.read.get())));
        CHECK(child.ended.get().code == 0);
        CHECK(started + revoked == rounds);
        CHECK(started > 0);
        CHECK(revoked > 0);
    }

    TEST_CASE("nobody can shrink the board under its reader") {
        call_board board;
        launcher_thread launcher;
        reaper reaper;
        child_program program = test_child({"spoil", "4"});
        program.descriptors.push_back({unique_fd(::dup(board.fd())), 4});
        CHECK(watch(reaper, start_or_throw(launcher, std::move(program))).ended.get().code == EPERM);
        CHECK_FALSE(board.running());
    }

    TEST_CASE("a board that was written over is an error, never a wild read") {
        call_board board({.slot_count = 8, .outgoing_capacity = 4096});
        auto* const header =
            static_cast<board_header*>(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, board.fd(), 0));
        header->replies.committed = 5000;
        CHECK_THROWS_AS((void)board.recover(0), board_corrupted);
        CHECK_THROWS_AS((void)board.recover(5001), board_corrupted);
        CHECK(board.recover(904).size() == 4096);
        header->current = ~std::uint64_t{0};
        CHECK_FALSE(board.running());
        header->slot_count = 1U << 20;
        header->outgoing_capacity = 1U << 30;
        CHECK_THROWS_AS(client_of(board), board_corrupted);
        header->magic = 0;
        CHECK_THROWS_AS(client_of(board), board_corrupted);
        ::munmap(header, 4096);
    }

    TEST_CASE("impossible sizes are refused at once") {
        CHECK_THROWS_AS(call_board({.slot_count = 0}), braid::usage_error);
        CHECK_THROWS_AS(call_board({.slot_count = 12}), braid::usage_error);
        CHECK_THROWS_AS(call_board({.outgoing_capacity = 100}), braid::usage_error);
        call_board board({.slot_count = 8});
        CHECK_THROWS_AS(board.queue(8, 1), braid::usage_error);
    }

    TEST_CASE("a crash report is read up to its end, and never beyond its area") {
        call_board board;
        auto worker = client_of(board);
        CHECK(board.crash_report().empty());
        const std::string text = "signal 11";
        std::copy_n(std::as_bytes(std::span(text)).data(), text.size(), worker.crash_report().begin());
        CHECK(board.crash_report() == text);
        std::fill(worker.crash_report().begin(), worker.crash_report().end(), std::byte{'x'});
        CHECK(board.crash_report().size() == crash_report_size);
    }
}

TEST_SUITE("process/outgoing_buffer") {
    TEST_CASE("what is committed is there, what is only reserved is not") {
        call_board board({.slot_count = 8, .outgoing_capacity = 4096});
        auto worker = client_of(board);
        const auto bytes = numbered(100);
        std::copy(bytes.begin(), bytes.end(), worker.outgoing().reserve(100).begin());
        CHECK(board.recover(0).empty());
        worker.outgoing().commit(60);
        CHECK(board.recover(0) == numbered(60));
        CHECK(board.recover(10) == numbered(50, 10));
    }

    TEST_CASE("room is contiguous across the end of the ring and runs out when it is full") {
        call_board board({.slot_count = 8, .outgoing_capacity = 4096});
        auto worker = client_of(board);
        auto& out = worker.outgoing();
        std::uint64_t offset = 0;
        for (int round = 0; round < 50; ++round) {
            const auto bytes = numbered(3000, offset);
            std::copy(bytes.begin(), bytes.end(), out.reserve(3000).begin());
            out.commit(3000);
            CHECK(out.reserve(1097).empty());
            CHECK(out.reserve(1096).size() == 1096);
            CHECK(board.recover(offset) == bytes);
            CHECK(std::equal(bytes.begin(), bytes.end(), out.pending().begin(), out.pending().end()));
            out.consumed(3000);
            offset += 3000;
        }
    }

    TEST_CASE("after SIGKILL at any instant, pipe and board together hold exactly what was committed") {
        launcher_thread launcher;
        reaper reaper;
        std::mt19937 random(20240607);
        for (int round = 0; round < 60; ++round) {
            call_board board({.slot_count = 8, .outgoing_capacity = 16 * 1024});
            auto reply = make_pipe();
            child_program program = test_child({"stream", "4", "5"});
            program.descriptors.push_back({unique_fd(::dup(board.fd())), 4});
            program.descriptors.push_back({std::move(reply.write), 5});
            auto child = watch(reaper, start_or_throw(launcher, std::move(program)));

            std::vector<std::byte> received(random() % 300'000);  // then the axe falls, wherever the child is
            std::size_t have = 0;
            while (have < received.size()) have += read_some(reply.read.get(), std::span(received).subspan(have));
            reaper.kill(child.id);
            REQUIRE(child.ended.get().code == SIGKILL);

            const auto in_pipe = read_all_bytes(reply.read.get());
            received.insert(received.end(), in_pipe.begin(), in_pipe.end());
            const auto rest = board.recover(received.size());
            received.insert(received.end(), rest.begin(), rest.end());
            REQUIRE(received == numbered(received.size()));
        }
    }
}
