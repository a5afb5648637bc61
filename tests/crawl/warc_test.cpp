#include <crawl/archiver.hpp>
#include <crawl/warc_record.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "test_files.hpp"
#include "support/temporary_folder.hpp"
#include "support/warc_reader.hpp"

namespace {

using namespace crawl;
using namespace crawl::testing;

constexpr std::string_view head = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n";

std::shared_ptr<exchange> response_of(const temporary_folder& folder, const std::string& body) {
    auto wire = std::make_shared<exchange>(folder / ".");
    wire->begun = std::chrono::system_clock::time_point(std::chrono::milliseconds(1'700'000'000'123));
    wire->address = "192.0.2.1";
    wire->request = "GET / HTTP/1.1\r\n\r\n";
    wire->response.append(head);
    wire->response.append(body);
    wire->head_size = head.size();
    wire->status = 200;
    wire->payload.update(body);
    wire->payload_size = body.size();
    wire->payload_digest = wire->payload.finish();
    return wire;
}

std::optional<archived_payload> nothing(const std::string&) { return std::nullopt; }

std::string text_of(const wire_copy& copy, std::uint64_t first = UINT64_MAX) {
    std::string text;
    copy.each_piece([&text](std::string_view piece) { text += piece; }, first);
    return text;
}

}  // namespace

