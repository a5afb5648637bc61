#include <crawl/utf8.hpp>
#include <fmt/format.h>
#include <libxml/xmlwriter.h>

#include <map>
#include <memory>
#include <new>
#include <set>

#include "reports.hpp"

namespace linkcheck {
namespace {

using by_page = std::map<std::string, std::vector<const finding*>>;

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

void write_case(xml_writer& to, const std::string& page, const std::vector<const finding*>& broken) {
    to.begin("testcase");
    to.attribute("classname", "links");
    to.attribute("name", page);
    if (!broken.empty()) {
        to.begin("failure");
        to.attribute("message",
                     broken.size() == 1 ? in_words(*broken.front()) : fmt::format("{} broken links", broken.size()));
        std::string lines;
        for (const finding* f : broken) lines += in_words(*f) + "\n";
        to.content(lines);
        to.end();
    }
    to.end();
}

}  // namespace

std::string format_junit(const findings& all) {
    by_page cases;
    for (const std::string& page : all.pages) cases[page];
    std::set<std::string> failed;
    for (const finding& f : all.broken) {
        const std::string& page = f.page.empty() ? f.link : f.page;
        cases[page].push_back(&f);
        failed.insert(page);
    }
    xml_writer to;
    to.begin("testsuites");
    to.begin("testsuite");
    to.attribute("name", "linkcheck");
    to.attribute("tests", std::to_string(cases.size()));
    to.attribute("failures", std::to_string(failed.size()));
    to.attribute("errors", "0");
    for (const auto& [page, broken] : cases) write_case(to, page, broken);
    to.end();
    to.end();
    return to.finish();
}

}  // namespace linkcheck
