#include <crawl/sitemap.hpp>

#include <doctest/doctest.h>
#include <zlib.h>

#include <string>
#include <vector>

namespace {

using namespace crawl;

std::vector<crawl::link> read_links(std::string_view file) {
    link_set references;
    read_sitemap(file, references);
    return references.resolve_all(*parse_url("http://h/maps/sitemap.xml"));
}

/// The URLs, a blank after each.
std::string urls_in(std::string_view file) {
    std::string all;
    for (const crawl::link& found : read_links(file)) all += found.url + " ";
    return all;
}

const std::string begin =
    "<?xml version='1.0' encoding='UTF-8'?>\n<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>";

std::string gzipped(const std::string& text) {
    z_stream stream{};
    REQUIRE(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string in = text;
    std::string out(deflateBound(&stream, in.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int end = deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    REQUIRE(end == Z_STREAM_END);
    return out;
}

}  // namespace

TEST_SUITE("crawl/sitemap") {
    TEST_CASE("a sitemap names pages") {
        const std::string file = begin +
                                 "<url><loc>\n  http://h/a?x=1&amp;y=2 </loc><lastmod>2024-01-01</lastmod></url>"
                                 "<url><loc><![CDATA[http://h/b]]></loc></url><url><loc>/c</loc></url></urlset>";
        CHECK(urls_in(file) == "http://h/a?x=1&y=2 http://h/b http://h/c ");
        for (const crawl::link& found : read_links(file)) CHECK(found.kind == link_kind::sitemap);
        CHECK(urls_in(gzipped(file)) == urls_in(file));
    }

    TEST_CASE("an index names sitemaps") {
        const auto found = read_links("<sitemapindex><sitemap><loc>http://h/1.xml.gz</loc></sitemap></sitemapindex>");
        REQUIRE(found.size() == 1);
        CHECK(found[0].url == "http://h/1.xml.gz");
        CHECK(found[0].kind == link_kind::sitemap_index);
    }

    TEST_CASE("the places of images and of other documents are no pages") {
        CHECK(
            urls_in(begin +
                    "<url><image:image xmlns:image='i'><image:loc>http://h/i</image:loc></image:image></url></urlset>")
                .empty());
        CHECK(urls_in("<rss><channel><loc>http://h/a</loc></channel></rss>").empty());
        CHECK(urls_in("").empty());
        CHECK(urls_in("no xml").empty());
    }

    TEST_CASE("of a file that breaks off, what comes before counts") {
        const std::string whole = begin + "<url><loc>http://h/a</loc></url><url><loc>http://h/b</loc></url></urlset>";
        CHECK(urls_in(begin + "<url><loc>http://h/a</loc></url><url><loc>http://h/b").find("http://h/a ") == 0);
        // What libxml2 reads together with the fault is lost with it.
        const std::string early = begin + "<url><loc>http://h/a</loc></url>" + std::string(4096, ' ');
        CHECK(urls_in(early + "<url><loc>http://h/b</loc></url></broken>").starts_with("http://h/a "));
        CHECK(urls_in(gzipped(whole).substr(0, 40)).find("http://h/b") == std::string::npos);
    }

    TEST_CASE("as many entries count as the protocol allows") {
        std::string file = begin;
        for (int i = 0; i < 50'010; ++i) file += "<url><loc>/" + std::to_string(i) + "</loc></url>";
        CHECK(read_links(file + "</urlset>").size() == 50'000);
    }

    TEST_CASE("entities that grow, and a gzip file that does, are no danger") {
        std::string bomb = "<!DOCTYPE urlset [<!ENTITY a0 'xxxxxxxxxxxxxxxx'>";
        for (int i = 1; i < 12; ++i) {
            const std::string before = "&a" + std::to_string(i - 1) + ";";
            bomb += "<!ENTITY a" + std::to_string(i) + " '";
            for (int k = 0; k < 16; ++k) bomb += before;
            bomb += "'>";
        }
        CHECK(read_links(bomb + "]><urlset><url><loc>http://h/&a11;</loc></url></urlset>").size() <= 1);
        const std::string outside = "<!DOCTYPE urlset [<!ENTITY f SYSTEM 'file:///etc/passwd'>]>";
        for (const crawl::link& found : read_links(outside + "<urlset><url><loc>http://h/&f;</loc></url></urlset>")) {
            CHECK(found.url == "http://h/");
        }
        std::string large = begin + "<url><loc>http://h/a</loc></url><!--";
        large.resize(60 * 1024 * 1024, ' ');
        CHECK(urls_in(gzipped(large)) == "http://h/a ");
    }

    TEST_CASE("files are known by type, and gzipped ones by name") {
        CHECK(may_be_sitemap("application/xml", "http://h/x"));
        CHECK(may_be_sitemap("text/xml", "http://h/x"));
        CHECK(may_be_sitemap("application/octet-stream", "http://h/s.xml.gz?v=1"));
        CHECK_FALSE(may_be_sitemap("application/octet-stream", "http://h/s.gz"));
        CHECK_FALSE(may_be_sitemap("text/html", "http://h/s.xml.gz"));
        CHECK_FALSE(may_be_sitemap("image/svg+xml", "http://h/s.svg"));
    }
}
