#include "robots_rules.hpp"

#include <algorithm>
#include <charconv>

#include "ascii.hpp"
#include "wildcard.hpp"

namespace crawl {
namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (ascii::lower(c) >= 'a' && ascii::lower(c) <= 'f') return ascii::lower(c) - 'a' + 10;
    return -1;
}

bool is_unreserved(unsigned char c) {
    return (c >= '0' && c <= '9') || ascii::is_letter(static_cast<char>(c)) || c == '-' || c == '.' || c == '_' ||
           c == '~';
}

void append_encoded(std::string& out, unsigned char c) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    out += '%';
    out += digits[c >> 4U];
    out += digits[c & 15U];
}

/// One spelling for all: escapes of unreserved characters decoded, other escapes in upper case, what is not ASCII
/// escaped. A `*` or `$` that `special` does not give a meaning is escaped, as a pattern escapes it.
std::string normalised(std::string_view text, std::string_view special) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
            const auto value = static_cast<unsigned char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            is_unreserved(value) ? out.push_back(static_cast<char>(value)) : append_encoded(out, value);
            i += 2;
        } else if (c >= 0x80 || c <= ' ' || ((c == '*' || c == '$') && special.find(text[i]) == special.npos)) {
            append_encoded(out, c);
        } else {
            out += text[i];
        }
    }
    return out;
}

std::optional<std::chrono::milliseconds> delay_of(std::string_view value) {
    double seconds = 0;
    const auto [end, error] =
        std::from_chars(value.data(), value.data() + value.size(), seconds, std::chars_format::fixed);
    if (error != std::errc() || !(seconds >= 0) || seconds > 1e6) return std::nullopt;
    return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

/// The first line, without its end, taken off the text.
std::string_view take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

}  // namespace

std::string_view product_token(std::string_view user_agent) {
    const auto belongs = [](char c) { return ascii::is_letter(c) || c == '-' || c == '_'; };
    const auto* const end = std::find_if_not(user_agent.begin(), user_agent.end(), belongs);
    return user_agent.substr(0, static_cast<std::size_t>(end - user_agent.begin()));
}

/// Collects what is said to the crawler by name and what is said to all, apart.
class robots_rules::reader {
public:
    explicit reader(std::string_view product) : product_(product) {}

    void read(std::string_view line) {
        line = line.substr(0, line.find('#'));
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) return;
        const std::string_view key = ascii::trimmed(line.substr(0, colon));
        const std::string_view value = ascii::trimmed(line.substr(colon + 1));
        if (ascii::same_word(key, "user-agent")) {
            begin_group(value);
        } else if (ascii::same_word(key, "sitemap")) {
            if (!value.empty() && sitemaps.size() < most_sitemaps) sitemaps.emplace_back(value);
        } else if (ascii::same_word(key, "allow") || ascii::same_word(key, "disallow")) {
            add_rule(value, ascii::same_word(key, "allow"));
        } else if (ascii::same_word(key, "crawl-delay")) {
            in_names_ = false;
            for (said* to : {for_me_ ? &mine : nullptr, for_all_ ? &everybodys : nullptr}) {
                if (to != nullptr && !to->delay) to->delay = delay_of(value);
            }
        }
    }

    struct said {
        void add(const rule& one) {
            text += one.pattern.size();
            too_many = too_many || rules.size() == most_rules || text > most_text;
            if (!too_many) rules.push_back(one);
        }

        std::vector<rule> rules;
        std::size_t text = 0;
        bool too_many = false;
        std::optional<std::chrono::milliseconds> delay;
    };
    said mine;
    said everybodys;
    bool named = false;  // there is a group for this crawler, if only an empty one
    std::vector<std::string> sitemaps;

private:
    void begin_group(std::string_view name) {
        if (!in_names_) for_me_ = for_all_ = false;
        in_names_ = true;
        if (name == "*") {
            for_all_ = true;
        } else if (!product_.empty() && ascii::same_word(product_token(name), product_)) {
            for_me_ = named = true;
        }
    }

    void add_rule(std::string_view value, bool allow) {
        in_names_ = false;
        if (value.empty()) return;
        const bool anchored = value.ends_with('$');
        if (anchored) value.remove_suffix(1);
        const rule made{normalised(value, "*"), anchored, allow};
        if (for_me_) mine.add(made);
        if (for_all_) everybodys.add(made);
    }

    std::string_view product_;
    bool in_names_ = false;  // the last line that counts named a crawler: another name joins it
    bool for_me_ = false;
    bool for_all_ = false;
};

robots_rules::robots_rules(std::string_view text, std::string_view product) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    reader lines(product);
    while (!text.empty()) lines.read(take_line(text));
    reader::said& counts = lines.named ? lines.mine : lines.everybodys;
    rules_ = std::move(counts.rules);
    too_many_ = counts.too_many;
    delay_ = counts.delay;
    sitemaps_ = std::move(lines.sitemaps);
    // The longest first, and of those the one that allows: the first that fits decides.
    std::sort(rules_.begin(), rules_.end(), [](const rule& a, const rule& b) {
        const std::size_t length_a = a.pattern.size() + (a.anchored ? 1 : 0);
        const std::size_t length_b = b.pattern.size() + (b.anchored ? 1 : 0);
        return length_a != length_b ? length_a > length_b : a.allow && !b.allow;
    });
}

std::size_t robots_rules::memory() const noexcept {
    std::size_t bytes = rules_.capacity() * sizeof(rule);
    for (const rule& each : rules_) bytes += each.pattern.capacity();
    return bytes;
}

ruling robots_rules::judge(std::string_view target) const {
    if (target == "/robots.txt") return ruling::allowed;
    if (too_many_) return ruling::too_costly;
    if (rules_.empty()) return ruling::allowed;
    const std::string wanted = normalised(target, "");
    std::size_t left = most_steps;
    const auto decides = std::find_if(rules_.begin(), rules_.end(), [&](const rule& r) {
        return left == 0 || matches(wanted, r.pattern, r.anchored, left);
    });
    if (left == 0) return ruling::too_costly;
    return decides == rules_.end() || decides->allow ? ruling::allowed : ruling::disallowed;
}

}  // namespace crawl
