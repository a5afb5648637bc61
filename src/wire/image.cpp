#include <braid/wire/image.hpp>

#include <elf.h>
#include <fmt/format.h>
#include <link.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <utility>

namespace braid::wire {

namespace {

struct code_segment {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    std::uint32_t module = 0;
};

struct loaded_module {
    std::string name;
    build_id id{};
    std::uintptr_t base = 0;
    std::vector<code_segment> code;
};

// Never changed once it is published, so that it is read without a lock.
struct image {
    std::vector<loaded_module> modules;
    std::vector<code_segment> code;  // of all modules, by address
};

build_id hash_of_code(const std::vector<code_segment>& code) {
    constexpr std::uint64_t prime = 0x100000001b3;
    std::uint64_t hash = 0xcbf29ce484222325;
    std::uint64_t size = 0;
    for (const code_segment& part : code) {
        for (std::uintptr_t at = part.begin; at + sizeof(std::uint64_t) <= part.end; at += sizeof(std::uint64_t)) {
            std::uint64_t word = 0;
            std::memcpy(&word, reinterpret_cast<const void*>(at), sizeof word);
            hash = (hash ^ word) * prime;
        }
        size += part.end - part.begin;
    }
    build_id id{};
    std::memcpy(id.data(), &hash, sizeof hash);
    std::memcpy(id.data() + sizeof hash, &size, sizeof size);
    return id;
}

// Looks for the note that the linker leaves: source: elf(5), "Notes (Nhdr)".
bool find_build_id(const dl_phdr_info& info, const ElfW(Phdr) & notes, build_id& id) {
    const auto align = [](std::size_t size) { return (size + 3) & ~std::size_t{3}; };
    const char* at = reinterpret_cast<const char*>(info.dlpi_addr + notes.p_vaddr);
    const char* end = at + notes.p_memsz;
    while (static_cast<std::size_t>(end - at) >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) note;
        std::memcpy(&note, at, sizeof note);
        const char* name = at + sizeof note;
        const std::size_t size = sizeof note + align(note.n_namesz) + align(note.n_descsz);
        if (size > static_cast<std::size_t>(end - at)) return false;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(name, "GNU", 4) == 0) {
            std::memcpy(id.data(), name + align(note.n_namesz), std::min<std::size_t>(note.n_descsz, id.size()));
            return true;
        }
        at += size;
    }
    return false;
}

loaded_module describe(const dl_phdr_info& info) {
    loaded_module found;
    found.name = info.dlpi_name;
    found.base = info.dlpi_addr;
    bool has_id = false;
    bool readable = true;
    for (const ElfW(Phdr) & part : std::span(info.dlpi_phdr, info.dlpi_phnum)) {
        if (part.p_type == PT_NOTE && !has_id) has_id = find_build_id(info, part, found.id);
        if (part.p_type != PT_LOAD || (part.p_flags & PF_X) == 0) continue;
        const std::uintptr_t begin = info.dlpi_addr + part.p_vaddr;
        found.code.push_back({begin, begin + part.p_memsz, 0});
        readable = readable && (part.p_flags & PF_R) != 0;
    }
    if (!has_id && readable) found.id = hash_of_code(found.code);
    return found;
}

int add_module(dl_phdr_info* info, std::size_t, void* data) {
    auto& modules = *static_cast<std::vector<loaded_module>*>(data);
    const std::string_view name = info->dlpi_name;
    if (name.starts_with("linux-vdso") || name.starts_with("linux-gate")) return 0;  // the kernel's, not the program's
    loaded_module found = describe(*info);
    if (modules.empty() && found.name.empty()) found.name = "the executable";
    if (!found.code.empty()) modules.push_back(std::move(found));
    return 0;
}

// Known modules keep their places, whatever the linker's order is by now.
std::vector<loaded_module> keep_places(const image& before, std::vector<loaded_module> now) {
    std::vector<loaded_module> merged;
    for (const loaded_module& known : before.modules) {
        const auto same = [&](const loaded_module& m) { return m.id == known.id && m.base == known.base; };
        const auto found = std::find_if(now.begin(), now.end(), same);
        merged.push_back(known);
        if (found == now.end()) {
            merged.back().code.clear();  // closed meanwhile
        } else {
            merged.back() = std::move(*found);
            now.erase(found);
        }
    }
    std::move(now.begin(), now.end(), std::back_inserter(merged));
    return merged;
}

std::unique_ptr<const image> capture(const image* before) {
    auto taken = std::make_unique<image>();
    dl_iterate_phdr(add_module, &taken->modules);
    if (before != nullptr) taken->modules = keep_places(*before, std::move(taken->modules));
    for (std::size_t i = 0; i != taken->modules.size(); ++i) {
        for (code_segment& part : taken->modules[i].code) {
            part.module = static_cast<std::uint32_t>(i);
            taken->code.push_back(part);
        }
    }
    std::sort(taken->code.begin(), taken->code.end(),
              [](const code_segment& a, const code_segment& b) { return a.begin < b.begin; });
    return taken;
}

