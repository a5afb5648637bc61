// What is this program doing? Every task, what it waits for, and where. `kill -USR1` asks the same.
#include <braid/braid.hpp>
#include <fmt/core.h>

braid::task<> fetch(std::string) { co_await braid::sleep_for(std::chrono::hours(1)); }

braid::task<> crawl(braid::channel<int>& pages) {
    co_await braid::with_task_group([&](braid::task_group& group) -> braid::task<> {
        for (const std::string url : {"a.html", "b.html"}) group.start(braid::named<braid::task<>>, url, fetch(url));
        co_await pages.pop();
    });
}

braid::task<> app() {
    const braid::dump_on_signal on_request;
    braid::channel<int> pages(8);
    co_await braid::with_task_group([&](braid::task_group& group) -> braid::task<> {
        group.start(crawl, std::ref(pages));
        co_await braid::sleep_for(std::chrono::milliseconds(20));
        fmt::print("{}", (co_await braid::dump_tasks()).text());
        group.cancel();
    });
}

int main(int argc, char** argv) { return braid::run(argc, argv, app); }
