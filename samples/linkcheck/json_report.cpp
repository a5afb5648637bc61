#include <crawl/utf8.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <vector>

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

json::object object_of(const unchecked& u) {
    json::object object{{"page", valid(u.page)}, {"reason", valid(u.reason)}};
    if (!u.detail.empty()) object.emplace("detail", valid(u.detail));
    return object;
}

template <class T>
json::array array_of(const std::vector<T>& all) {
    json::array array;
    for (const T& one : all) array.emplace_back(object_of(one));
    return array;
}

}  // namespace

std::string format_json(const findings& all) {
    json::object report{{"pages", all.pages.size()},      {"links", all.links},
                        {"fragments", all.fragments},     {"external", all.external},
                        {"broken", array_of(all.broken)}, {"not_checked", array_of(all.not_checked)}};
    if (all.interrupted) report.emplace("interrupted", true);
    return json::serialize(report) + '\n';
}

}  // namespace linkcheck
