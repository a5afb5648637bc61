#include <crawl/utf8.hpp>
#include <fmt/format.h>
#include <libxml/xmlwriter.h>

#include <algorithm>
#include <map>
#include <memory>
#include <new>
#include <vector>

#include "reports.hpp"

namespace linkcheck {
namespace {

/// What is told of a page, or of a URL that was to be one.
struct page_case {
    std::vector<const finding*> broken{};
    const unchecked* left = nullptr;  // null if it was read
};
using by_page = std::map<std::string, page_case>;

/// Text for XML, which has no way to write most control characters.
std::string xml_text(const std::string& text) {
    std::string valid = crawl::repair_utf8(text);
    for (char& c : valid) {
        if (static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\t') c = '?';
    }
    return valid;
}

/// libxml2's writer, into memory. What it can fail of is want of memory.
class xml_writer {
public:
    xml_writer() : buffer_(need(xmlBufferCreate())), writer_(need(xmlNewTextWriterMemory(buffer_.get(), 0))) {
        check(xmlTextWriterSetIndent(writer_.get(), 1));
        check(xmlTextWriterStartDocument(writer_.get(), nullptr, "UTF-8", nullptr));
    }
    void begin(const char* element) { check(xmlTextWriterStartElement(writer_.get(), text(element))); }
    void end() { check(xmlTextWriterEndElement(writer_.get())); }
    void attribute(const char* name, const std::string& value) {
        check(xmlTextWriterWriteAttribute(writer_.get(), text(name), text(xml_text(value).c_str())));
    }
    void content(const std::string& what) {
        check(xmlTextWriterWriteString(writer_.get(), text(xml_text(what).c_str())));
    }
    std::string finish() {
        check(xmlTextWriterEndDocument(writer_.get()));
        writer_.reset();
        return reinterpret_cast<const char*>(xmlBufferContent(buffer_.get()));
    }

private:
    static const xmlChar* text(const char* of) { return reinterpret_cast<const xmlChar*>(of); }
    static void check(int result) {
        if (result < 0) throw std::bad_alloc();
    }
    template <class T>
    static T* need(T* pointer) {
        if (pointer == nullptr) throw std::bad_alloc();
        return pointer;
    }
    struct deleter {
        void operator()(xmlBufferPtr buffer) const { xmlBufferFree(buffer); }
        void operator()(xmlTextWriterPtr writer) const { xmlFreeTextWriter(writer); }
    };
    std::unique_ptr<xmlBuffer, deleter> buffer_;
    std::unique_ptr<xmlTextWriter, deleter> writer_;
};

std::string in_words(const finding& f) {
    const std::string way = f.via.empty() ? "" : fmt::format(" (by way of {})", f.via);
    return fmt::format("{}{}: {}", f.link, way, f.problem);
}

void write_failure(xml_writer& to, const std::vector<const finding*>& broken) {
    to.begin("failure");
    to.attribute("message",
                 broken.size() == 1 ? in_words(*broken.front()) : fmt::format("{} broken links", broken.size()));
    std::string lines;
    for (const finding* f : broken) lines += in_words(*f) + "\n";
    to.content(lines);
    to.end();
}

void write_left(xml_writer& to, const unchecked& left) {
    to.begin(left.failed ? "error" : "skipped");
    to.attribute("message", left.detail.empty() ? left.reason : fmt::format("{}: {}", left.reason, left.detail));
    to.end();
}

void write_case(xml_writer& to, const std::string& page, const page_case& told) {
    to.begin("testcase");
    to.attribute("classname", "links");
    to.attribute("name", page);
    if (!told.broken.empty()) write_failure(to, told.broken);
    if (told.left != nullptr) write_left(to, *told.left);
    to.end();
}

by_page cases_of(const findings& all) {
    by_page cases;
    for (const std::string& page : all.pages) cases[page];
    for (const finding& f : all.broken) cases[f.page.empty() ? f.link : f.page].broken.push_back(&f);
    for (const unchecked& u : all.not_checked) cases[u.page].left = &u;
    return cases;
}

template <class Predicate>
std::string count_if(const by_page& cases, Predicate is) {
    const auto fits = [is](const by_page::value_type& one) { return is(one.second); };
    return std::to_string(std::count_if(cases.begin(), cases.end(), fits));
}

}  // namespace

std::string format_junit(const findings& all) {
    const by_page cases = cases_of(all);
    xml_writer to;
    to.begin("testsuites");
    to.begin("testsuite");
    to.attribute("name", "linkcheck");
    to.attribute("tests", std::to_string(cases.size()));
    to.attribute("failures", count_if(cases, [](const page_case& one) { return !one.broken.empty(); }));
    to.attribute("errors", count_if(cases, [](const page_case& one) { return one.left && one.left->failed; }));
    to.attribute("skipped", count_if(cases, [](const page_case& one) { return one.left && !one.left->failed; }));
    for (const auto& [page, told] : cases) write_case(to, page, told);
    to.end();
    to.end();
    return to.finish();
}

}  // namespace linkcheck
