#include "process/symbolise.hpp"

#include <boost/core/demangle.hpp>
#include <boost/stacktrace/frame.hpp>

#include <fmt/format.h>

namespace braid::process_detail {

namespace {

// A worker has the same modules as we have, elsewhere: the same code here has the same names.
const void* code_at(wire::code_address place) {
    try {
        return wire::from_address(place);
    } catch (const wire::image_error&) {
        return nullptr;  // a module that only the worker has, or a report that makes no sense
    }
}

}  // namespace

std::string describe_code(wire::code_address place) {
    const void* const code = code_at(place);
    if (!code) return fmt::format("code that is not ours (module {}, offset {:#x})", place.module, place.offset);
    const boost::stacktrace::frame frame(code);
    std::string name = frame.name();
    if (name.empty()) name = fmt::format("{:#x} of module {}", place.offset, place.module);
    const std::string file = frame.source_file();
    return file.empty() ? name : fmt::format("{} at {}:{}", name, file, frame.source_line());
}

std::string name_of_function(const void* address, const std::type_info& type) {
    if (address) {
        if (std::string name = boost::stacktrace::frame(address).name(); !name.empty()) return name;
    }
    return boost::core::demangle(type.name());
}

}  // namespace braid::process_detail
