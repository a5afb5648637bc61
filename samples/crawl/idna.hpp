#pragma once
// International host names, as UTS #46 has browsers read them.

#include <optional>
#include <string>
#include <string_view>

namespace crawl {

/// The ASCII form of a host name in UTF-8: mapped (lower case, full width, ...) and each label that needs it in
/// Punycode. Nothing if a label is not valid, `xn--` ones included, or nothing is left of the name. Lengths of labels
/// are not checked, as browsers do not: such a host is not found. Threads: any number at once.
[[nodiscard]] std::optional<std::string> domain_to_ascii(std::string_view name);

}  // namespace crawl
