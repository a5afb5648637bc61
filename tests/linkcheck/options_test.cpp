#include <linkcheck/options.hpp>

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>
#include <vector>

namespace {

std::variant<linkcheck::options, crawl::early_exit> parse(std::initializer_list<const char*> arguments) {
    std::vector<const char*> argv{"linkcheck"};
    argv.insert(argv.end(), arguments);
    return linkcheck::parse_options(static_cast<int>(argv.size()), argv.data());
}

}  // namespace

TEST_SUITE("linkcheck/options") {
    TEST_CASE("a folder or URL is enough, fragments are looked for, and nothing elsewhere") {
        const auto parsed = parse({"site"});
        REQUIRE(std::holds_alternative<linkcheck::options>(parsed));
        const auto& o = std::get<linkcheck::options>(parsed);
        CHECK(o.what == "site");
        CHECK(o.crawling.fragments);
        CHECK(o.crawling.output.empty());
        CHECK_FALSE(o.external);
        CHECK_FALSE(o.json);
    }

    TEST_CASE("its own options and those of the crawler are understood") {
        const auto parsed = parse({"--external", "--json", "--junit", "j.xml", "-o", "x.db", "--depth", "2", "-A", "me",
                                   "-H", "A: b", "http://h/"});
        REQUIRE(std::holds_alternative<linkcheck::options>(parsed));
        const auto& o = std::get<linkcheck::options>(parsed);
        CHECK(o.external);
        CHECK(o.json);
        CHECK(o.junit == "j.xml");
        CHECK(o.crawling.output == "x.db");
        CHECK(o.crawling.max_depth == 2);
        CHECK(o.crawling.user_agent == "me");
        CHECK(o.crawling.headers.size() == 1);
    }

    TEST_CASE("proxies are those of the environment") {
        const auto with_proxy = [](const char* proxy) {
            const char* const argv[] = {"linkcheck", "http://h/"};
            return linkcheck::parse_options(
                2, argv, [proxy](const char* name) { return std::string(name) == "http_proxy" ? proxy : nullptr; });
        };
        const auto o = std::get<linkcheck::options>(with_proxy("http://p:3128"));
        const crawl::proxy* proxy = o.crawling.proxies.of(*crawl::parse_url("http://h/"));
        REQUIRE(proxy != nullptr);
        CHECK(proxy->name() == "p:3128");
        const auto wrong = std::get<crawl::early_exit>(with_proxy("socks5://p"));
        CHECK(wrong.code == 2);
        CHECK(wrong.text.starts_with("linkcheck: the environment's http_proxy names a proxy of the scheme socks5"));
    }

    TEST_CASE("a check that is not complete is dropped only if that is asked for") {
        CHECK_FALSE(std::get<linkcheck::options>(parse({"x", "-o", "x.db"})).crawling.restart);
        CHECK(std::get<linkcheck::options>(parse({"x", "-o", "x.db", "--restart"})).crawling.restart);
    }

    TEST_CASE("help has its options in groups, those of the crawl named so") {
        const std::string help = std::get<crawl::early_exit>(parse({"--help"})).text;
        std::size_t last = 0;
        for (const char* group :
             {"Check:", "Results:", "Watching:", "Crawling: Limits:", "Crawling: Politeness:", "Crawling: Network:"}) {
            const std::size_t at = help.find(std::string("\n") + group + "\n");
            CHECK_MESSAGE(at != std::string::npos, group);
            CHECK_MESSAGE(at > last, group);
            last = at;
        }
        CHECK(help.find("SIGUSR1") != std::string::npos);
    }

    TEST_CASE("what is wrong is said with the program's name, and help tells the exit status") {
        const auto wrong = std::get<crawl::early_exit>(parse({}));
        CHECK(wrong.code == 2);
        CHECK(wrong.text.starts_with("linkcheck: URL|FOLDER is required\n"));
        const auto help = std::get<crawl::early_exit>(parse({"--help"}));
        CHECK(help.code == 0);
        CHECK(help.text.find("Exit status: 0 nothing is broken") != std::string::npos);
    }
}
