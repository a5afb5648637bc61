// The values that travel beside the bytes of a message.

#include <braid/process/descriptor.hpp>
#include <braid/process/shared_bytes.hpp>

#include <unistd.h>

namespace braid {

descriptor::~descriptor() {
    if (fd_ >= 0) ::close(fd_);  // on Linux it is gone even after EINTR: never retried
}

namespace wire::detail {

void codec<descriptor>::encode(writer& w, const descriptor& value) {
    if (!value) throw encode_error("a braid::descriptor that owns none cannot be sent");
    w.scalar(w.beside().add_descriptor(value.get()));
}

descriptor codec<descriptor>::decode(reader& r) {
    return descriptor(r.beside().take_descriptor(r.scalar<std::uint32_t>("a descriptor")));
}

void codec<shared_bytes>::encode(writer& w, const shared_bytes& value) {
    w.scalar(value.segment_ ? w.beside().add_segment(value.segment_) : std::uint64_t{0});
}

shared_bytes codec<shared_bytes>::decode(reader& r) {
    shared_bytes value;
    if (const auto known_by = r.scalar<std::uint64_t>("shared bytes"))
        value.segment_ = r.beside().take_segment(known_by);
    return value;
}

}  // namespace wire::detail

}  // namespace braid
