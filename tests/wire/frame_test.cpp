#include <braid/wire/frame.hpp>

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace wire = braid::wire;

namespace {

struct seen {
    wire::frame_header header;
    std::string body;
    bool operator==(const seen&) const = default;
};

std::vector<seen> take_all(wire::frame_reader& frames) {
    std::vector<seen> all;
    while (const auto f = frames.next()) {
        all.push_back({f->header, std::string(reinterpret_cast<const char*>(f->body.data()), f->body.size())});
    }
    return all;
}

void put(wire::buffer& out, std::uint64_t id, std::string_view body) {
    const auto begun = wire::begin_frame(out, id, 3, 4);
    out.append(body.data(), body.size());
    wire::end_frame(out, begun);
}

wire::buffer five_frames() {
    wire::buffer out;
    put(out, 1, "one");
    put(out, 2, "");
    put(out, 3, std::string(1000, 'x'));
    put(out, 4, "");
    put(out, 5, "five");
    return out;
}

}  // namespace

TEST_SUITE("wire/frame") {
    TEST_CASE("many frames in one chunk come out in order and are not copied") {
        const auto out = five_frames();
        wire::frame_reader frames;
        frames.feed(out.bytes());
        std::uint64_t id = 0;
        while (const auto f = frames.next()) {
            CHECK(f->header.id == ++id);
            CHECK(f->header.kind == 3);
            CHECK(f->header.flags == 4);
            CHECK(f->body.data() >= out.data());
            CHECK(f->body.data() + f->body.size() <= out.data() + out.size());
        }
        CHECK(id == 5);
        CHECK(frames.at_boundary());
    }

    TEST_CASE("frames are the same however the stream is cut into chunks") {
        const auto out = five_frames();
        wire::frame_reader whole;
        whole.feed(out.bytes());
        const auto expected = take_all(whole);
        REQUIRE(expected.size() == 5);
        for (std::size_t piece = 1; piece <= out.size(); ++piece) {
            wire::frame_reader frames;
            std::vector<seen> got;
            for (std::size_t at = 0; at < out.size(); at += piece) {
                // A chunk of its own: the reader must not look at one that has gone.
                const auto part = out.bytes().subspan(at, std::min(piece, out.size() - at));
                const std::vector<std::byte> chunk(part.begin(), part.end());
                frames.feed(chunk);
                for (auto& f : take_all(frames)) got.push_back(std::move(f));
            }
            REQUIRE(got == expected);
            REQUIRE(frames.at_boundary());
        }
    }

    TEST_CASE("a length above the limit is refused before anything is allocated") {
        const wire::frame_header header{.length = 1001, .id = 7};
        std::vector<std::byte> bytes(sizeof header);
        std::memcpy(bytes.data(), &header, sizeof header);
        wire::frame_reader at_once({.max_length = 1000});
        at_once.feed(bytes);
        CHECK_THROWS_AS(static_cast<void>(at_once.next()), wire::decode_error);

        wire::frame_reader in_pieces({.max_length = 1000});
        in_pieces.feed(std::span(bytes).first(10));
        CHECK_FALSE(in_pieces.next());
        in_pieces.feed(std::span(bytes).subspan(10));
        CHECK_THROWS_AS(static_cast<void>(in_pieces.next()), wire::decode_error);
    }

    TEST_CASE("a stream that ends within a frame is not at a boundary") {
        const auto out = five_frames();
        wire::frame_reader frames;
        frames.feed(out.bytes().first(out.size() - 1));
        CHECK(take_all(frames).size() == 4);
        CHECK_FALSE(frames.at_boundary());
    }

    TEST_CASE("a frame that is taken back leaves nothing") {
        wire::buffer out;
        put(out, 1, "kept");
        const auto size = out.size();
        const auto begun = wire::begin_frame(out, 2, 0);
        out.append("lost", 4);
        wire::drop_frame(out, begun);
        CHECK(out.size() == size);
    }

    TEST_CASE("feeding over frames that were not taken is an error") {
        const auto out = five_frames();
        wire::frame_reader frames;
        frames.feed(out.bytes());
        CHECK_THROWS_AS(frames.feed(out.bytes()), braid::usage_error);
    }
}
