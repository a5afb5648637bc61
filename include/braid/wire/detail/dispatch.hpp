#pragma once
// Which codec a type gets that is not named by a specialisation, and what is said when there is none.

#include <braid/wire/detail/aggregate.hpp>
#include <braid/wire/detail/cereal.hpp>
#include <braid/wire/detail/codec.hpp>
#include <braid/wire/detail/function_pointer.hpp>
#include <type_traits>

namespace braid::wire::detail {

template <class T, std::size_t Fields>
constexpr auto choose_aggregate_codec() {
    if constexpr (Fields == uncountable) {  // nothing initialises it: a member is a reference
        return std::type_identity<refused_codec<refusal::reference>>{};
    } else if constexpr (has_array<T, Fields>()) {
        return std::type_identity<refused_codec<refusal::c_array>>{};
    } else if constexpr (Fields > most_fields) {
        return std::type_identity<refused_codec<refusal::too_many_fields>>{};
    } else {
        return std::type_identity<aggregate_codec<T>>{};
    }
}

template <class T>
constexpr auto choose_class_codec() {
    if constexpr (cereal_saves<T> == 1 && cereal_loads<T> == 1) {
        return std::type_identity<cereal_codec<T>>{};
    } else if constexpr (cereal_saves<T> > 1 || cereal_loads<T> > 1) {
        return std::type_identity<refused_codec<refusal::ambiguous>>{};
    } else if constexpr (std::is_union_v<T>) {
        return std::type_identity<refused_codec<refusal::union_type>>{};
    } else if constexpr (std::is_empty_v<T> && std::is_default_constructible_v<T>) {
        return std::type_identity<empty_codec<T>>{};
    } else if constexpr (!std::is_aggregate_v<T>) {
        return std::type_identity<refused_codec<refusal::opaque>>{};
    } else if constexpr (has_base<T>) {
        return std::type_identity<refused_codec<refusal::base_class>>{};
    } else {
        return choose_aggregate_codec<T, count_fields<T>()>();
    }
}

template <class T>
constexpr auto choose_codec() {
    if constexpr (std::is_same_v<T, bool>) {
        return std::type_identity<bool_codec>{};
    } else if constexpr (number<T>) {
        return std::type_identity<number_codec<T>>{};
    } else if constexpr (std::is_enum_v<T>) {
        return std::type_identity<enum_codec<T>>{};
    } else if constexpr (std::is_reference_v<T>) {
        return std::type_identity<refused_codec<refusal::reference>>{};
    } else if constexpr (std::is_array_v<T>) {
        return std::type_identity<refused_codec<refusal::c_array>>{};
    } else if constexpr (function_pointer<T>) {
        return std::type_identity<function_pointer_codec<T>>{};
    } else if constexpr (!std::is_class_v<T> && !std::is_union_v<T>) {
        return std::type_identity<refused_codec<refusal::pointer>>{};
    } else {
        return choose_class_codec<T>();
    }
}

template <class T>
struct codec : decltype(choose_codec<std::remove_cv_t<T>>())::type {};

template <class T>
constexpr bool has_own_codec() {
    return codec<T>::why == refusal::none && !std::is_base_of_v<cereal_codec<T>, codec<T>>;
}

template <class T>
void output_archive::save_one(const T& value) {
    if constexpr (has_own_codec<T>()) {
        codec<T>::encode(to_, value);
    } else {
        save_by_cereal(value);
    }
}

template <class T>
void input_archive::load_one(T& value) {
    if constexpr (has_own_codec<std::remove_const_t<T>>()) {
        value = codec<T>::decode(from_);
    } else {
        load_by_cereal(value);
    }
}

// ---- the messages

/// The error names all three: what was sent, the part of it that cannot travel, and why.
template <class Sent, class Part, refusal Why>
struct travels_to_a_worker {
    static_assert(Why != refusal::pointer,
                  "braid: a raw pointer cannot travel to a worker, where it would point to nothing: write the value "
                  "itself, std::optional or std::unique_ptr instead");
    static_assert(Why != refusal::reference,
                  "braid: a reference to something elsewhere (T&, std::reference_wrapper, std::weak_ptr) cannot travel "
                  "to a worker: write the value itself or std::shared_ptr instead");
    static_assert(Why != refusal::view,
                  "braid: a view cannot travel to a worker inside a value: write std::string instead of "
                  "std::string_view, std::vector instead of std::span (a function's own parameter may be a view)");
    static_assert(Why != refusal::c_array,
                  "braid: a struct with a C array cannot travel to a worker: write std::array instead");
    static_assert(Why != refusal::too_many_fields,
                  "braid: a struct of more than 32 fields needs a cereal `serialize` function, or structs within it");
    static_assert(Why != refusal::base_class,
                  "braid: a struct with a base class cannot travel to a worker: write the base as a member, or give "
                  "it a cereal `serialize` function");
    static_assert(Why != refusal::polymorphic,
                  "braid: a pointer to a polymorphic class cannot travel to a worker, as what it points to is not "
                  "known: write std::variant of the final classes instead");
    static_assert(Why != refusal::union_type,
                  "braid: a union cannot travel to a worker, as its active member is not known: write std::variant");
    static_assert(Why != refusal::ambiguous,
                  "braid: several cereal functions fit this class: keep one of `serialize`, `save`/`load`");
    static_assert(Why != refusal::opaque,
                  "braid: this class cannot travel to a worker, as its content is private: make it a plain struct, or "
                  "give it a cereal `serialize` function");
    static constexpr bool value = Why == refusal::none;
};

template <class T>
constexpr bool check_travel() {
    using verdict = verdict_on<T>;
    return travels_to_a_worker<T, typename verdict::type, verdict::why>::value;
}

}  // namespace braid::wire::detail
