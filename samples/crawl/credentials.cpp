#include "credentials.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <boost/beast/core/string.hpp>

namespace crawl {

std::string basic_authorization(std::string_view name_and_password) {
    const std::size_t length = (name_and_password.size() + 2) / 3 * 4;
    std::string encoded(length + 1, '\0');  // OpenSSL ends it with a zero
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                    reinterpret_cast<const unsigned char*>(name_and_password.data()),
                    static_cast<int>(name_and_password.size()));
    encoded.resize(length);
    return "Basic " + encoded;
}

bool is_secret(std::string_view header_name) {
    const boost::beast::string_view name(header_name.data(), header_name.size());
    return boost::beast::iequals(name, "authorization") || boost::beast::iequals(name, "cookie") ||
           boost::beast::iequals(name, "proxy-authorization");
}

bool is_home(const url& home, const url& target) {
    if (home.origin() == target.origin()) return true;
    const bool moved_to_tls = home.scheme() == "http" && target.scheme() == "https" &&
                              home.port() == usual_port("http") && target.port() == usual_port("https");
    return moved_to_tls && home.host() == target.host();
}

bool is_home(const std::vector<url>& homes, const url& target) {
    return std::any_of(homes.begin(), homes.end(), [&target](const url& home) { return is_home(home, target); });
}

}  // namespace crawl
