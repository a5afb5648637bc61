#include "patient_fetching.hpp"

#include <braid/core/spawn.hpp>
#include <braid/core/this_executor.hpp>

#include <utility>

#include "fetching.hpp"

namespace crawl::testing {
namespace {

braid::task<> pass_the_time(braid::time_point then) {
    waited += std::chrono::ceil<std::chrono::milliseconds>(then - present);
    present = then;
    co_return;
}

}  // namespace

const crawl_clock time_of_the_test{.now = [] { return present; }, .sleep_until = pass_the_time};

fetching::fetching(boost::asio::any_io_executor executor, patience_options how)
    : plain(std::move(executor), local()),
      pace(std::chrono::milliseconds(0), time_of_the_test),
      patient(how, plain, pace, nullptr, [this](std::string note) { told.push_back(std::move(note)); }),
      rules(
          {}, patient, pace, [this](std::string note) { told.push_back(std::move(note)); },
          [this](const url& sitemap) { sitemaps.emplace_back(sitemap.target()); }, time_of_the_test) {}

void with_fetching(const test_server::answer& site, patience_options how,
                   std::function<braid::task<>(fetching&, test_server&)> work) {
    braid::run_blocking(with_server(site, [&](test_server& server) -> braid::task<> {
        fetching by(co_await braid::this_executor(), how);
        waited = std::chrono::milliseconds(0);
        co_await work(by, server);
    }));
}

}  // namespace crawl::testing
