#include <braid/core/detail/homes.hpp>

#include <mutex>
#include <vector>

namespace braid::detail {

namespace {

struct registry {
    std::mutex mutex;
    list<home_entry> homes;  // under mutex
};

/// Never destroyed: a home may end after everything that is static.
registry& the_registry() {
    static registry& r = *new registry;
    return r;
}

}  // namespace

void home_entry::join() noexcept {
    registry& r = the_registry();
    const std::lock_guard lock(r.mutex);
    r.homes.push_back(*this);
    joined = true;
}

void home_entry::leave() noexcept {
    if (!joined) return;
    const std::lock_guard lock(the_registry().mutex);
    unlink();
    joined = false;
}

void for_each_home(const std::function<void(home&)>& visit) {
    registry& r = the_registry();
    const std::lock_guard lock(r.mutex);
    std::vector<home*> homes;
    r.homes.for_each([&homes](home_entry& entry) { homes.push_back(&entry.where); });
    for (home* where : homes) visit(*where);
}

}  // namespace braid::detail