std::atomic<const image*> current = nullptr;

const image& publish_new_image(bool refresh) {
    static std::mutex mutex;
    // Old lists live on: another thread may be reading one. There are as many as there were refreshes.
    static auto& kept = *new std::vector<std::unique_ptr<const image>>;
    const std::lock_guard lock(mutex);
    const image* before = current.load(std::memory_order_acquire);
    if (before != nullptr && !refresh) return *before;
    kept.push_back(capture(before));
    current.store(kept.back().get(), std::memory_order_release);
    return *kept.back();
}

const image& loaded_image() {
    const image* known = current.load(std::memory_order_acquire);
    return known != nullptr ? *known : publish_new_image(false);
}

/// Null if no module has that address.
const code_segment* find_segment(const image& known, std::uintptr_t at) noexcept {
    // Mostly the function is in the segment where the last one was. (Old lists live on.)
    static thread_local const code_segment* last = nullptr;
    static thread_local const image* of = nullptr;
    if (of == &known && at >= last->begin && at < last->end) return last;
    // Segments do not overlap: the last one that begins at or before the address holds it, or none does.
    auto found =
        std::upper_bound(known.code.begin(), known.code.end(), at,
                         [](std::uintptr_t address, const code_segment& part) { return address < part.begin; });
    if (found == known.code.begin() || at >= (--found)->end) return nullptr;
    last = &*found;
    of = &known;
    return last;
}

code_address address_in(const code_segment& part, const image& known, std::uintptr_t at) noexcept {
    return {part.module, at - known.modules[part.module].base};
}

std::string to_hex(const build_id& id) {
    std::string hex;
    for (const std::uint8_t byte : id) fmt::format_to(std::back_inserter(hex), "{:02x}", byte);
    return hex;
}

}  // namespace

void capture_image() { loaded_image(); }
void refresh_image() { publish_new_image(true); }

std::optional<code_address> find_address(const void* code) noexcept {
    const image& known = loaded_image();
    const auto at = reinterpret_cast<std::uintptr_t>(code);
    const code_segment* found = find_segment(known, at);
    if (!found) return std::nullopt;
    return address_in(*found, known, at);
}

code_address to_address(const void* function) {
    // Not by find_address: an optional address comes back through memory, in pieces that are read as a whole, for which
    // the processor waits.
    const image& known = loaded_image();
    const auto at = reinterpret_cast<std::uintptr_t>(function);
    if (const code_segment* found = find_segment(known, at)) return address_in(*found, known, at);
    throw image_error(fmt::format(
        "the function at {} cannot travel to a worker: it is in no module that was loaded when braid started (a "
        "module opened with dlopen later is unknown to the workers)",
        function));
}

const void* from_address(code_address address) {
    const image& known = loaded_image();
    if (address.module >= known.modules.size()) {
        throw image_error(
            fmt::format("there is no module {} in this process, it has {}", address.module, known.modules.size()));
    }
    const loaded_module& module = known.modules[address.module];
    const std::uintptr_t at = module.base + address.offset;
    for (const code_segment& part : module.code) {
        if (at >= part.begin && at < part.end) return reinterpret_cast<const void*>(at);
    }
    throw image_error(fmt::format("there is no code at offset {:#x} of {}", address.offset, module.name));
}

image_fingerprint fingerprint() {
    image_fingerprint result;
    result.protocol = protocol_version;
    for (const loaded_module& module : loaded_image().modules) result.modules.push_back({module.name, module.id});
    return result;
}

std::string difference(const image_fingerprint& ours, const image_fingerprint& theirs) {
    if (ours.protocol != theirs.protocol) {
        return fmt::format("this process speaks protocol {}, the other one {}", ours.protocol, theirs.protocol);
    }
    const std::size_t common = std::min(ours.modules.size(), theirs.modules.size());
    for (std::size_t i = 0; i != common; ++i) {
        const auto& here = ours.modules[i];
        const auto& there = theirs.modules[i];
        if (here.id == there.id) continue;
        return fmt::format("module {} differs: {} with build id {} here, {} with build id {} there", i, here.name,
                           to_hex(here.id), there.name, to_hex(there.id));
    }
    if (ours.modules.size() > common) return fmt::format("only this process has {}", ours.modules[common].name);
    if (theirs.modules.size() > common)
        return fmt::format("only the other process has {}", theirs.modules[common].name);
    return {};
}

}  // namespace braid::wire
