#include <braid/wire/archive.hpp>
#include <braid/wire/reader.hpp>

#include <fmt/format.h>

#include <limits>
#include <new>
#include <system_error>
#include <vector>

namespace braid::wire {

namespace detail {

struct input_state {
    explicit input_state(reader& owner) : archive(owner) {}

    struct shared_object {
        std::shared_ptr<void> object;
        const std::type_info* type = nullptr;
    };
    input_archive archive;
    std::vector<shared_object> shared_objects;  // by id - 1; null while its content is being read
};

void input_state_deleter::operator()(input_state* state) const noexcept { delete state; }

}  // namespace detail

detail::input_state& reader::state() {
    if (!state_) state_.reset(new detail::input_state(*this));
    return *state_;
}

detail::input_archive& reader::archive() { return state().archive; }

std::size_t reader::count(std::size_t least, const char* what) {
    const auto elements = scalar<std::uint64_t>(what);
    if (elements > remaining() / least) [[unlikely]] {
        throw decode_error(
            fmt::format("expected {} at offset {}: {} elements are announced, but only {} bytes are left", what,
                        offset() - sizeof elements, elements, remaining()));
    }
    return static_cast<std::size_t>(elements);
}

reader::lent_elements reader::take_lent(std::size_t size_of_each, const char* what) {
    const std::uint64_t number = scalar<std::uint64_t>(what) & ~lent_mark;
    const auto known_by = scalar<std::uint64_t>(what);
    const auto offset = scalar<std::uint64_t>(what);
    if (number > std::numeric_limits<std::size_t>::max() / size_of_each) {
        fail(what, fmt::format("{} elements of {} bytes are more than there can be", number, size_of_each));
    }
    std::shared_ptr<segment> memory;
    try {
        memory = beside().take_lent(known_by, static_cast<std::size_t>(number) * size_of_each);
    } catch (const std::system_error& e) {
        if (e.code() == std::errc::not_enough_memory) throw std::bad_alloc();
        throw;
    }
    const std::size_t size = memory->bytes().size();
    if (offset % lent_offset != 0 || offset > size || number > (size - offset) / size_of_each) {
        fail(what, fmt::format("{} elements of {} bytes are said to lie at byte {} of {} bytes that were lent", number,
                               size_of_each, offset, size));
    }
    return {.memory = memory, .first = memory->bytes().data() + offset, .number = static_cast<std::size_t>(number)};
}

bool reader::knows_shared(std::uint32_t id) {
    auto& known = state().shared_objects;
    if (id <= known.size()) return true;
    if (id != known.size() + 1) fail("a shared object", fmt::format("number {} follows {}", id, known.size()));
    known.emplace_back();
    return false;
}

std::shared_ptr<void> reader::shared(std::uint32_t id, const std::type_info& type) {
    const auto& entry = state().shared_objects[id - 1];
    if (!entry.object) fail("a shared object", fmt::format("number {} owns itself", id));
    if (*entry.type != type) fail("a shared object", fmt::format("number {} has another type", id));
    return entry.object;
}

void reader::add_shared(std::uint32_t id, std::shared_ptr<void> object, const std::type_info& type) {
    state().shared_objects[id - 1] = {std::move(object), &type};
}

void reader::fail(std::string_view what, std::string_view why) const {
    throw decode_error(fmt::format("expected {} before offset {}: {}", what, offset(), why));
}

void reader::fail_short(const char* what, std::size_t wanted) const {
    throw decode_error(fmt::format("expected {} at offset {}: it needs {} bytes and {} are left", what, offset(),
                                   wanted, remaining()));
}

void reader::fail_left_over() const {
    throw decode_error(
        fmt::format("expected the end of the message at offset {}: {} bytes are left over", offset(), remaining()));
}

void reader::fail_depth() const {
    throw decode_error(
        fmt::format("refused a value at offset {}: it nests more than {} levels deep", offset(), max_nesting));
}

}  // namespace braid::wire
