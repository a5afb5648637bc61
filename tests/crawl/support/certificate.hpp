#pragma once
// Certificates for servers under test, made on the spot.

#include <string>

namespace crawl::testing {

struct certificate {
    std::string pem;      ///< the certificate
    std::string key_pem;  ///< its private key
};

/// A self-signed certificate for a day, made out to `subject_alternatives`, as OpenSSL writes them:
/// "IP:127.0.0.1,DNS:name.example".
[[nodiscard]] certificate make_certificate(const std::string& subject_alternatives);

}  // namespace crawl::testing
