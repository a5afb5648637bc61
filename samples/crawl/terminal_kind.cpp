#include "terminal_kind.hpp"

#include <string>
#include <string_view>

#include "ascii.hpp"

namespace crawl {
namespace {

std::string value_of(const environment_lookup& environment, const char* name) {
    const char* const value = environment(name);
    return value != nullptr ? value : "";
}

/// Source: POSIX, 8.2: the first that is not empty counts.
std::string locale_of_text(const environment_lookup& environment) {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        if (std::string value = value_of(environment, name); !value.empty()) return value;
    }
    return {};
}

bool names_utf8(std::string_view name) {
    const std::string locale = ascii::lower_case(name);
    return locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
}

}  // namespace

bool can_move_its_cursor(const environment_lookup& environment) {
    const std::string kind = value_of(environment, "TERM");
    return !kind.empty() && kind != "dumb";
}

terminal_traits traits_of_terminal(const environment_lookup& environment) {
    return {.utf8 = names_utf8(locale_of_text(environment)), .colour = value_of(environment, "NO_COLOR").empty()};
}

}  // namespace crawl
