#include "process/shared_ring.hpp"

#include "process/descriptors.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <random>
#include <thread>
#include <vector>

using namespace braid::process_detail;

namespace {

struct ring_memory {
    explicit ring_memory(std::size_t capacity) : bytes(capacity) {}
    std::vector<std::byte> bytes;
    std::unique_ptr<ring_words> words = std::make_unique<ring_words>();
    ring_writer writer{bytes, *words};
    ring_reader reader{bytes, *words};
};

std::vector<std::byte> numbered(std::size_t size, std::size_t from = 0) {
    std::vector<std::byte> bytes(size);
    for (std::size_t i = 0; i != size; ++i) bytes[i] = static_cast<std::byte>((from + i) * 31 % 251);
    return bytes;
}

/// Everything that can be read now.
std::vector<std::byte> read_all(ring_reader& reader) {
    std::vector<std::byte> all;
    while (reader.has_something()) {
        const auto part = reader.readable();
        all.insert(all.end(), part.begin(), part.end());
        std::ignore = reader.took(part.size());
    }
    return all;
}

std::size_t write_all(ring_writer& writer, std::span<const std::byte> bytes) {
    std::size_t written = 0;
    while (const std::size_t size = writer.write(bytes.subspan(written))) written += size;
    return written;
}

}  // namespace

TEST_SUITE("process/shared_ring") {
    TEST_CASE("what is written is read, in order, across the end of the ring") {
        ring_memory ring(64);
        std::size_t offset = 0;
        for (const std::size_t size : std::array<std::size_t, 6>{1, 63, 64, 40, 40, 5}) {
            const auto bytes = numbered(size, offset);
            CHECK(write_all(ring.writer, bytes) == size);
            CHECK(read_all(ring.reader) == bytes);
            offset += size;
        }
        CHECK_FALSE(ring.reader.has_something());
    }

    TEST_CASE("a full ring takes nothing until something of it was taken") {
        ring_memory ring(64);
        CHECK(write_all(ring.writer, numbered(100)) == 64);
        CHECK_FALSE(ring.writer.has_room());
        CHECK(ring.writer.may_wait());
        CHECK(ring.reader.took(10));        // somebody waits for that
        CHECK_FALSE(ring.reader.took(10));  // and has been told
        CHECK(ring.writer.has_room());
        CHECK_FALSE(ring.writer.may_wait());
        CHECK(write_all(ring.writer, numbered(100)) == 20);
    }

    TEST_CASE("a reader may sleep only while there is nothing, and is called once") {
        ring_memory ring(64);
        CHECK_FALSE(ring.writer.reader_sleeps());
        CHECK(ring.reader.may_sleep());
        CHECK(write_all(ring.writer, numbered(1)) == 1);
        CHECK(ring.writer.reader_sleeps());
        CHECK_FALSE(ring.writer.reader_sleeps());
        CHECK_FALSE(ring.reader.may_sleep());
        CHECK_FALSE(ring.writer.reader_sleeps());
    }

    TEST_CASE("words that make no sense are an error, never a wild read or write") {
        for (const std::uint64_t nonsense : {std::uint64_t{65}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
            ring_memory ring(64);
            ring.words->committed = nonsense;
            CHECK_THROWS_AS((void)ring.reader.readable(), board_corrupted);
            CHECK(write_all(ring.writer, numbered(64)) == 64);
            ring.words->taken = nonsense;
            CHECK_THROWS_AS((void)ring.writer.write(numbered(1)), board_corrupted);
        }
        ring_memory ring(64);
        CHECK(write_all(ring.writer, numbered(10)) == 10);
        CHECK(read_all(ring.reader).size() == 10);
        ring.words->committed = 9;  // less than was taken
        CHECK_THROWS_AS((void)ring.reader.readable(), board_corrupted);
    }

    TEST_CASE("two sides that sleep whenever they may lose no byte and wake each other") {
        constexpr std::size_t total = 2'000'000;
        ring_memory ring(4096);
        const auto all = numbered(total);
        pipe_ends to_reader = make_pipe();
        pipe_ends to_writer = make_pipe();
        const auto hear = [](int pipe) {
            std::byte bell{};
            CHECK(read_some(pipe, {&bell, 1}) == 1);
        };
        std::thread writing([&] {
            std::minstd_rand random(1);
            for (std::size_t written = 0; written != total;) {
                const std::size_t most = std::min<std::size_t>(1 + random() % 3000, total - written);
                const std::size_t size = ring.writer.write(std::span(all).subspan(written, most));
                written += size;
                if (ring.writer.reader_sleeps()) ring_bell(to_reader.write.get());
                if (size == 0 && ring.writer.may_wait()) hear(to_writer.read.get());
            }
        });
        std::size_t right = 0;
        while (right != total) {
            if (!ring.reader.has_something()) {
                if (!ring.reader.may_sleep()) continue;
                hear(to_reader.read.get());
                ring.reader.stays_awake();
                continue;
            }
            const auto part = ring.reader.readable();
            REQUIRE(std::memcmp(part.data(), all.data() + right, part.size()) == 0);
            right += part.size();
            if (ring.reader.took(part.size())) ring_bell(to_writer.write.get());
        }
        writing.join();
        CHECK_FALSE(ring.reader.has_something());
    }
}
