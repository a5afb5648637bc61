#include "css.hpp"

#include <cstdint>
#include <optional>

#include "ascii.hpp"
#include "utf8.hpp"

namespace crawl {
namespace {

bool is_space(char c) { return ascii::spaces.find(c) != std::string_view::npos; }
bool is_newline(char c) { return c == '\n' || c == '\r' || c == '\f'; }
bool is_hex(char c) { return (c >= '0' && c <= '9') || (ascii::lower(c) >= 'a' && ascii::lower(c) <= 'f'); }

bool is_name(char c) {
    return ascii::is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

/// Reads tokens that can hold or hide a reference, and skips all others.
class scanner {
public:
    explicit scanner(std::string_view css) : rest_(css) {}

    std::vector<css_reference> run() {
        while (!rest_.empty()) step();
        return std::move(found_);
    }

private:
    void step() {
        const char c = rest_.front();
        if (rest_.starts_with("/*")) {
            skip_comment();
        } else if (c == '"' || c == '\'') {
            (void)read_string();
        } else if (c == '@') {
            rest_.remove_prefix(1);
            if (read_name() == "import") read_import();
        } else if (is_name(c) || c == '\\') {
            if (read_name() == "url" && !rest_.empty() && rest_.front() == '(') read_url(false);
        } else {
            rest_.remove_prefix(1);
        }
    }

    void read_import() {
        skip_spaces_and_comments();
        if (rest_.empty()) return;
        if (rest_.front() == '"' || rest_.front() == '\'') {
            add(read_string(), true);
        } else if (is_name(rest_.front()) && read_name() == "url" && !rest_.empty() && rest_.front() == '(') {
            read_url(true);
        }
    }

    /// From the opening bracket to after the closing one.
    void read_url(bool is_import) {
        rest_.remove_prefix(1);
        skip_spaces();
        if (rest_.empty()) return;
        if (rest_.front() == '"' || rest_.front() == '\'') {
            add(read_string(), is_import);
            return;
        }
        std::string href;
        while (!rest_.empty() && rest_.front() != ')') {
            const char c = rest_.front();
            if (is_space(c)) {
                skip_spaces();
                if (!rest_.empty() && rest_.front() != ')') return skip_bad_url();
            } else if (c == '"' || c == '\'' || c == '(') {
                return skip_bad_url();
            } else {
                read_character(href);
            }
        }
        if (!rest_.empty()) rest_.remove_prefix(1);
        add(std::move(href), is_import);
    }

    void skip_bad_url() {
        std::string ignored;
        while (!rest_.empty() && rest_.front() != ')') read_character(ignored);
    }

    /// Nothing if a newline cuts the string short, which makes it void.
    std::optional<std::string> read_string() {
        const char quote = rest_.front();
        rest_.remove_prefix(1);
        std::string text;
        while (!rest_.empty() && rest_.front() != quote) {
            if (is_newline(rest_.front())) return std::nullopt;
            read_character(text);
        }
        if (!rest_.empty()) rest_.remove_prefix(1);
        return text;
    }

    /// A name in lower case; long ones are cut, as no name of interest is long.
    std::string read_name() {
        std::string name;
        while (!rest_.empty() && (is_name(rest_.front()) || (rest_.front() == '\\' && rest_.size() > 1))) {
            if (name.size() > 8) name.resize(8);
            const std::size_t before = name.size();
            read_character(name);
            for (std::size_t i = before; i < name.size(); ++i) name[i] = ascii::lower(name[i]);
        }
        if (name.empty() && !rest_.empty() && rest_.front() == '\\') rest_.remove_prefix(1);
        return name;
    }

    void read_character(std::string& out) {
        if (rest_.front() == '\\' && rest_.size() > 1) {
            rest_.remove_prefix(1);
            read_escape(out);
        } else {
            out += rest_.front();
            rest_.remove_prefix(1);
        }
    }

    void read_escape(std::string& out) {
        if (is_newline(rest_.front())) return rest_.remove_prefix(rest_.starts_with("\r\n") ? 2 : 1);
        if (!is_hex(rest_.front())) {
            out += rest_.front();
            return rest_.remove_prefix(1);
        }
        std::uint32_t code = 0;
        for (int digits = 0; digits < 6 && !rest_.empty() && is_hex(rest_.front()); ++digits) {
            const char c = ascii::lower(rest_.front());
            code = code * 16 + static_cast<std::uint32_t>(c <= '9' ? c - '0' : c - 'a' + 10);
            rest_.remove_prefix(1);
        }
        if (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(rest_.starts_with("\r\n") ? 2 : 1);
        append_utf8(out, code);
    }

    void skip_comment() {
        const std::size_t end = rest_.find("*/", 2);
        rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 2);
    }

    void skip_spaces() {
        while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
    }

    void skip_spaces_and_comments() {
        for (skip_spaces(); rest_.starts_with("/*"); skip_spaces()) skip_comment();
    }

    void add(std::optional<std::string> href, bool is_import) {
        if (href && !href->empty()) found_.push_back({std::move(*href), is_import});
    }

    std::string_view rest_;
    std::vector<css_reference> found_;
};

}  // namespace

std::vector<css_reference> css_references(std::string_view css) { return scanner(css).run(); }

}  // namespace crawl
