#include "json_lines.hpp"

#include <boost/json/array.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "json_text.hpp"

namespace crawl {
namespace {

namespace json = boost::json;

void add_text(json::object& to, json::string_view name, std::string_view text) {
    if (!text.empty()) to.emplace(name, json_text(text, to.storage()));
}

template <class Number>
void add_number(json::object& to, json::string_view name, const std::optional<Number>& number) {
    if (number) to.emplace(name, *number);
}

json::object link_object(const link& l, const json::storage_ptr& memory) {
    json::object object(memory);
    object.emplace("url", json_text(l.url, memory));
    object.emplace("kind", json_text(to_string(l.kind), memory));
    if (l.nofollow) object.emplace("nofollow", true);
    add_text(object, "problem", l.problem);
    return object;
}

json::array extracts_array(const std::vector<extract>& extracts, const json::storage_ptr& memory) {
    json::array array(memory);
    for (const extract& e : extracts) {
        json::object object(memory);
        object.emplace("name", json_text(e.name, memory));
        object.emplace("value", json_text(e.value, memory));
        array.push_back(std::move(object));
    }
    return array;
}

json::object page_object(const exported_page& page, const json::storage_ptr& memory) {
    const finished_record& end = page.end;
    json::object object(memory);
    object.emplace("url", json_text(page.url, memory));
    object.emplace("depth", page.depth);
    object.emplace("outcome", json_text(to_string(end.how), memory));
    add_text(object, "detail", end.detail);
    if (end.status != 0) object.emplace("status", end.status);
    add_text(object, "type", end.type);
    add_text(object, "title", end.title);
    add_text(object, "language", end.language);
    add_number(object, "text_length", end.text_length);
    if (end.content_hash) add_text(object, "content_hash", hash_text(*end.content_hash));
    if (end.fetched_at) add_text(object, "fetched_at", iso_time(*end.fetched_at));
    if (end.took) object.emplace("took_ms", std::chrono::duration<double, std::milli>(*end.took).count());
    add_number(object, "bytes", end.bytes);
    add_number(object, "received", end.received);
    json::array links(memory);
    links.reserve(page.links.size());
    for (const link& l : page.links) links.push_back(link_object(l, memory));
    object.emplace("links", std::move(links));
    if (!page.extracts.empty()) object.emplace("extracts", extracts_array(page.extracts, memory));
    return object;
}

}  // namespace

std::string json_line(const exported_page& page) {
    json::monotonic_resource memory;
    return json::serialize(page_object(page, &memory)) + '\n';
}

json_lines::json_lines(std::filesystem::path path, std::uint64_t kept) : file_(std::move(path), kept) {}

void json_lines::write(std::span<const exported_page> pages) {
    std::string text;
    for (const exported_page& page : pages) text += json_line(page);
    file_.write(text);
}

}  // namespace crawl
