#include <crawl/utf8.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "reports.hpp"

namespace linkcheck {
namespace {

namespace json = boost::json;

json::string valid(const std::string& text) { return json::string(crawl::repair_utf8(text)); }

json::object object_of(const finding& f) {
    json::object object{{"page", valid(f.page)}, {"link", valid(f.link)}, {"problem", valid(f.problem)}};
    if (!f.kind.empty()) object.emplace("kind", valid(f.kind));
    if (!f.via.empty()) object.emplace("via", valid(f.via));
    return object;
}

}  // namespace

std::string format_json(const findings& all) {
    json::array broken;
    for (const finding& f : all.broken) broken.emplace_back(object_of(f));
    const json::object report{{"pages", all.pages.size()},
                              {"links", all.links},
                              {"fragments", all.fragments},
                              {"external", all.external},
                              {"broken", std::move(broken)}};
    return json::serialize(report) + '\n';
}

}  // namespace linkcheck
