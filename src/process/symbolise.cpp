#include "process/symbolise.hpp"

#include <boost/core/demangle.hpp>
#include <boost/stacktrace/frame.hpp>

#include <fmt/format.h>

#include <mutex>
#include <unordered_map>

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

namespace {

/// What was looked up once: the debug information is large, and the functions that are called are few.
class known_names {
public:
    std::string of(const void* address) {
        const std::lock_guard lock(mutex_);
        const auto [at, is_new] = names_.try_emplace(address);
        if (is_new) at->second = boost::stacktrace::frame(address).name();
        return at->second;
    }

private:
    std::mutex mutex_;
    std::unordered_map<const void*, std::string> names_;
};

}  // namespace

std::string name_of_function(const void* address, const std::type_info& type) {
    static auto& known = *new known_names;  // never destroyed: errors are read until the very end
    if (address) {
        if (std::string name = known.of(address); !name.empty()) return name;
    }
    return boost::core::demangle(type.name());
}

}  // namespace braid::process_detail
