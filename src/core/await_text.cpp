#include "core/await_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace braid::detail {

namespace {

constexpr std::string_view anonymous = "{anonymous}::";

void replace_all(std::string& text, std::string_view what, std::string_view with) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
        text.replace(at, what.size(), with);
}

/// Where the name begins that ends at `end`: after the return type, which may have blanks inside of its <>.
std::size_t begin_of_name(std::string_view text, std::size_t end) {
    int depth = 0;
    for (std::size_t at = end; at != 0; --at) {
        const char c = text[at - 1];
        if (c == '>') ++depth;
        if (c == '<') --depth;
        if (c == ' ' && depth == 0) return at;
    }
    return 0;
}

}  // namespace

// GCC writes `void ns::{anonymous}::f(f(int)::_Z1fi.Frame*)`, Clang `task<> ns::(anonymous namespace)::f(int)`.
std::string function_of(const std::source_location& await) {
    std::string text = await.function_name();
    const bool lambda =
        text.find("<lambda") != std::string::npos || text.find("(anonymous class)") != std::string::npos;
    replace_all(text, "(anonymous namespace)::", anonymous);
    const std::size_t end = std::min(text.find('('), text.size());
    std::string name = text.substr(begin_of_name(text, end), end - begin_of_name(text, end));
    replace_all(name, anonymous, "");
    return lambda ? "a lambda in " + name : name;
}

std::string text_of(const std::source_location& await) {
    const std::string_view path = await.file_name();
    const std::size_t slash = path.rfind('/');
    return fmt::format("{} ({}:{})", function_of(await), slash == path.npos ? path : path.substr(slash + 1),
                       await.line());
}

bool is_internal(const std::source_location& await) {
    const std::string name = function_of(await);
    return name.empty() || name.starts_with("braid::detail::") || name.starts_with("a lambda in braid::") ||
           name == "braid::named";
}

}  // namespace braid::detail
