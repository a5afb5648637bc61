#pragma once
// What a call can do to its own worker's talk with the parent: the pipe and the shared board are open to all code
// there.

#include "process/board_layout.hpp"
#include "process/services.hpp"
#include "process/shared_ring.hpp"

#include <braid/wire/archive.hpp>
#include <braid/wire/call.hpp>
#include <braid/wire/frame.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <sched.h>

namespace braid::testing {

/// Threads: the worker's.
class hostile {
public:
    process_detail::board_header& header() { return *reinterpret_cast<process_detail::board_header*>(board_.data()); }
    std::span<process_detail::call_slot> slots() {
        const auto at = process_detail::board_layout::of(options()).slots;
        return {reinterpret_cast<process_detail::call_slot*>(board_.data() + at), header().slot_count};
    }
    std::span<std::byte> crash_report() {
        return {board_.data() + process_detail::board_layout::of(options()).crash_report,
                process_detail::crash_report_size};
    }
    std::span<std::byte> whole_board() { return board_; }

    /// Of the call that is running.
    std::uint64_t own_id() {
        const std::uint64_t current = header().current;
        return process_detail::frame_id(static_cast<std::uint32_t>(current >> 32) - 1,
                                        static_cast<std::uint32_t>(current));
    }
    process_detail::call_slot& own_slot() { return slots()[process_detail::slot_of(own_id())]; }

    /// In a pool that spins these are bells.
    static void write_to_pipe(std::span<const std::byte> bytes) {
        process_detail::write_all(process_detail::reply_descriptor, bytes);
    }
    /// As the worker itself talks.
    static void say(std::span<const std::byte> bytes) {
        hostile me;
        me.header().incoming_capacity == 0 ? write_to_pipe(bytes) : me.write_to_ring(bytes);
    }
    static void say(const wire::frame_header& header, std::span<const std::byte> body = {}) {
        wire::buffer out;
        out.append(&header, sizeof header);
        out.append(body.data(), body.size());
        say(out.bytes());
    }
    static void answer(std::uint64_t id, std::span<const std::byte> body,
                       process_detail::frame_kind kind = process_detail::frame_kind::reply) {
        say({.length = body.size(), .id = id, .kind = static_cast<std::uint32_t>(kind)}, body);
    }
    /// The body of a sound reply.
    template <class T>
    static std::vector<std::byte> value(const T& result) {
        wire::buffer out;
        wire::writer w(out);
        w.scalar(wire::outcome::value);
        wire::encode(w, result);
        return {out.bytes().begin(), out.bytes().end()};
    }

private:
    void write_to_ring(std::span<const std::byte> bytes) {
        const auto ring =
            std::span(board_).subspan(process_detail::board_layout::of(options()).outgoing, header().outgoing_capacity);
        auto& words = header().replies;
        while (!bytes.empty()) {
            const std::uint64_t committed = words.committed.load();
            const auto at = static_cast<std::size_t>(committed % ring.size());
            const auto room = ring.size() - static_cast<std::size_t>(committed - words.taken.load());
            const std::size_t size = std::min({bytes.size(), room, ring.size() - at});
            std::ranges::copy(bytes.first(size), ring.begin() + static_cast<std::ptrdiff_t>(at));
            words.committed.store(committed + size);
            bytes = bytes.subspan(size);
            if (size == 0) ::sched_yield();
            if (words.reader_sleeps.exchange(0) != 0) process_detail::ring_bell(process_detail::reply_descriptor);
        }
    }

    /// Where the worker has mapped it: nobody tells, but everybody can see.
    static std::span<std::byte> find_board() {
        std::ifstream mappings("/proc/self/maps");
        for (std::string line; std::getline(mappings, line);) {
            unsigned long begin = 0;
            unsigned long end = 0;
            unsigned long offset = 0;
            if (line.find("braid-call-board") == std::string::npos) continue;
            if (std::sscanf(line.c_str(), "%lx-%lx %*s %lx", &begin, &end, &offset) != 3 || offset != 0) continue;
            return {reinterpret_cast<std::byte*>(begin), end - begin};
        }
        throw std::runtime_error("this process has no call board");
    }
    process_detail::board_options options() {
        return {.slot_count = header().slot_count,
                .outgoing_capacity = header().outgoing_capacity,
                .incoming_capacity = header().incoming_capacity};
    }

    std::span<std::byte> board_ = find_board();
};

}  // namespace braid::testing
