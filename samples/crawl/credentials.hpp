#pragma once
// Secrets of the user, and whom they are told.

#include <string>
#include <string_view>
#include <vector>

#include "url.hpp"

namespace crawl {

/// The value of an Authorization header for `NAME:PASSWORD`.
[[nodiscard]] std::string basic_authorization(std::string_view name_and_password);

/// Does a header of that name hold a secret, so that it is for the start hosts only?
[[nodiscard]] bool is_secret(std::string_view header_name);

/// Is it the host and port of this, or of one of these, with TLS if that has it? At the usual ports a site may have
/// moved from http to https, never back.
[[nodiscard]] bool is_home(const url& home, const url& target);
[[nodiscard]] bool is_home(const std::vector<url>& homes, const url& target);

}  // namespace crawl
