#pragma once
// What a browser makes of references, as url_cases.mjs and url_pairs.mjs wrote it down, and what the crawler does.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

struct url_case {
    std::optional<std::string> base;
    std::string href;
    std::string expected;
};

/// Calls `take` for every line of the file. Throws: std::runtime_error if it cannot be read.
void each_url_case(const std::filesystem::path& file, const std::function<void(const url_case&)>& take);

/// In the words of the file: the URL, `!malformed` or `!scheme NAME`.
[[nodiscard]] std::string outcome_of(const url_case& c);
