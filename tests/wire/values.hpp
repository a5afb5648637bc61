#pragma once
// Types of every kind that the tests of wire/ send around.

#include <braid/wire/archive.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

namespace wire_test {

enum class kind : std::uint8_t { page, image };

struct point {
    double x = 0;
    double y = 0;
    bool operator==(const point&) const = default;
};

struct link {
    std::string target;
    kind what = kind::page;
    bool operator==(const link&) const = default;
};

struct page {
    std::string url;
    int status = 0;
    bool fresh = false;
    std::vector<link> links;
    std::vector<point> outline;
    std::map<std::string, std::vector<std::string>> headers;
    std::optional<std::string> title;
    std::variant<std::monostate, int, std::string> extra;
    std::tuple<char, float, std::set<int>> rest;
    std::array<std::string, 2> pair;
    std::chrono::milliseconds took{};
    std::filesystem::path file;
    bool operator==(const page&) const = default;
};

inline page sample_page() {
    return {.url = "http://localhost/a.html",
            .status = 200,
            .fresh = true,
            .links = {{"b.html", kind::page}, {"c.png", kind::image}},
            .outline = {{1, 2}, {3, 4.5}},
            .headers = {{"accept", {"text/html", "*/*"}}, {"host", {}}},
            .title = "A page",
            .extra = "more",
            .rest = {'x', 1.5F, {3, 1, 2}},
            .pair = {"left", "right"},
            .took = std::chrono::milliseconds(42),
            .file = "/tmp/a file"};
}

/// A type that has no default constructor.
class celsius {
public:
    explicit celsius(double degrees) : degrees_(degrees) {}
    bool operator==(const celsius&) const = default;

private:
    double degrees_;
};

struct tree {
    int value = 0;
    std::vector<tree> children;
    bool operator==(const tree&) const = default;
};

struct chain {
    std::unique_ptr<chain> next;
};

/// Private content and cereal's function, in the usual way.
class account {
public:
    account() = default;
    account(std::string name, std::vector<int> entries) : name_(std::move(name)), entries_(std::move(entries)) {}
    bool operator==(const account&) const = default;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(name_, CEREAL_NVP(entries_), spot_);
    }

private:
    std::string name_;
    std::vector<int> entries_;
    point spot_{1, 2};
};

template <class T>
std::vector<std::byte> to_bytes(const T& value) {
    braid::wire::buffer out;
    braid::wire::writer w(out);
    braid::wire::encode(w, value);
    return {out.bytes().begin(), out.bytes().end()};
}

template <class T>
T round_trip(const T& value) {
    const auto bytes = to_bytes(value);
    return braid::wire::decode<T>(bytes);
}

}  // namespace wire_test
