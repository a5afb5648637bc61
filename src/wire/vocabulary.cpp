#include <braid/wire/archive.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <ios>
#include <mutex>
#include <string>
#include <vector>

namespace braid::wire {

namespace {

struct categories {
    std::mutex mutex;
    std::vector<const std::error_category*> known = {&std::generic_category(), &std::system_category(),
                                                     &std::iostream_category(), &std::future_category()};
};

categories& registry() {
    static auto& instance = *new categories;  // exceptions may be decoded while statics are being destroyed
    return instance;
}

const std::error_category* find_category(std::string_view name) {
    auto& all = registry();
    const std::lock_guard lock(all.mutex);
    const auto found = std::find_if(all.known.begin(), all.known.end(), [&](auto* c) { return c->name() == name; });
    return found != all.known.end() ? *found : nullptr;
}

}  // namespace

void register_category(const std::error_category& category) {
    if (find_category(category.name()) != nullptr) return;
    auto& all = registry();
    const std::lock_guard lock(all.mutex);
    all.known.push_back(&category);
}

namespace detail {

void codec<std::filesystem::path>::encode(writer& w, const std::filesystem::path& value) {
    codec<std::string>::encode(w, value.native());
}

std::filesystem::path codec<std::filesystem::path>::decode(reader& r) { return codec<std::string>::decode(r); }

void codec<std::error_code>::encode(writer& w, const std::error_code& value) {
    const std::string name = value.category().name();
    if (find_category(name) == nullptr) {
        throw encode_error(
            fmt::format("error code {} cannot be encoded: its category \"{}\" is not known to the other "
                        "side (register_category makes it known)",
                        value.value(), name));
    }
    codec<std::string>::encode(w, name);
    w.scalar(value.value());
}

std::error_code codec<std::error_code>::decode(reader& r) {
    const auto name = codec<std::string>::decode(r);
    const auto* category = find_category(name);
    if (category == nullptr) r.fail("an error code", fmt::format("its category \"{}\" is not known here", name));
    return {r.scalar<int>("an error code"), *category};
}

}  // namespace detail

}  // namespace braid::wire
