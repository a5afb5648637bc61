#include <crawl/css.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

std::vector<std::string> references(std::string_view css) {
    std::vector<std::string> out;
    for (const auto& r : crawl::css_references(css)) out.push_back((r.is_import ? "import " : "url ") + r.href);
    return out;
}

using strings = std::vector<std::string>;

}  // namespace

TEST_SUITE("crawl/css") {
    TEST_CASE("url() is found bare, quoted, spaced and in any case") {
        CHECK(references("a{b:url(x)} c{d:URL( 'y' )} e{f:Url(\"z\")} g:url( w )") ==
              strings{"url x", "url y", "url z", "url w"});
    }

    TEST_CASE("import is found as a string and as a url") {
        CHECK(references("@import 'a.css'; @IMPORT url(b.css) screen; @import/**/\"c.css\";@media x{}") ==
              strings{"import a.css", "import b.css", "import c.css"});
    }

    TEST_CASE("comments and strings hide what is in them") {
        CHECK(references("/* url(a) */ b{content:'url(c)'} /* ' */ d{e:url(f)}") == strings{"url f"});
        CHECK(references("content:'\\'url(x)'; y:url(z)") == strings{"url z"});
    }

    TEST_CASE("names that only end in url, and other functions, are not references") {
        CHECK(references("a:xurl(b); c:-url(d); e:curl(f); g:attr(h); i: url (j); @imports 'k'").empty());
    }

    TEST_CASE("escapes are resolved") {
        CHECK(references("a:url(b\\)c); d:url('e\\'f'); g:\\75rl(h); i:u\\72 l(j); k:url('\\e9 l')") ==
              strings{"url b)c", "url e'f", "url h", "url j", "url \xC3\xA9l"});
    }

    TEST_CASE("broken parts are skipped and the rest is read") {
        CHECK(references("a:url(b c); d:url(e'f); g:url(h)") == strings{"url h"});
        CHECK(references("a:'never closed\n; b:url(c)") == strings{"url c"});
        CHECK(references("a:url(cut") == strings{"url cut"});
        CHECK(references("a:url(").empty());
        CHECK(references("/* never closed url(x)").empty());
        CHECK(references("\\").empty());
        CHECK(references("url()").empty());
        CHECK(references("@import").empty());
    }

    TEST_CASE("every prefix of a style sheet can be read") {
        const std::string css = "/*c*/@import url('a\\62 c.css');b{c:url(\"d\\\ne\")}\\66 {g:url( h\\) )}";
        for (std::size_t n = 0; n <= css.size(); ++n) CHECK(references(css.substr(0, n)).size() <= 3);
        CHECK(references(css) == strings{"import abc.css", "url de", "url h)"});
    }
}
