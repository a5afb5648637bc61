#include <braid/wire/archive.hpp>
#include <braid/wire/writer.hpp>

#include <fmt/format.h>

#include <map>
#include <typeindex>
#include <utility>
#include <vector>

namespace braid::wire {

namespace detail {

// What only some messages need: identities of shared objects, and cereal's archive with its own tables.
struct output_state {
    explicit output_state(writer& owner) : archive(owner) {}

    output_archive archive;
    // With its type: an object and its first member have one address.
    std::map<std::pair<const void*, std::type_index>, std::uint32_t> shared_ids;
    // By id - 1. Kept alive: a freed object's address could be given to another one within the same message.
    std::vector<std::shared_ptr<const void>> shared_objects;
    std::vector<bool> complete;
};

void output_state_deleter::operator()(output_state* state) const noexcept { delete state; }

}  // namespace detail

detail::output_state& writer::state() {
    if (!state_) state_.reset(new detail::output_state(*this));
    return *state_;
}

detail::output_archive& writer::archive() { return state().archive; }

void writer::rewind(std::size_t position) noexcept {
    out_->truncate(position);
    state_.reset();
}

writer::shared_entry writer::begin_shared(const std::shared_ptr<const void>& object, const std::type_info& type) {
    if (!object) return {0, false};
    auto& known = state();
    const auto next = static_cast<std::uint32_t>(known.shared_objects.size() + 1);
    const auto [entry, first] = known.shared_ids.try_emplace({object.get(), type}, next);
    if (first) {
        known.shared_objects.push_back(object);
        known.complete.push_back(false);
    } else if (!known.complete[entry->second - 1]) {
        throw encode_error("a std::shared_ptr cannot be encoded: the object it points to owns itself, through a cycle");
    }
    return {entry->second, first};
}

void writer::end_shared(std::uint32_t id) noexcept { state_->complete[id - 1] = true; }

bool writer::put_into_lent(const void* first, std::size_t number, std::size_t bytes) {
    const auto room = beside_ ? beside_->lend(bytes) : std::nullopt;
    if (!room) return false;
    std::memcpy(room->bytes.data(), first, bytes);
    scalar(std::uint64_t{number} | lent_mark);
    scalar(room->known_by);
    scalar(room->offset);
    return true;
}

void writer::refuse_attachment() {
    throw encode_error(
        "a descriptor or shared bytes cannot be encoded here: they travel as arguments and results of calls and as "
        "items "
        "of a map, but not to an initialiser");
}

void writer::nesting::refuse_depth() {
    throw encode_error(fmt::format("a value cannot be encoded: it nests more than {} levels deep", max_nesting));
}

}  // namespace braid::wire
