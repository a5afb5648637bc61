#include "legacy_text.hpp"

#include <fmt/format.h>
#include <unicode/ucnv.h>
#include <unicode/ucnv_cb.h>
#include <unicode/ucsdet.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <stdexcept>
#include <utility>

#include "encoding_labels.hpp"
#include "utf8.hpp"

namespace crawl {
namespace {

template <auto Close>
struct closing {
    template <class T>
    void operator()(T* what) const {
        Close(what);
    }
};
using converter_ptr = std::unique_ptr<UConverter, closing<ucnv_close>>;
using detector_ptr = std::unique_ptr<UCharsetDetector, closing<ucsdet_close>>;

/// ICU's names, where they are not those of the standard or mean something else to ICU.
std::string_view name_for_icu(std::string_view encoding) {
    using named = std::pair<std::string_view, std::string_view>;
    constexpr std::array<named, 7> others{{{"big5", "big5-hkscs"},
                                           {"euc-kr", "windows-949-2000"},
                                           {"gbk", "gb18030"},
                                           {"iso-8859-8-i", "iso-8859-8"},
                                           {"shift_jis", "ibm-943_P15A-2003"},
                                           {"utf-16be", "UTF-16BE"},
                                           {"utf-16le", "UTF-16LE"}}};
    const auto* found = std::find_if(others.begin(), others.end(), [&](const named& o) { return o.first == encoding; });
    return found != others.end() ? found->second : encoding;
}

converter_ptr open(std::string_view name) {
    UErrorCode status = U_ZERO_ERROR;
    converter_ptr opened(ucnv_open(std::string(name).c_str(), &status));
    if (U_FAILURE(status)) {
        throw std::runtime_error(fmt::format("cannot read text in {}: {}", name, u_errorName(status)));
    }
    return opened;
}

/// For a code point that the encoding does not have.
void write_reference(const void*, UConverterFromUnicodeArgs* args, const UChar*, std::int32_t, UChar32 code,
                     UConverterCallbackReason reason, UErrorCode* status) {
    if (reason > UCNV_IRREGULAR) return;  // the converter is reset, copied or closed
    const std::string reference = fmt::format("%26%23{}%3B", static_cast<std::int32_t>(code));
    const std::u16string text(reference.begin(), reference.end());
    const UChar* from = text.data();
    *status = U_ZERO_ERROR;
    ucnv_cbFromUWriteUChars(args, &from, from + text.size(), 0, status);
}

/// A lone 0x80 is the euro sign in GBK, to browsers but not to ICU.
void read_euro(const void*, UConverterToUnicodeArgs* args, const char* bytes, std::int32_t length,
               UConverterCallbackReason reason, UErrorCode* status) {
    if (reason > UCNV_IRREGULAR) return;
    const UChar text = length == 1 && bytes[0] == '\x80' ? u'\u20AC' : u'\uFFFD';
    *status = U_ZERO_ERROR;
    ucnv_cbToUWriteUChars(args, &text, 1, 0, status);
}

std::string convert(std::string_view bytes, std::string_view from_name, std::string_view to_name) {
    const converter_ptr from = open(from_name);
    const converter_ptr to = open(to_name);
    std::string text;
    std::array<char, 16384> room;
    std::array<UChar, 4096> pivot;
    UChar* pivot_source = pivot.data();
    UChar* pivot_target = pivot.data();
    const char* source = bytes.data();
    UErrorCode status = U_ZERO_ERROR;
    ucnv_setFromUCallBack(to.get(), write_reference, nullptr, nullptr, nullptr, &status);
    if (from_name == "gb18030") ucnv_setToUCallBack(from.get(), read_euro, nullptr, nullptr, nullptr, &status);
    status = U_BUFFER_OVERFLOW_ERROR;
    for (bool first = true; status == U_BUFFER_OVERFLOW_ERROR; first = false) {
        status = U_ZERO_ERROR;
        char* target = room.data();
        ucnv_convertEx(to.get(), from.get(), &target, room.data() + room.size(), &source, bytes.data() + bytes.size(),
                       pivot.data(), &pivot_source, &pivot_target, pivot.data() + pivot.size(), first ? 1 : 0, 1,
                       &status);
        text.append(room.data(), target);
    }
    if (U_FAILURE(status))
        throw std::runtime_error(fmt::format("cannot read text in {}: {}", from_name, u_errorName(status)));
    return text;
}

/// One byte, one character.
template <class CodeOf>
std::string convert_bytes(std::string_view bytes, CodeOf code_of) {
    std::string text;
    text.reserve(bytes.size());
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            text += c;
        } else {
            append_utf8(text, code_of(byte));
        }
    }
    return text;
}

