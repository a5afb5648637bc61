#include "url_cases.hpp"

#include <crawl/url.hpp>

#include <boost/json/parse.hpp>
#include <fstream>
#include <stdexcept>

namespace {

std::optional<std::string> text_of(const std::string& json) {
    const boost::json::value value = boost::json::parse(json);
    if (value.is_null()) return std::nullopt;
    return std::string(value.as_string());
}

/// Browsers keep it, the crawler does not.
std::string without_userinfo(std::string url) {
    const std::size_t host = url.find("://");
    if (host == std::string::npos || url.starts_with('!')) return url;
    const std::size_t begin = host + 3;
    const std::size_t at = url.rfind('@', url.find_first_of("/?#", begin));
    if (at != std::string::npos && at > begin) url.erase(begin, at + 1 - begin);
    return url;
}

}  // namespace

void each_url_case(const std::filesystem::path& file, const std::function<void(const url_case&)>& take) {
    std::ifstream in(file);
    if (!in) throw std::runtime_error("cannot read " + file.string());
    for (std::string line; std::getline(in, line);) {
        const auto first = line.find('\t');
        const auto second = line.find('\t', first + 1);
        take({text_of(line.substr(0, first)), text_of(line.substr(first + 1, second - first - 1)).value(),
              without_userinfo(line.substr(second + 1))});
    }
}

std::string outcome_of(const url_case& c) {
    const auto result = c.base ? crawl::resolve(*crawl::parse_url(*c.base), c.href) : crawl::parse_url(c.href);
    if (result) return std::string(result->text());
    if (result.error().why == crawl::url_error::fault::malformed) return "!malformed";
    return "!scheme " + result.error().message.substr(0, result.error().message.find(':'));
}
