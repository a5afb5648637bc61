#include "traps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "hash.hpp"

namespace crawl {
namespace {

/// Scheme, host and port of a canonical URL.
std::string_view origin_of(std::string_view url) {
    constexpr std::size_t longest_scheme = 8;  // https://
    return url.substr(0, std::min(url.find('/', longest_scheme), url.size()));
}

/// Everything before the query.
std::string_view without_query(std::string_view url) { return url.substr(0, std::min(url.find('?'), url.size())); }

std::vector<std::string_view> segments_of(std::string_view path) {
    std::vector<std::string_view> segments;
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::size_t end = std::min(path.find('/'), path.size());
        if (end > 0) segments.push_back(path.substr(0, end));
        path.remove_prefix(end);
    }
    return segments;
}

}  // namespace

std::string traps::suspicion(std::string_view url) const {
    if (url.size() > limits_.length) return fmt::format("its URL has {} characters", url.size());
    const std::string_view base = without_query(url);
    std::vector<std::string_view> segments = segments_of(base.substr(origin_of(url).size()));
    if (segments.size() > limits_.segments) return fmt::format("its path has {} segments", segments.size());
    if (segments.size() > limits_.same_segment) {
        std::sort(segments.begin(), segments.end());
        for (std::size_t i = limits_.same_segment; i < segments.size(); ++i) {
            if (segments[i] != segments[i - limits_.same_segment]) continue;
            return fmt::format("its path has \"{}\" more than {} times", segments[i], limits_.same_segment);
        }
    }
    if (base.size() < url.size()) {
        const auto known = queries_.find(xxh64(base));
        if (known != queries_.end() && known->second >= limits_.queries_of_path) {
            return fmt::format("more than {} URLs differ in their query alone", limits_.queries_of_path);
        }
    }
    if (limits_.urls_of_host != UINT64_MAX) {
        const auto known = hosts_.find(std::string(origin_of(url)));
        if (known != hosts_.end() && known->second >= limits_.urls_of_host) {
            return fmt::format("its host has more than {} URLs", limits_.urls_of_host);
        }
    }
    return {};
}

void traps::count(std::string_view url) {
    const std::string_view base = without_query(url);
    if (base.size() < url.size()) ++queries_[xxh64(base)];
    if (limits_.urls_of_host != UINT64_MAX) ++hosts_[std::string(origin_of(url))];
}

}  // namespace crawl