/// ICU does not have ISO 8859-16. From 0xA0 on; what is left out here is as in Latin 1.
std::uint32_t code_in_latin10(unsigned char byte) {
    using change = std::pair<unsigned char, char16_t>;
    constexpr std::array<change, 40> changes{
        {{0xA1, 0x104},  {0xA2, 0x105}, {0xA3, 0x141}, {0xA4, 0x20AC}, {0xA5, 0x201E}, {0xA6, 0x160}, {0xA8, 0x161},
         {0xAA, 0x218},  {0xAC, 0x179}, {0xAE, 0x17A}, {0xAF, 0x17B},  {0xB2, 0x10C},  {0xB3, 0x142}, {0xB4, 0x17D},
         {0xB5, 0x201D}, {0xB8, 0x17E}, {0xB9, 0x10D}, {0xBA, 0x219},  {0xBC, 0x152},  {0xBD, 0x153}, {0xBE, 0x178},
         {0xBF, 0x17C},  {0xC3, 0x102}, {0xC5, 0x106}, {0xD0, 0x110},  {0xD1, 0x143},  {0xD5, 0x150}, {0xD7, 0x15A},
         {0xD8, 0x170},  {0xDD, 0x118}, {0xDE, 0x21A}, {0xE3, 0x103},  {0xE5, 0x107},  {0xF0, 0x111}, {0xF1, 0x144},
         {0xF5, 0x151},  {0xF7, 0x15B}, {0xF8, 0x171}, {0xFD, 0x119},  {0xFE, 0x21B}}};
    const auto* found = std::find_if(changes.begin(), changes.end(), [&](const change& c) { return c.first == byte; });
    return found != changes.end() ? found->second : byte;
}

}  // namespace

std::string decode_legacy(std::string_view bytes, std::string_view encoding) {
    if (encoding == "replacement") return bytes.empty() ? std::string() : "\xEF\xBF\xBD";
    if (encoding == "iso-8859-16") return convert_bytes(bytes, code_in_latin10);
    if (encoding == "x-user-defined") {
        return convert_bytes(bytes, [](unsigned char byte) { return 0xF780U + byte - 0x80U; });
    }
    return convert(bytes, name_for_icu(encoding), "UTF-8");
}

std::string encode_legacy(std::string_view utf8, std::string_view encoding) {
    // The last two are not ICU's; nobody has been seen to send in them.
    constexpr std::array<std::string_view, 6> never{"replacement", "utf-16be",    "utf-16le",
                                                    "utf-8",       "iso-8859-16", "x-user-defined"};
    if (std::find(never.begin(), never.end(), encoding) != never.end()) return std::string(utf8);
    return convert(utf8, "UTF-8", name_for_icu(encoding));
}

std::string_view detect_encoding(std::string_view bytes) {
    if (is_valid_utf8(bytes)) return "utf-8";
    constexpr std::string_view usual = "windows-1252";
    constexpr std::size_t most_looked_at = 64 * 1024;
    constexpr std::int32_t sure_enough = 30;  // of 100
    UErrorCode status = U_ZERO_ERROR;
    const detector_ptr detector(ucsdet_open(&status));
    if (U_FAILURE(status)) throw std::bad_alloc();
    ucsdet_setText(detector.get(), bytes.data(), static_cast<std::int32_t>(std::min(bytes.size(), most_looked_at)),
                   &status);
    ucsdet_enableInputFilter(detector.get(), 1);  // not the markup
    const UCharsetMatch* const match = ucsdet_detect(detector.get(), &status);
    if (U_FAILURE(status) || match == nullptr || ucsdet_getConfidence(match, &status) < sure_enough) return usual;
    const std::string_view found = encoding_of_label(ucsdet_getName(match, &status));
    const bool hides = found == "replacement" || found.starts_with("iso-2022") || found.starts_with("utf-16");
    // What looks like UTF-8 and is not has a fault somewhere.
    return found.empty() || hides ? usual : found;
}

/// What ICU has loaded once it keeps.
void load_encodings() {
    for (const std::string_view encoding : all_encodings()) {
        (void)decode_legacy("x", encoding);
        (void)encode_legacy("x", encoding);
    }
    (void)detect_encoding("\xE9");
}

}  // namespace crawl
