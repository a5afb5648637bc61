#pragma once
// Names for places in the code: function, file and line, as far as the executable knows them.

#include <braid/wire/image.hpp>

#include <string>
#include <typeinfo>

namespace braid::process_detail {

/// "parse(std::string) at /src/parse.cpp:12", without what is not known; at least module and offset.
/// The first use reads the debug information, which takes a while where there is much. Threads: any.
[[nodiscard]] std::string describe_code(wire::code_address place);

/// The name of a function: a plain one's by its address, a callable's by its type (`address` is null then).
[[nodiscard]] std::string name_of_function(const void* address, const std::type_info& type);

}  // namespace braid::process_detail
