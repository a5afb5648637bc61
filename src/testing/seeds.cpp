#include <braid/testing/seeds.hpp>

#include <braid/core/error.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <optional>
#include <random>
#include <string_view>

namespace braid::testing {

namespace {

std::optional<std::uint64_t> number_in(const char* variable) {
    const char* value = std::getenv(variable);
    if (!value) return std::nullopt;
    const std::string_view text = value;
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || end != text.data() + text.size()) {
        throw usage_error(fmt::format("the environment variable {} is \"{}\": a number was expected", variable, text));
    }
    return number;
}

}  // namespace

std::vector<std::uint64_t> test_seeds() {
    constexpr std::uint64_t runs_by_default = 20;
    if (const auto seed = number_in("BRAID_TEST_SEED")) return {*seed};
    std::vector<std::uint64_t> seeds(number_in("BRAID_TEST_RUNS").value_or(runs_by_default));
    std::random_device random;
    for (std::uint64_t& seed : seeds) seed = random();
    return seeds;
}

}  // namespace braid::testing
