#include "progress_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <cstdint>
#include <utility>

#include "json_text.hpp"

namespace crawl {
namespace {

namespace json = boost::json;

std::int64_t milliseconds(std::chrono::duration<double> time) {
    return std::chrono::round<std::chrono::milliseconds>(time).count();
}

/// To a tenth: more is noise.
double tenths(double number) { return static_cast<double>(static_cast<std::int64_t>(number * 10 + 0.5)) / 10; }

std::uint64_t whole(double number) { return static_cast<std::uint64_t>(number + 0.5); }

json::array busiest_hosts(const progress& now, const rates& speed) {
    json::array all;
    for (const host_load& host : now.busiest) {
        json::object told{
            {"host", json_text(host.origin)}, {"in_flight", host.in_flight}, {"limit", host.limit},
            {"queued", host.queued},          {"done", host.done},           {"delay_ms", host.delay.count()}};
        if (const auto rate = speed.hosts.find(host.origin); rate != speed.hosts.end())
            told.emplace("done_per_s", tenths(rate->second));
        all.push_back(std::move(told));
    }
    return all;
}

}  // namespace

std::string progress_json(const progress& now, const rates& speed, std::string_view state) {
    json::object object{{"state", json_text(state)}, {"elapsed_ms", milliseconds(now.elapsed)},
                        {"done", now.done},          {"known", now.known()},
                        {"queued", now.queued},      {"in_flight", now.in_flight},
                        {"settled", speed.settled}};
    if (speed.left) object.emplace("left_ms", milliseconds(*speed.left));
    object.emplace("pages", now.pages);
    object.emplace("pages_per_s", tenths(speed.pages.lately));
    object.emplace("pages_per_s_overall", tenths(speed.pages.overall));
    object.emplace("bytes", now.bytes);
    object.emplace("received", now.received);
    object.emplace("received_per_s", whole(speed.received.lately));
    object.emplace("received_per_s_overall", whole(speed.received.overall));
    object.emplace("connections", now.connections);
    object.emplace("hosts", now.hosts);
    object.emplace("hosts_waiting", now.hosts_waiting);
    object.emplace("busiest", busiest_hosts(now, speed));
    object.emplace("workers", now.workers);
    object.emplace("parsing", now.parsing);
    object.emplace("errors", now.errors);
    if (now.errors > 0) {
        object.emplace("last_error",
                       json::object{{"url", json_text(now.last_error.url)}, {"why", json_text(now.last_error.why)}});
    }
    return json::serialize(object) + '\n';
}

}  // namespace crawl