TEST_SUITE("crawl/warc") {
    TEST_CASE("SHA-1 is that of the standard, in base32") {
        sha1 digest;
        digest.update("a");
        digest.update("bc");
        CHECK(digest.finish() == "sha1:VGMT4NSHA2AWVOR6EVYXQUGCNSONBWE5");  // FIPS 180: a9993e36 4706816a ...
        CHECK(sha1().finish() == sha1_text(""));
    }

    TEST_CASE("the copy of a response gives the same bytes from memory and from its file") {
        const temporary_folder folder;
        wire_copy copy(folder / ".");
        copy.append("forgotten");
        copy.clear();
        std::string all;
        for (int i = 0; i < 700; ++i) {
            all += std::string(1000, static_cast<char>('a' + i % 26));
            copy.append(std::string_view(all).substr(all.size() - 1000));
            if (i == 100) CHECK(text_of(copy) == all);
        }
        CHECK(copy.size() == all.size());
        CHECK(all.size() > wire_copy::most_in_memory);
        CHECK(text_of(copy) == all);
        CHECK(text_of(copy) == all);
        CHECK(text_of(copy, 300'000) == all.substr(0, 300'000));
        CHECK(text_of(copy, 650'000) == all.substr(0, 650'000));
        CHECK(std::filesystem::is_empty(folder / "."));
    }

    TEST_CASE("a copy that cannot be written is an error with the folder and the reason") {
        wire_copy copy("/proc/none");
        CHECK_THROWS_WITH_AS(copy.append(std::string(wire_copy::most_in_memory + 1, 'x')),
                             "cannot make a temporary file in /proc/none: No such file or directory",
                             std::system_error);
    }

    TEST_CASE("each record is a gzip member that can be read by itself, or none is compressed") {
        const temporary_folder folder;
        for (const char* name : {"all.warc.gz", "all.warc"}) {
            archiver archive({.file = folder / name, .about = "software: test\r\n"});
            const std::vector<archived_exchange> one{{"http://h/", response_of(folder, "x")}};
            CHECK(archive.write(one, nothing).empty());  // too short to be referred to
            CHECK(archive.size() == std::filesystem::file_size(folder / name));
            const auto entries = read_warc(folder / name, std::string_view(name).ends_with(".gz"));
            REQUIRE(entries.size() == 3);
            CHECK(entries[0].type() == "warcinfo");
            CHECK(entries[0].block == "software: test\r\n");
            CHECK(entries[1].type() == "response");
            CHECK(entries[1].block == std::string(head) + "x");
            CHECK(entries[1].field("WARC-Date") == "2023-11-14T22:13:20.123Z");
            CHECK(entries[1].field("WARC-IP-Address") == "192.0.2.1");
            CHECK(entries[1].field("WARC-Payload-Digest") == sha1_text("x"));
            CHECK(entries[2].type() == "request");
            CHECK(entries[2].block == "GET / HTTP/1.1\r\n\r\n");
            CHECK(entries[2].field("WARC-Concurrent-To") == entries[1].field("WARC-Record-ID"));
        }
    }

    TEST_CASE("a payload that was archived is referred to, in this batch and in later ones") {
        const temporary_folder folder;
        const std::string body(archiver::smallest_reference, 'x');
        archiver archive({.file = folder / "a.warc.gz"});
        const std::vector<archived_exchange> two{{"http://h/1", response_of(folder, body)},
                                                 {"http://h/2", response_of(folder, body)}};
        const auto fresh = archive.write(two, nothing);
        REQUIRE(fresh.size() == 1);
        CHECK(fresh[0].digest == sha1_text(body));
        CHECK(fresh[0].url == "http://h/1");
        const std::vector<archived_exchange> later{{"http://h/3", response_of(folder, body)}};
        CHECK(archive
                  .write(later,
                         [&](const std::string& d) {
                             return std::optional(d == fresh[0].digest ? fresh[0] : archived_payload{});
                         })
                  .empty());

        const auto entries = read_warc(folder / "a.warc.gz");
        REQUIRE(entries.size() == 7);
        CHECK(entries[1].type() == "response");
        for (const std::size_t i : {3U, 5U}) {
            CHECK(entries[i].type() == "revisit");
            CHECK(entries[i].block == head);
            CHECK(entries[i].field("WARC-Profile") ==
                  "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest");
            CHECK(entries[i].field("WARC-Refers-To") == entries[1].field("WARC-Record-ID"));
            CHECK(entries[i].field("WARC-Refers-To-Target-URI") == "http://h/1");
            CHECK(entries[i].field("WARC-Refers-To-Date") == entries[1].field("WARC-Date"));
            CHECK(entries[i].field("WARC-Payload-Digest") == sha1_text(body));
        }
    }

    TEST_CASE("a response that was cut off is marked, and nobody refers to it") {
        const temporary_folder folder;
        archiver archive({.file = folder / "a.warc"});
        auto cut = response_of(folder, std::string(5000, 'x'));
        cut->truncated = "time";
        cut->payload_digest.clear();
        const std::vector<archived_exchange> two{{"http://h/1", cut}, {"http://h/2", cut}};
        CHECK(archive.write(two, nothing).empty());
        const auto entries = read_warc(folder / "a.warc", false);
        REQUIRE(entries.size() == 5);
        for (const std::size_t i : {1U, 3U}) {
            CHECK(entries[i].type() == "response");
            CHECK(entries[i].field("WARC-Truncated") == "time");
            CHECK(entries[i].field("WARC-Payload-Digest").empty());
        }
    }

    TEST_CASE("a body that is larger than what is kept in memory is archived whole") {
        const temporary_folder folder;
        std::string body;
        for (std::size_t i = 0; body.size() < 3'000'000; ++i) body += std::to_string(i * i);
        archiver archive({.file = folder / "a.warc.gz"});
        const std::vector<archived_exchange> one{{"http://h/", response_of(folder, body)}};
        (void)archive.write(one, nothing);
        CHECK(read_warc(folder / "a.warc.gz").at(1).block == std::string(head) + body);
    }

    TEST_CASE("a file is gone on with after what is kept of it, without a second warcinfo") {
        const temporary_folder folder;
        const auto file = folder / "a.warc.gz";
        const std::vector<archived_exchange> one{{"http://h/", response_of(folder, "x")}};
        std::uint64_t kept = 0;
        {
            archiver archive({.file = file});
            (void)archive.write(one, nothing);
            kept = archive.size();
            (void)archive.write(one, nothing);
        }
        {
            archiver archive({.file = file, .kept = kept});
            (void)archive.write(one, nothing);
        }
        const auto entries = read_warc(file);
        CHECK(entries.size() == 5);
        CHECK(entries.back().type() == "request");
    }
}
