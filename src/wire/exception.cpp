#include <braid/wire/exception.hpp>

#include <cxxabi.h>
#include <fmt/format.h>

#include <any>
#include <array>
#include <bit>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <future>
#include <ios>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <regex>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <tuple>
#include <variant>

namespace braid::wire {

namespace detail {

// Exceptions of the standard library that hold more than a message.
template <>
struct exception_state<std::system_error> {
    using state = std::error_code;
    static state save(const std::system_error& e) { return e.code(); }
    static std::system_error load(state code, const std::string&) { return std::system_error(code); }
};

template <>
struct exception_state<std::ios_base::failure> {
    using state = std::error_code;
    static state save(const std::ios_base::failure& e) { return e.code(); }
    static std::ios_base::failure load(state code, const std::string& message) {
        return std::ios_base::failure(message, code);
    }
};

template <>
struct exception_state<std::future_error> {
    using state = int;
    static state save(const std::future_error& e) { return e.code().value(); }
    static std::future_error load(state code, const std::string&) {
        return std::future_error(static_cast<std::future_errc>(code));
    }
};

template <>
struct exception_state<std::regex_error> {
    using state = int;
    static constexpr auto last = std::regex_constants::error_stack;
    static state save(const std::regex_error& e) { return static_cast<int>(e.code()); }
    static std::regex_error load(state code, const std::string&) {
        // An enum that has no more values than its enumerators need bits.
        constexpr int all_bits = static_cast<int>(std::bit_ceil(static_cast<unsigned>(last) + 1)) - 1;
        if (code < 0 || code > all_bits)
            throw decode_error(fmt::format("{} is not the code of a std::regex_error", code));
        return std::regex_error(static_cast<std::regex_constants::error_type>(code));
    }
};

template <>
struct exception_state<std::filesystem::filesystem_error> {
    using state = std::tuple<std::filesystem::path, std::filesystem::path, std::error_code>;
    static state save(const std::filesystem::filesystem_error& e) { return {e.path1(), e.path2(), e.code()}; }
    static std::filesystem::filesystem_error load(const state& s, const std::string& message) {
        return {message, std::get<0>(s), std::get<1>(s), std::get<2>(s)};
    }
};

std::string readable_name(const std::type_info& type) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                      std::free);
    return status == 0 ? name.get() : type.name();
}

}  // namespace detail

namespace {

struct registry {
    std::mutex mutex;
    std::map<std::string, detail::exception_type, std::less<>> types;

