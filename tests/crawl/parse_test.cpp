#include <crawl/fragments.hpp>
#include <crawl/link_set.hpp>
#include <crawl/parse.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace {

crawl::parsed_page parse_html(const std::string& body, const std::string& type = "text/html") {
    return crawl::parse_page({"http://host/dir/page.html", type, body});
}

/// "kind url" of every link.
std::vector<std::string> links_of(const crawl::parsed_page& page) {
    std::vector<std::string> out;
    for (const auto& l : page.links) out.push_back(std::string(to_string(l.kind)) + " " + l.url);
    return out;
}

using strings = std::vector<std::string>;

std::string repeat(const std::string& text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
}

}  // namespace

TEST_SUITE("crawl/parse") {
    TEST_CASE("every element that refers to something gives a link of its kind") {
        const auto page = parse_html(
            "<link href=1><script src=2></script><A HREF=3>x</A><map><area href=4></map><img src=5><iframe "
            "src=6></iframe>"
            "<video src=7><source src=8></video><object data=9></object>");
        CHECK(links_of(page) == strings{"link http://host/dir/1", "script http://host/dir/2", "a http://host/dir/3",
                                        "area http://host/dir/4", "img http://host/dir/5", "iframe http://host/dir/6",
                                        "video http://host/dir/7", "source http://host/dir/8",
                                        "object http://host/dir/9"});
        CHECK(links_of(parse_html("<frameset><frame src=10></frameset>")) == strings{"frame http://host/dir/10"});
    }

    TEST_CASE("sounds, plug-ins, tracks, posters and the images of buttons are links") {
        const auto page = parse_html(
            "<audio src=1></audio><embed src=2><video poster=3 src=4><track src=5></video>"
            "<input type=IMAGE src=6><input src=7><input type=text src=8>");
        CHECK(links_of(page) == strings{"audio http://host/dir/1", "embed http://host/dir/2", "video http://host/dir/3",
                                        "video http://host/dir/4", "track http://host/dir/5",
                                        "input http://host/dir/6"});
    }

    TEST_CASE("every image of a srcset is a link") {
        const auto page = parse_html(
            "<img src=1 srcset=' 2 1x,3 2x '><picture><source srcset='4,, 5 100w(a,b) , 6, data:x,y 3x,7'></picture>"
            "<link rel=preload as=image imagesrcset='8 1x'><img srcset=' , '>");
        strings urls;
        for (const auto& l : page.links) {
            if (l.problem.empty()) urls.push_back(std::string(to_string(l.kind)) + " " + l.url.substr(16));
        }
        CHECK(urls == strings{"img 1", "img 2", "img 3", "source 4", "source 5", "source 6", "source 7", "link 8"});
    }

    TEST_CASE("a page that is left by itself is a link to where it goes") {
        const auto target = [](const std::string& content) {
            const auto page = parse_html("<meta http-equiv=Refresh content=\"" + content + "\">");
            return page.links.empty() ? std::string("none") : links_of(page).front();
        };
        for (const char* content :
             {"0;url=x", "5 ; URL = 'x' y", " 0.5,x", ".5 x", "0;x", "0; url='x", "1;&quot;x&quot;z"}) {
            CAPTURE(content);
            CHECK(target(content) == "meta refresh http://host/dir/x");
        }
        CHECK(target("0;urlx") == "meta refresh http://host/dir/urlx");
        CHECK(target("0; url y") == "meta refresh http://host/dir/url%20y");
        for (const char* content : {"5", "", "5x", "x", ";url=x", "5;", "5; url=", "-1;url=x"}) {
            CAPTURE(content);
            CHECK(target(content) == "none");
        }
        CHECK(parse_html("<meta name=refresh content='0;url=x'>").links.empty());
    }

    TEST_CASE("other attributes, comments and the text of scripts give none") {
        CHECK(parse_html("<p href=1><a src=2 name=x><img data=3><!-- <a href=4> --><script>'<a href=5>'</script>"
                         "<textarea><i></textarea>")
                  .links.empty());
    }

    TEST_CASE("references that differ in their fragment or spelling alone are one link") {
        const auto page =
            parse_html("<a href=x#1></a><a href=x#2></a><a href=./x></a><a href=#here></a><a href=''></a>");
        CHECK(links_of(page) == strings{"a http://host/dir/x"});
    }

    TEST_CASE("entities in a reference are resolved before it is") {
        CHECK(links_of(parse_html("<a href='?a=1&amp;b=&#50;'></a>")) ==
              strings{"a http://host/dir/page.html?a=1&b=2"});
    }

    TEST_CASE("a reference that cannot be fetched is kept as found, with the reason") {
        const auto page = parse_html("<a href='mailto:a@b'></a><a href='http://[x'></a>");
        REQUIRE(page.links.size() == 2);
        CHECK(page.links[0].url == "mailto:a@b");
        CHECK(page.links[0].bad_scheme);
        CHECK(page.links[0].problem == "mailto: is not a scheme that can be fetched");
        CHECK_FALSE(page.links[1].bad_scheme);
        CHECK(page.links[1].problem == "\"http://[x\" is not a URL: the IPv6 address has no closing bracket");
    }

    TEST_CASE("the first base with a reference holds for the whole page") {
        const auto page = parse_html("<base target=x><base href='/other/'><base href='/third/'><a href=x></a>");
        CHECK(page.base == "http://host/other/");
        CHECK(links_of(page) == strings{"a http://host/other/x"});
        CHECK(parse_html("<base href='mailto:x'><a href=x></a>").base == "http://host/dir/page.html");
    }

    TEST_CASE("style elements and attributes give the links of their CSS") {
        const auto page =
            parse_html("<style>@import 'a.css'; p{background:url(b.png)}</style><p style='x:url(c.png)'>");
        CHECK(links_of(page) == strings{"css import http://host/dir/a.css", "css url http://host/dir/b.png",
                                        "css url http://host/dir/c.png"});
    }

    TEST_CASE("a style sheet is read as one") {
        const auto page = crawl::parse_page({"http://host/css/a.css", "text/css; charset=utf-8", "p{x:url(../i.png)}"});
        CHECK(links_of(page) == strings{"css url http://host/i.png"});
    }

    TEST_CASE("a type that is neither has a hash and nothing else") {
        const auto page = crawl::parse_page({"http://host/x", "text/plain", "<a href=x>"});
        CHECK(page.links.empty());
        CHECK(page.content_hash != 0);
    }

    TEST_CASE("the title is the first one, trimmed and collapsed") {
        CHECK(parse_html("<title>\n One &amp;\n\t two </title><svg><title>no</title></svg>").title == "One & two");
        CHECK(parse_html("<p>none").title.empty());
    }

    TEST_CASE("text is counted in characters, white space runs as one, scripts, styles and the title not at all") {
        CHECK(parse_html("<title>no</title><p>ab  \n c\xC3\xA9</p><script>no</script><style>no</style>").text_length ==
              5);
    }

    TEST_CASE("the language is that of the root element") {
        CHECK(parse_html("<html lang=' pt-BR '><p lang=en>").language == "pt-BR");
        CHECK(parse_html("<HTML XML:LANG=de>", "application/xhtml+xml").language == "de");
        CHECK(parse_html("<html><p lang=en>").language.empty());
        CHECK(parse_html("<html lang='" + std::string(100, 'x') + "'>").language.empty());
    }

    TEST_CASE("the charset comes from the mark, the header, the meta, in this order") {
        CHECK(parse_html("<meta charset=latin1><title>\xE9</title>").title == "\xC3\xA9");
        CHECK(
            parse_html("<meta http-equiv=Content-Type content='text/html; charset=koi8-r'><title>\xC1</title>").title ==
            "\xD0\xB0");
        CHECK(parse_html("<meta charset=koi8-r><title>\xE9</title>", "text/html; charset=\"ISO-8859-1\"").title ==
              "\xC3\xA9");
        CHECK(parse_html("\xEF\xBB\xBF<meta charset=latin1><title>\xC3\xA9</title>").title == "\xC3\xA9");
        CHECK(parse_html("<title>\xC3\xA9</title>", "text/html; charset=no-such-one").title == "\xC3\xA9");
        std::string wide = "\xFF\xFE";
        for (const char c : std::string("<title>x</title>")) wide += std::string{c, '\0'};
        CHECK(parse_html(wide).title == "x");
        CHECK(parse_html("<meta charset=big5><title>x</title>", "text/html; charset=hz-gb-2312").title.empty());
    }

    TEST_CASE("a query is written in the encoding of its page, a path never is") {
        const auto in = [](const std::string& charset, const std::string& href) {
            const auto page = parse_html("<a href='" + href + "'>x</a>", "text/html; charset=" + charset);
            REQUIRE(page.links.size() == 1);
            return page.links[0].url;
        };
        CHECK(in("latin1", "\xE9?q=\xE9") == "http://host/dir/%C3%A9?q=%E9");
        CHECK(in("shift_jis", "?q=\x93\xFA\x95\x5C#\x93\xFA") == "http://host/dir/page.html?q=%93%FA%95\\");
        CHECK(in("latin1", "?q=&#26085;&amp;r=1") == "http://host/dir/page.html?q=%26%2326085%3B&r=1");
        CHECK(in("utf-8", "?q=\xC3\xA9") == "http://host/dir/page.html?q=%C3%A9");
        CHECK(in("iso-2022-jp", "?q=\x1B$BF|\x1B(B") == "http://host/dir/page.html?q=%1B$BF|%1B(B");
    }

    TEST_CASE("what is declared as UTF-8 and is not becomes replacement characters and hides nothing after it") {
        const auto page = parse_html(
            "<title>a\xFF"
            "b</title>\xC3<a href=x\xFE>y</a>",
            "text/html; charset=utf-8");
        CHECK(page.title ==
              "a\xEF\xBF\xBD"
              "b");
        CHECK(links_of(page) == strings{"a http://host/dir/x%EF%BF%BD"});
    }

    TEST_CASE("NUL bytes hide nothing after them") {
        using namespace std::string_literals;
        CHECK(links_of(parse_html("<p>\0</p>\0\0<a href=x>y</a>"s)) == strings{"a http://host/dir/x"});
    }

    TEST_CASE("truncated and unclosed markup still gives its links") {
        // The tag that the end cuts is dropped, as a browser does.
        CHECK(links_of(parse_html("<a href=x>y</a><a href=z")) == strings{"a http://host/dir/x"});
        CHECK(links_of(parse_html("<p><b><a href=x><i></p></b>")) == strings{"a http://host/dir/x"});
        CHECK(parse_html("").links.empty());
        CHECK(parse_html("<!-- never closed <a href=x>").links.empty());
    }

    TEST_CASE("a hundred thousand nested elements are read to the end") {
        const auto page = parse_html(repeat("<div>", 100'000) + "<a href=x>y</a>" + repeat("</div>", 100'000));
        CHECK(links_of(page) == strings{"a http://host/dir/x"});
    }

    TEST_CASE("an attribute of ten million characters is read") {
        const auto page = parse_html("<a title='" + repeat("0123456789", 1'000'000) + "' href=x>y</a>");
        CHECK(links_of(page) == strings{"a http://host/dir/x"});
    }

    TEST_CASE("of more links than any page has the first are kept, and it is told") {
        std::string body;
        for (std::size_t i = 0; i < crawl::link_set::most + 10; ++i) body += "<a href=" + std::to_string(i) + ">";
        const auto page = parse_html(body + "<a href=0>");
        CHECK(page.links.size() == crawl::link_set::most);
        CHECK(page.left_out == "it has more links than the 100000 or 16 MiB that are kept: the rest is left out");
        CHECK(parse_html("<a href=0><a href=1>").left_out.empty());
    }

    TEST_CASE("short links to what is long take no more memory than is kept") {
        std::string body = "<base href='/" + std::string(1000, 'x') + "/'>";
        for (int i = 0; i < 50'000; ++i) body += "<a href=" + std::to_string(i) + ">";
        const auto page = parse_html(body);
        std::size_t bytes = 0;
        for (const auto& l : page.links) bytes += l.url.size();
        CHECK(bytes <= crawl::link_set::most_bytes);
        CHECK(bytes > crawl::link_set::most_bytes - 2000);
        CHECK_FALSE(page.left_out.empty());
    }

    TEST_CASE("only so many places and fragments of a page are kept, and it is told") {
        std::string places;
        std::string fragments;
        for (std::size_t i = 0; i < crawl::fragment_set::most + 10; ++i) {
            places += "<p id=" + std::to_string(i) + ">";
            fragments += "<a href=#" + std::to_string(i) + ">";
        }
        const auto parse = [](const std::string& body) {
            return crawl::parse_page_and_fragments({"http://host/", "text/html", body});
        };
        CHECK(parse(places).places.size() == crawl::fragment_set::most);
        CHECK(parse(places).left_out.starts_with("it has more fragments than"));
        CHECK(parse(fragments).fragments.at(0).fragments.size() == crawl::fragment_set::most);
        CHECK(parse(fragments).left_out.starts_with("it has more fragments than"));
        CHECK(parse("<p id=1><a href='#1'>").left_out.empty());
    }

    TEST_CASE("of what leads nowhere the beginning is kept") {
        const std::string data = "data:image/png;base64," + repeat("A", 10'000);
        const auto page = parse_html("<img src='" + data + "'><a href='http://[" + repeat("\xC3\xA9", 500) + "'>");
        REQUIRE(page.links.size() == 2);
        CHECK(page.links[0].url == data.substr(0, 200) + "\xE2\x80\xA6 (10022 bytes)");
        CHECK(page.links[1].url.size() < 230);
        CHECK(page.links[1].url.ends_with("\xC3\xA9\xE2\x80\xA6 (1008 bytes)"));
        CHECK(page.links[1].problem.size() < 300);
        const auto secret = parse_html("<a href='ftp://me:word@h/x'><a href='http://me:word@[x'><a href='mailto:a@b'>");
        CHECK(links_of(secret) == strings{"a ftp://h/x", "a http://[x", "a mailto:a@b"});
        CHECK(secret.links[1].problem.find("word") == std::string::npos);
    }

    TEST_CASE("a document whose own URL is none is refused") {
        CHECK_THROWS_WITH((void)crawl::parse_page({"nonsense", "text/html", ""}),
                          "cannot parse a page: \"nonsense\" is not a URL: it has no scheme, such as http://");
    }
}
