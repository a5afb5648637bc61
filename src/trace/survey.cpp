#include <braid/trace/dump.hpp>

#include <braid/core/detail/group_child.hpp>

#include "core/await_text.hpp"

#include <algorithm>
#include <cstddef>
#include <unordered_map>
#include <utility>

namespace braid::detail {

namespace {

/// Puts the tree together from its leaves: whatever is suspended knows who awaits it, up to a root or a child of a
/// group.
class survey {
public:
    explicit survey(home& where) noexcept : home_(where) {}

    void take() {
        home_.roots().for_each([this](root_entry& root) {
            roots_.emplace(root.inside, &root);
            root.inside->scope->for_each_operation([this](operation& op) { add(op); });
        });
        home_.ready().for_each([this](work& w) {
            if (operation* op = operation::of(w)) {
                add(*op).waits_for.clear();
            } else if (promise_base* child = group_child::to_begin(w)) {
                add(*child, "its turn to begin", home_.turn_time());
            }
        });
    }

    std::vector<task_info> tree() {
        std::vector<std::vector<std::size_t>> children(strands_.size());
        std::vector<std::size_t> roots;
        for (std::size_t i = 0; i < strands_.size(); ++i) {
            const std::size_t parent = parent_of(i);
            (parent == none ? roots : children[parent]).push_back(i);
        }
        return gather(roots, children);
    }

private:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);
    struct strand {
        environment* env;  // of the outermost coroutine
        task_info info;
    };

    task_info& add(operation& op) { return add(op.waiter(), op.describe(), op.since()); }

    task_info& add(promise_base& leaf, std::string waits_for, time_point since) {
        const auto [known, is_new] = leaves_.try_emplace(&leaf, strands_.size());
        if (!is_new) return strands_[known->second].info;
        strand s{.env = nullptr, .info = {.name = {}, .awaits = {}, .waits_for = std::move(waits_for), .since = since}};
        bool stolen = false;
        for (promise_base* p = &leaf;; p = &promise_of(p->continuation)) {
            if (!is_internal(p->where)) s.info.awaits.push_back(p->where);
            if (p->env->name) s.info.name = *p->env->name;
            owners_.try_emplace(p->env, strands_.size());
            s.env = p->env;
            // A child that was forked and stolen leads on to its parent on another home, which stands still while it
            // lives; any other is shown below its parent.
            if (p->forked) stolen = stolen || !p->env->parent;
            if (!p->continuation || (p->forked && !stolen)) break;
        }
        std::ranges::reverse(s.info.awaits);
        strands_.push_back(std::move(s));
        return strands_.back().info;
    }

    /// The strand that a group around the whole of this one belongs to, or that has started it.
    std::size_t parent_of(std::size_t child) const {
        const environment* outermost = strands_[child].env;
        while (outermost->parent) {
            outermost = outermost->parent;
            const auto owner = owners_.find(outermost);
            if (owner != owners_.end()) return owner->second;
        }
        const auto root = roots_.find(outermost);
        if (root == roots_.end()) return none;
        const auto starter = owners_.find(root->second->starter);
        const bool still_there = starter != owners_.end() && starter->first->serial == root->second->starter_serial;
        return still_there && starter->second != child ? starter->second : none;
    }

    std::vector<task_info> gather(const std::vector<std::size_t>& indices,
                                  const std::vector<std::vector<std::size_t>>& children) {
        std::vector<task_info> infos;
        for (const std::size_t i : indices) {
            infos.push_back(std::move(strands_[i].info));
            infos.back().children = gather(children[i], children);
        }
        return infos;
    }

    home& home_;
    std::vector<strand> strands_;
    std::unordered_map<const promise_base*, std::size_t> leaves_;  // the strand of each leaf
    std::unordered_map<const environment*, std::size_t> owners_;   // the strand that each environment belongs to
    std::unordered_map<const environment*, const root_entry*> roots_;
};

}  // namespace

home_info look_at(home& where) {
    survey s(where);
    s.take();
    return {.stalled = false, .at = where.turn_time(), .roots = s.tree()};
}

}  // namespace braid::detail
