#include "idna.hpp"

#include <unicode/uidna.h>

#include <new>

namespace crawl {
namespace {

// What the URL standard lets pass: it sets CheckHyphens and VerifyDnsLength to false.
constexpr std::uint32_t overlooked = UIDNA_ERROR_EMPTY_LABEL | UIDNA_ERROR_LABEL_TOO_LONG |
                                     UIDNA_ERROR_DOMAIN_NAME_TOO_LONG | UIDNA_ERROR_LEADING_HYPHEN |
                                     UIDNA_ERROR_TRAILING_HYPHEN | UIDNA_ERROR_HYPHEN_3_4;

/// Made once, never changed, and left to the end of the process.
const UIDNA& rules() {
    static const UIDNA* const made = [] {
        UErrorCode status = U_ZERO_ERROR;
        const UIDNA* const opened =
            uidna_openUTS46(UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ | UIDNA_NONTRANSITIONAL_TO_ASCII, &status);
        if (U_FAILURE(status)) throw std::bad_alloc();
        return opened;
    }();
    return *made;
}

}  // namespace

std::optional<std::string> domain_to_ascii(std::string_view name) {
    std::string ascii(name.size() + 64, '\0');
    for (;;) {
        UErrorCode status = U_ZERO_ERROR;
        UIDNAInfo info = UIDNA_INFO_INITIALIZER;
        const std::int32_t length =
            uidna_nameToASCII_UTF8(&rules(), name.data(), static_cast<std::int32_t>(name.size()), ascii.data(),
                                   static_cast<std::int32_t>(ascii.size()), &info, &status);
        if (status == U_BUFFER_OVERFLOW_ERROR) {
            ascii.resize(static_cast<std::size_t>(length));
            continue;
        }
        if (U_FAILURE(status) || (info.errors & ~overlooked) != 0 || length == 0) return std::nullopt;
        ascii.resize(static_cast<std::size_t>(length));
        return ascii;
    }
}

}  // namespace crawl
