#pragma once
// Exceptions as bytes and back. Those of the standard library, braid's own and registered ones keep their type: what is
// rethrown derives from it and from `remote_origin`. Any other becomes a `remote_error` that names the type.

#include <braid/core/error.hpp>
#include <braid/wire/archive.hpp>
#include <concepts>
#include <exception>
#include <string>
#include <typeinfo>
#include <utility>

namespace braid::wire {

/// Where an exception was really thrown. `dynamic_cast<const remote_origin*>(&e)` finds it in a caught exception.
class remote_origin {
public:
    /// What a call is called: a text, or a function whose name is looked up when somebody reads it.
    class call_name {
    public:
        using look_up = std::string (*)(const void* function, const std::type_info& type);

        call_name() = default;
        call_name(std::string text) : text_(std::move(text)) {}  // NOLINT: implicit
        call_name(const char* text) : text_(text) {}             // NOLINT: implicit
        call_name(look_up names, const void* function, const std::type_info& type) noexcept
            : names_(names), function_(function), type_(&type) {}

        [[nodiscard]] std::string text() const { return names_ ? names_(function_, *type_) : text_; }

    private:
        std::string text_;
        look_up names_ = nullptr;
        const void* function_ = nullptr;
        const std::type_info* type_ = nullptr;
    };

    struct place {
        int pid = 0;
        call_name call = {};  ///< that threw
    };
    explicit remote_origin(place where) : where_(std::move(where)) {}
    remote_origin(const remote_origin&) = default;
    remote_origin& operator=(const remote_origin&) = default;
    virtual ~remote_origin() = default;

    [[nodiscard]] int pid() const noexcept { return where_.pid; }
    /// The function that was called, or what the caller calls it. The first use of all may read the debug information
    /// of the program, which takes a while.
    [[nodiscard]] std::string call() const { return where_.call.text(); }

private:
    place where_;
};

/// An exception of a type that is not known here by its name, or none that derives from std::exception. A
/// `braid::cancelled` that a worker's code throws arrives as one: it is not the caller who was cancelled.
class remote_error : public error, public remote_origin {
public:
    remote_error(const std::string& message, std::string type_name, place where)
        : error(message), remote_origin(std::move(where)), type_name_(std::move(type_name)) {}

    /// The type that was thrown, as one writes it in C++.
    [[nodiscard]] const std::string& type_name() const noexcept { return type_name_; }

private:
    std::string type_name_;
};

/// An exception of type E, as it arrives. The message is the original one, to the letter.
template <class E>
class remote final : public E, public remote_origin {
public:
    remote(E original, std::string message, place where)
        : E(std::move(original)), remote_origin(std::move(where)), message_(std::move(message)) {}
    [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }

private:
    std::string message_;
};

/// Appends the exception, with those nested in it. Never throws for what the exception holds: at worst its type is
/// lost.
void encode_exception(writer& w, const std::exception_ptr& thrown);

/// Throws: decode_error.
[[nodiscard]] std::exception_ptr decode_exception(reader& r, const remote_origin::place& where);

/// Lets exceptions of exactly this type keep it. E is encodable (then all of it travels), or made from a message.
/// Call it in both processes alike: before `init`, as a static initialiser for example. Threads: any.
template <std::derived_from<std::exception> E>
void register_exception();

// Implementation

namespace detail {

/// What is done with exceptions of a type that is known by name.
struct exception_type {
    std::string name;
    /// False when it is another type of the same name after all.
    bool (*encode)(writer&, const std::exception&);
    std::exception_ptr (*decode)(reader&, std::string message, const remote_origin::place&);
};

[[nodiscard]] std::string readable_name(const std::type_info& type);
[[nodiscard]] std::exception_ptr decode_nested(reader& r, const remote_origin::place& where);
void add_exception_type(exception_type entry);

template <class E>
class remote_with_nested final : public E, public remote_origin, public std::nested_exception {
public:
    remote_with_nested(E original, std::string message, place where)
        : E(std::move(original)), remote_origin(std::move(where)), message_(std::move(message)) {}
    [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }

private:
    std::string message_;
};

template <class E>
std::exception_ptr as_remote(E original, std::string message, const remote_origin::place& where,
                             const std::exception_ptr& nested) {
    if (!nested) return std::make_exception_ptr(remote<E>(std::move(original), std::move(message), where));
    try {
        std::rethrow_exception(nested);
    } catch (...) {  // std::nested_exception captures what is being handled when it is constructed
        return std::make_exception_ptr(remote_with_nested<E>(std::move(original), std::move(message), where));
    }
}

/// How to make an E again. `state` is what travels besides the message, which does not need to be part of it.
template <class E>
struct exception_state {
    struct nothing {};
    using state = nothing;
    static state save(const E&) { return {}; }
    static E load(state, const std::string& message) {
        if constexpr (std::is_constructible_v<E, const std::string&>) {
            return E(message);
        } else if constexpr (std::is_constructible_v<E, const char*>) {
            return E(message.c_str());
        } else {
            static_assert(std::is_default_constructible_v<E>,
                          "braid: this exception must be encodable, or be made from a message or from nothing");
            return E();
        }
    }
};

template <class E>
    requires encodable<E>
struct exception_state<E> {
    using state = E;
    static const E& save(const E& original) { return original; }
    static E load(state original, const std::string&) { return original; }
};

template <class E>
bool encode_state(writer& w, const std::exception& thrown) {
    const auto* original = dynamic_cast<const E*>(&thrown);
    if (original == nullptr) return false;
    encode<typename exception_state<E>::state>(w, exception_state<E>::save(*original));
    return true;
}

template <class E>
std::exception_ptr decode_state(reader& r, std::string message, const remote_origin::place& where) {
    E original = exception_state<E>::load(decode<typename exception_state<E>::state>(r), message);
    return as_remote<E>(std::move(original), std::move(message), where, decode_nested(r, where));
}

}  // namespace detail

template <std::derived_from<std::exception> E>
void register_exception() {
    static_assert(!std::is_final_v<E>, "braid: a final exception cannot be given the place where it was thrown");
    detail::add_exception_type({detail::readable_name(typeid(E)), &detail::encode_state<E>, &detail::decode_state<E>});
}

}  // namespace braid::wire