    template <class... Es>
    void add() {
        (add_one({detail::readable_name(typeid(Es)), &detail::encode_state<Es>, &detail::decode_state<Es>}), ...);
    }
    void add_one(detail::exception_type entry) {
        std::string name = entry.name;
        types.insert_or_assign(std::move(name), std::move(entry));
    }
};

registry& known_types() {
    static auto& instance = *[] {  // never destroyed: exceptions travel until the very end
        auto* made = new registry;
        made->add<std::exception, std::logic_error, std::invalid_argument, std::domain_error, std::length_error,
                  std::out_of_range, std::runtime_error, std::range_error, std::overflow_error, std::underflow_error>();
        made->add<std::bad_alloc, std::bad_array_new_length, std::bad_cast, std::bad_any_cast, std::bad_typeid,
                  std::bad_exception, std::bad_function_call, std::bad_optional_access, std::bad_variant_access,
                  std::bad_weak_ptr>();
        made->add<std::system_error, std::ios_base::failure, std::filesystem::filesystem_error, std::future_error,
                  std::regex_error>();
        made->add<error, timed_out, closed, usage_error, encode_error, decode_error, image_error>();
        return made;
    }();
    return instance;
}

std::optional<detail::exception_type> find_type(std::string_view name) {
    auto& known = known_types();
    const std::lock_guard lock(known.mutex);
    const auto found = known.types.find(name);
    if (found == known.types.end()) return std::nullopt;
    return found->second;
}

// The type that the user threw, without what std::throw_with_nested or an earlier journey put around it.
std::string thrown_name(const std::type_info& type) {
    constexpr std::array<std::string_view, 4> wrappers = {"std::_Nested_exception<", "std::__nested<",
                                                          "braid::wire::remote<",
                                                          "braid::wire::detail::remote_with_nested<"};
    const std::string name = detail::readable_name(type);
    std::string_view inner = name;
    for (const std::string_view wrapper : wrappers) {
        if (!inner.starts_with(wrapper) || !inner.ends_with('>')) continue;
        inner.remove_prefix(wrapper.size());
        inner.remove_suffix(1);
        while (inner.ends_with(' ')) inner.remove_suffix(1);
    }
    return std::string(inner);
}

void encode_head(writer& w, const std::string& type_name, const std::string& message) {
    encode(w, type_name);
    encode(w, message);
}

void encode_state(writer& w, const std::string& type_name, const std::exception& thrown) {
    const std::size_t before = w.position();
    const auto type = find_type(type_name);
    try {
        encode(w, true);
        if (type && type->encode(w, thrown)) return;
    } catch (const std::exception&) {
        // Its state cannot travel, an error code of an unknown category for example: its message and name still do.
    }
    w.rewind(before);
    encode(w, false);
}

void encode_nested(writer& w, const std::exception& thrown, unsigned levels_left);

void encode_levels(writer& w, const std::exception_ptr& thrown, unsigned levels_left) {
    try {
        std::rethrow_exception(thrown);
    } catch (const remote_error& e) {
        encode_head(w, e.type_name(), e.what());
        encode(w, false);
        encode_nested(w, e, levels_left);
    } catch (const std::exception& e) {
        const std::string name = thrown_name(typeid(e));
        encode_head(w, name, e.what());
        encode_state(w, name, e);
        encode_nested(w, e, levels_left);
    } catch (const cancelled& e) {
        encode_head(w, "braid::cancelled", "cancelled: " + std::string(to_string(e.reason())));
        encode(w, false);
        encode(w, false);
    } catch (...) {
        const std::type_info* type = abi::__cxa_current_exception_type();
        encode_head(w, type ? detail::readable_name(*type) : "unknown", "an exception that is no std::exception");
        encode(w, false);
        encode(w, false);
    }
}

void encode_nested(writer& w, const std::exception& thrown, unsigned levels_left) {
    const auto* outer = dynamic_cast<const std::nested_exception*>(&thrown);
    const bool follows = outer != nullptr && outer->nested_ptr() && levels_left != 0;
    encode(w, follows);
    if (follows) encode_levels(w, outer->nested_ptr(), levels_left - 1);
}

class remote_error_with_nested final : public remote_error, public std::nested_exception {
public:
    using remote_error::remote_error;
};

std::exception_ptr as_remote_error(const std::string& message, const std::string& type_name,
                                   const remote_origin::place& where, const std::exception_ptr& nested) {
    if (!nested) return std::make_exception_ptr(remote_error(message, type_name, where));
    try {
        std::rethrow_exception(nested);
    } catch (...) {
        return std::make_exception_ptr(remote_error_with_nested(message, type_name, where));
    }
}

}  // namespace

namespace detail {

std::exception_ptr decode_nested(reader& r, const remote_origin::place& where) {
    return decode<bool>(r) ? decode_exception(r, where) : nullptr;
}

void add_exception_type(exception_type entry) {
    auto& known = known_types();
    const std::lock_guard lock(known.mutex);
    known.add_one(std::move(entry));
}

}  // namespace detail

void encode_exception(writer& w, const std::exception_ptr& thrown) {
    constexpr unsigned most_levels = 32;
    encode_levels(w, thrown, most_levels);
}

std::exception_ptr decode_exception(reader& r, const remote_origin::place& where) {
    const reader::nesting level(r);
    const auto type_name = decode<std::string>(r);
    auto message = decode<std::string>(r);
    const auto has_state = decode<bool>(r);
    if (!has_state) {
        return as_remote_error(message, type_name, where, detail::decode_nested(r, where));
    }
    const auto type = find_type(type_name);
    if (!type) r.fail("an exception", "its type " + type_name + " is not registered in this process");
    return type->decode(r, std::move(message), where);
}

}  // namespace braid::wire
