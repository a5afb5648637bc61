#include "html_tokenizer.hpp"

#include <algorithm>
#include <array>

#include "ascii.hpp"
#include "text_counter.hpp"

namespace crawl {
namespace {

// Honest tags have a dozen; what one with millions of them would take in memory is not.
constexpr std::size_t most_attributes = 1024;

bool ends_name(char c) { return is_html_space(c) || c == '/' || c == '>'; }

/// In these only their own end tag is markup; what is in <title> and <textarea> is text all the same.
constexpr std::array<std::string_view, 5> raw_elements{"script", "style", "iframe", "noembed", "xmp"};

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

bool same_html_word(std::string_view text, std::string_view lower_case) {
    return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                      [](char a, char b) { return ascii::lower(a) == b; });
}

html_token html_tokenizer::next() {
    while (at_ < in_.size()) {
        if (at_ < raw_end_) return read_raw_text();
        if (at_ < text_end_) return read_text();
        if (in_[at_] == '<') {
            if (const auto tag = read_markup()) return *tag;
        } else {
            text_end_ = std::min(in_.find('<', at_), in_.size());
        }
    }
    return html_token::end;
}

std::string_view html_tokenizer::attribute(std::string_view name) const noexcept {
    for (const html_attribute& a : attributes_) {
        if (a.name == name) return a.value;
    }
    return {};
}

bool html_tokenizer::has_attribute(std::string_view name) const noexcept {
    return std::any_of(attributes_.begin(), attributes_.end(), [&](const html_attribute& a) { return a.name == name; });
}

/// At a `<`. Nothing is given for what is no tag; it is behind then, or known to be text.
std::optional<html_token> html_tokenizer::read_markup() {
    const char next = at_ + 1 < in_.size() ? in_[at_ + 1] : '\0';
    const char after = at_ + 2 < in_.size() ? in_[at_ + 2] : '\0';
    if (ascii::is_letter(next)) {
        at_ += 1;
        return read_tag(html_token::start_tag);
    }
    if (next == '/' && ascii::is_letter(after)) {
        at_ += 2;
        return read_tag(html_token::end_tag);
    }
    if (next == '!') {
        skip_declaration();
    } else if (next == '?' || (next == '/' && after != '\0')) {
        skip_past('>');
    } else {
        text_end_ = std::min(in_.find('<', at_ + 1), in_.size());
    }
    return std::nullopt;
}

/// A tag that the page's end cuts is none.
std::optional<html_token> html_tokenizer::read_tag(html_token kind) {
    scratch_used_ = 0;
    attributes_.clear();
    self_closing_ = false;
    const std::size_t start = at_;
    while (at_ < in_.size() && !ends_name(in_[at_])) ++at_;
    name_ = lower_case(in_.substr(start, at_ - start));
    for (skip_spaces(); at_ < in_.size() && in_[at_] != '>'; skip_spaces()) {
        if (in_[at_] == '/') {
            ++at_;
            self_closing_ = at_ < in_.size() && in_[at_] == '>';
        } else {
            read_attribute();
        }
    }
    if (at_ == in_.size()) return std::nullopt;
    ++at_;
    if (kind == html_token::start_tag && !self_closing_) enter_content();
    return kind;
}

void html_tokenizer::read_attribute() {
    const std::size_t start = at_;
    do {
        ++at_;  // also a `=` that comes first
    } while (at_ < in_.size() && !ends_name(in_[at_]) && in_[at_] != '=');
    const std::string_view name = in_.substr(start, at_ - start);
    skip_spaces();
    std::string_view value;
    if (at_ < in_.size() && in_[at_] == '=') {
        ++at_;
        skip_spaces();
        value = read_value();
    }
    if (attributes_.size() < most_attributes) attributes_.push_back({lower_case(name), resolved(value)});
}

std::string_view html_tokenizer::read_value() {
    if (at_ == in_.size()) return {};
    const char quote = in_[at_];
    const std::size_t start = quote == '"' || quote == '\'' ? at_ + 1 : at_;
    if (start != at_) {
        const std::size_t end = in_.find(quote, start);
        at_ = end == std::string_view::npos ? in_.size() : end + 1;
        return in_.substr(start, end - start);
    }
    while (at_ < in_.size() && in_[at_] != '>' && !is_html_space(in_[at_])) ++at_;
    return in_.substr(start, at_ - start);
}

/// Up to the next character reference, or it alone.
html_token html_tokenizer::read_text() {
    if (in_[at_] == '&') {
        const auto length = resolve_reference(in_.substr(at_, text_end_ - at_), false, reference_);
        text_ = length > 0 ? reference_.text() : in_.substr(at_, 1);
        at_ += std::max<std::size_t>(length, 1);
        return html_token::text;
    }
    const std::string_view rest = in_.substr(at_, text_end_ - at_);
    text_ = rest.substr(0, rest.find('&'));
    at_ += text_.size();
    return html_token::text;
}

html_token html_tokenizer::read_raw_text() {
    text_ = in_.substr(at_, raw_end_ - at_);
    at_ = raw_end_;
    return html_token::raw_text;
}

void html_tokenizer::skip_declaration() {
    if (in_.substr(at_).starts_with("<!--")) {
        skip_comment();
    } else {
        skip_past('>');
    }
}

void html_tokenizer::skip_comment() {
    at_ += 4;
    const std::string_view rest = in_.substr(at_);
    if (rest.starts_with('>') || rest.starts_with("->")) return skip_past('>');
    for (std::size_t dashes = in_.find("--", at_); dashes != std::string_view::npos; dashes = in_.find("--", dashes)) {
        const std::string_view after = in_.substr(dashes + 2, 2);
        if (after.starts_with('>') || after == "!>") {
            at_ = dashes + 2;
            return skip_past('>');
        }
        ++dashes;
    }
    at_ = in_.size();
}

void html_tokenizer::skip_past(char last) {
    const std::size_t end = in_.find(last, at_);
    at_ = end == std::string_view::npos ? in_.size() : end + 1;
}

void html_tokenizer::skip_spaces() {
    while (at_ < in_.size() && is_html_space(in_[at_])) ++at_;
}

/// After the start tag of an element whose content is no markup.
void html_tokenizer::enter_content() {
    if (name_ == "title" || name_ == "textarea") {
        text_end_ = end_of_content(name_);
    } else if (name_ == "plaintext") {
        text_end_ = in_.size();
    } else if (name_ == "script") {
        raw_end_ = end_of_script();
    } else if (is_one_of(name_, raw_elements)) {
        raw_end_ = end_of_content(name_);
    }
}

std::size_t html_tokenizer::end_of_content(std::string_view element) const {
    for (std::size_t at = in_.find("</", at_); at != std::string_view::npos; at = in_.find("</", at + 2)) {
        if (closes(at, element)) return at;
    }
    return in_.size();
}

/// A script that hides in a comment may itself have a <script> with its end tag.
std::size_t html_tokenizer::end_of_script() const {
    const std::size_t first = end_of_content("script");
    if (in_.substr(at_, first - at_).find("<!--") == std::string_view::npos) return first;
    bool in_comment = false;
    bool in_inner = false;
    for (std::size_t at = at_; at < in_.size(); ++at) {
        at = std::min(in_.find_first_of("<-", at), in_.size());
        const std::string_view rest = in_.substr(at);
        if (closes(at, "script")) {
            if (!in_inner) return at;
            in_inner = false;
        } else if (rest.starts_with("<!--")) {
            in_comment = true;
        } else if (rest.starts_with("-->")) {
            in_comment = in_inner = false;
        } else if (in_comment && rest.size() > 7 && same_html_word(rest.substr(0, 7), "<script") &&
                   ends_name(rest[7])) {
            in_inner = true;
        }
    }
    return in_.size();
}

/// The element's end tag begins there.
bool html_tokenizer::closes(std::size_t at, std::string_view element) const {
    const std::string_view rest = in_.substr(at);
    return rest.starts_with("</") && rest.size() > element.size() + 2 &&
           same_html_word(rest.substr(2, element.size()), element) && ends_name(rest[element.size() + 2]);
}

std::string_view html_tokenizer::lower_case(std::string_view text) {
    if (std::none_of(text.begin(), text.end(), ascii::is_upper)) return text;
    char* const to = scratch() + scratch_used_;
    std::transform(text.begin(), text.end(), to, ascii::lower);
    scratch_used_ += text.size();
    return {to, text.size()};
}

std::string_view html_tokenizer::resolved(std::string_view value) {
    if (value.find('&') == std::string_view::npos) return value;
    char* const begin = scratch() + scratch_used_;
    char* to = begin;
    while (!value.empty()) {
        resolved_reference reference;
        const auto length = value.front() == '&' ? resolve_reference(value, true, reference) : 0;
        const std::string_view piece = length > 0 ? reference.text() : value.substr(0, value.find('&', 1));
        to = std::copy(piece.begin(), piece.end(), to);
        value.remove_prefix(length > 0 ? length : piece.size());
    }
    const auto size = static_cast<std::size_t>(to - begin);
    scratch_used_ += size;
    return {begin, size};
}

/// The longest that a reference gives is 6 bytes for 5, so that this is always enough.
char* html_tokenizer::scratch() {
    if (!scratch_) scratch_ = std::make_unique_for_overwrite<char[]>(2 * in_.size());
    return scratch_.get();
}

}  // namespace crawl
