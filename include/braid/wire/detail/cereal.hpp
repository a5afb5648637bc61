#pragma once
// cereal archives over a writer and a reader: the way in for types that bring cereal functions of their own, and for
// cereal's types that have no codec here (include their header, e.g. <cereal/types/bitset.hpp>). Whatever such a
// function hands back to the archive is encoded by its codec again, if it has one.

#include <braid/wire/detail/codec.hpp>
#include <cereal/cereal.hpp>
#include <cstdint>
#include <memory>

namespace braid::wire::detail {

class output_archive : public cereal::OutputArchive<output_archive, cereal::AllowEmptyClassElision> {
public:
    explicit output_archive(writer& to) : OutputArchive(this), to_(to) {}

    // These hide cereal's, which would not know the codecs.
    template <class... Ts>
    output_archive& operator()(Ts&&... values) {
        (save_one(values), ...);
        return *this;
    }
    template <class T>
    output_archive& operator&(T&& value) {
        return (*this)(value);
    }
    template <class T>
    output_archive& operator<<(T&& value) {
        return (*this)(value);
    }

    /// By cereal's own dispatch.
    template <class T>
    void save_by_cereal(const T& value) {
        OutputArchive::operator()(value);
    }

    [[nodiscard]] writer& to() noexcept { return to_; }

private:
    template <class T>
    void save_one(const T& value);

    writer& to_;
};

class input_archive : public cereal::InputArchive<input_archive, cereal::AllowEmptyClassElision> {
public:
    explicit input_archive(reader& from) : InputArchive(this), from_(from) {}

    template <class... Ts>
    input_archive& operator()(Ts&&... values) {
        (load_one(values), ...);
        return *this;
    }
    template <class T>
    input_archive& operator&(T&& value) {
        return (*this)(value);
    }
    template <class T>
    input_archive& operator>>(T&& value) {
        return (*this)(value);
    }

    template <class T>
    void load_by_cereal(T& value) {
        InputArchive::operator()(value);
    }

    [[nodiscard]] reader& from() noexcept { return from_; }

private:
    template <class T>
    void load_one(T& value);

    reader& from_;
};

// What cereal asks every archive for.
template <number T>
void CEREAL_SAVE_FUNCTION_NAME(output_archive& ar, const T& value) {
    ar.to().scalar(value);
}
template <number T>
void CEREAL_LOAD_FUNCTION_NAME(input_archive& ar, T& value) {
    value = ar.from().scalar<T>("a number");
}
inline void CEREAL_SAVE_FUNCTION_NAME(output_archive& ar, const bool& value) { bool_codec::encode(ar.to(), value); }
inline void CEREAL_LOAD_FUNCTION_NAME(input_archive& ar, bool& value) { value = bool_codec::decode(ar.from()); }

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(output_archive& ar, const cereal::NameValuePair<T>& pair) {
    ar(pair.value);
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(input_archive& ar, cereal::NameValuePair<T>& pair) {
    ar(pair.value);
}
template <class T>
void CEREAL_SAVE_FUNCTION_NAME(output_archive& ar, const cereal::SizeTag<T>& tag) {
    ar.to().count(static_cast<std::size_t>(tag.size));
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(input_archive& ar, cereal::SizeTag<T>& tag) {
    tag.size = static_cast<std::remove_reference_t<T>>(ar.from().count(1, "a number of elements"));
}
template <class T>
void CEREAL_SAVE_FUNCTION_NAME(output_archive& ar, const cereal::BinaryData<T>& data) {
    ar.to().append(data.data, static_cast<std::size_t>(data.size));
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(input_archive& ar, cereal::BinaryData<T>& data) {
    const auto size = static_cast<std::size_t>(data.size);
    if (size != 0) std::memcpy(data.data, ar.from().take(size, "binary data"), size);
}

template <class T>
inline constexpr auto cereal_saves = cereal::traits::detail::count_output_serializers<T, output_archive>::value;
template <class T>
inline constexpr auto cereal_loads = cereal::traits::detail::count_input_serializers<T, input_archive>::value;

/// A type with cereal functions. They load into an object that exists: it must have a default constructor.
template <class T>
struct cereal_codec : codec_traits<1> {
    static void encode(writer& w, const T& value) {
        const writer::nesting level(w);
        const std::size_t before = w.position();
        w.archive().save_by_cereal(value);
        if (w.position() == before) w.scalar(std::byte{});  // at least one: see codec_traits::least
    }

    static T decode(reader& r) {
        static_assert(std::is_default_constructible_v<T>,
                      "braid: a class with cereal functions needs a public default constructor to be decoded");
        const reader::nesting level(r);
        const std::size_t before = r.offset();
        T value{};
        try {
            r.archive().load_by_cereal(value);
        } catch (const cereal::Exception& e) {
            r.fail("a value with cereal functions", e.what());
        }
        if (r.offset() == before) r.take(1, "an empty value");
        return value;
    }
};

}  // namespace braid::wire::detail

CEREAL_SETUP_ARCHIVE_TRAITS(braid::wire::detail::input_archive, braid::wire::detail::output_archive)
