// Adds to the crawler what is to be found in pages: a function, which it runs in its worker processes.
#include <braid/braid.hpp>
#include <crawl/crawler.hpp>
#include <fmt/core.h>
#include <regex>
#include <serve/server.hpp>

crawl::parsed_page find_prices(const crawl::document& page) {
    static const std::regex price(R"([0-9]+\.[0-9]{2} EUR)");
    crawl::parsed_page found = crawl::parse_page(page);
    for (std::sregex_iterator at(page.body.begin(), page.body.end(), price), end; at != end; ++at)
        found.extracts.push_back({"price", at->str()});
    return found;
}

braid::task<> app() {
    const auto executor = co_await braid::this_executor();
    serve::server shop(executor, {.root = SHOP_FOLDER, .port = 0});
    const crawl::options how{.seeds = {*crawl::parse_url(shop.url())}, .output = "prices.db", .allow_private = true};
    co_await braid::with_task_group([&](braid::task_group& around) -> braid::task<> {
        around.start_daemon(&serve::server::run, &shop);
        crawl::crawler crawler(executor, how, find_prices);
        co_await crawler.run();
    });
    crawl::database results(how.output);
    crawl::statement prices(results, "SELECT title, value FROM page_extracts JOIN pages ON id = page_id ORDER BY 1, 2");
    while (prices.step()) fmt::print("{}: {}\n", prices.text(0), prices.text(1));
}

int main(int argc, char** argv) { return braid::run(argc, argv, app); }
