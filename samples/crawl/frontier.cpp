#include "frontier.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace crawl {
namespace {

/// Does the verdict depend on where a URL was found, and not on the URL alone?
bool depends_on_origin(outcome verdict) {
    return verdict == outcome::over_depth || verdict == outcome::too_many_redirects || verdict == outcome::nofollow ||
           verdict == outcome::only_on_copies;
}

}  // namespace

frontier::frontier(scope within, frontier_options limits)
    : scope_(std::move(within)), limits_(std::move(limits)), waiting_(limits_.folder), traps_(limits_.traps) {}

added frontier::add(const url& found, origin_of_link from) {
    const std::uint64_t hash = seen_.hash(found.text());
    const url_table::found known = seen_.find(hash);
    if (known.id != 0 && !depends_on_origin(known.verdict)) return {known.id, known.verdict, false};
    verdict now = judge(found, from);
    if (known.id != 0 && now.how != outcome::pending) return {known.id, known.verdict, false};

    const bool is_new = known.id == 0;
    const url_id id = is_new ? ++last_id_ : known.id;
    seen_.set(hash, id, now.how);
    if (now.how == outcome::pending) {
        traps_.count(found.text());
        enqueue({id, from.depth, from.redirects, std::string(found.text())}, found.origin());
    }
    return {id, now.how, is_new, is_new ? now.how : known.verdict, std::move(now.detail)};
}

added frontier::add_unfetchable(std::string_view text, outcome why) { return add_judged(text, why); }

added frontier::add(const link& found, origin_of_link from) {
    // Most links lead to what is known, and a canonical URL needs no parsing to be recognised.
    const url_table::found known = seen_.find(seen_.hash(found.url));
    if (known.id != 0 && !depends_on_origin(known.verdict)) return {known.id, known.verdict, false};
    if (!found.problem.empty()) {
        return add_judged(found.url, found.bad_scheme ? outcome::bad_scheme : outcome::bad_url);
    }
    const auto target = parse_url(found.url);
    if (!target) return add_judged(found.url, outcome::bad_url);
    from.nofollow = from.nofollow || found.nofollow;
    return add(*target, from);
}

void frontier::restore(const waiting_url& known, outcome how) {
    last_id_ = std::max(last_id_, known.id);
    const bool waits = how == outcome::pending || how == outcome::cancelled;
    seen_.set(seen_.hash(known.text), known.id, waits ? outcome::pending : how);
    if (is_refusal(how)) return;
    traps_.count(known.text);
    if (!waits) {
        ++accepted_;
        return;
    }
    const auto target = parse_url(known.text);
    if (!target) throw std::runtime_error(fmt::format("cannot go on with what is no URL: {}", known.text));
    enqueue(known, target->origin());
}

std::optional<fetch_job> frontier::next() {
    while (!turns_.empty() && turns_.front()->in_flight >= turns_.front()->limit) {  // it fell meanwhile
        turns_.front()->in_turn = false;
        turns_.pop_front();
    }
    if (turns_.empty()) return std::nullopt;
    host& h = *turns_.front();
    place_queue& queue = *h.next();
    const waiting_url first = waiting_.read(queue.front());
    const auto target = parse_url(first.text);
    if (!target) throw std::logic_error("frontier: what is queued is no URL: " + first.text);
    turns_.pop_front();
    h.in_turn = false;
    queue.pop();
    ++h.in_flight;
    ++in_flight_;
    --queued_;
    give_turn(h);
    return fetch_job{first.id, *target, first.depth, first.redirects};
}

void frontier::done(const url& target) {
    host& h = land(target);
    ++h.done;
    give_turn(h);
}

void frontier::put_back(const fetch_job& job) {
    host& h = land(job.target);
    const waiting_url again{job.id, job.depth, job.redirects, std::string(job.target.text())};
    h.queues[limits_.priority.rank(again.text)].push(waiting_.append(again));
    ++queued_;
    give_turn(h);
}

/// One fewer in flight.
frontier::host& frontier::land(const url& target) {
    const auto h = hosts_.find(target.origin());
    if (h == hosts_.end() || h->second.in_flight == 0) {
        throw std::logic_error("frontier: done without a fetch in flight: " + std::string(target.text()));
    }
    --h->second.in_flight;
    --in_flight_;
    return h->second;
}

void frontier::limit(const url& target, std::size_t fetches) {
    host& h = hosts_[target.origin()];
    h.limit = fetches;
    give_turn(h);
}

host_state frontier::state_of(const std::string& origin) const {
    const auto found = hosts_.find(origin);
    if (found == hosts_.end()) return {.limit = limits_.per_host};
    const host& h = found->second;
    host_state state{.in_flight = h.in_flight, .limit = h.limit, .done = h.done};
    for (const place_queue& queue : h.queues) state.queued += queue.size();
    return state;
}

void frontier::forget_if(const idle_origin& is_idle) {
    const auto is_empty = [](const place_queue& queue) { return queue.empty(); };
    std::erase_if(hosts_, [&](const auto& known) {
        const auto& [origin, h] = known;
        const bool has_nothing = h.in_flight == 0 && std::all_of(h.queues.begin(), h.queues.end(), is_empty);
        return has_nothing && is_idle(origin);
    });
}

std::size_t frontier::drain() {
    for (auto& [origin, h] : hosts_) {
        for (place_queue& queue : h.queues) queue.clear();
        h.in_turn = false;
    }
    turns_.clear();
    return std::exchange(queued_, 0);
}

frontier::verdict frontier::judge(const url& found, origin_of_link from) const {
    if (!scope_.contains(found)) return {outcome::out_of_scope};
    if (from.redirects > limits_.max_redirects) return {outcome::too_many_redirects};
    if (from.depth > limits_.max_depth) return {outcome::over_depth};
    if (from.nofollow && limits_.obey_nofollow) return {outcome::nofollow};
    if (from.in_copy) return {outcome::only_on_copies};
    if (std::string why = traps_.suspicion(found.text()); !why.empty()) return {outcome::trap, std::move(why)};
    if (accepted_ >= limits_.max_pages) return {outcome::over_page_limit};
    return {outcome::pending};
}

added frontier::add_judged(std::string_view text, outcome how) {
    const std::uint64_t hash = seen_.hash(text);
    const url_table::found known = seen_.find(hash);
    if (known.id != 0) return {known.id, known.verdict, false};
    seen_.set(hash, ++last_id_, how);
    return {last_id_, how, true};
}

void frontier::enqueue(const waiting_url& what, const std::string& origin) {
    ++accepted_;
    ++queued_;
    host& h = hosts_.try_emplace(origin, host{.limit = limits_.per_host}).first->second;
    h.queues[limits_.priority.rank(what.text)].push(waiting_.append(what));
    give_turn(h);
}

place_queue* frontier::host::next() noexcept {
    const auto waits = [](const place_queue& queue) { return !queue.empty(); };
    const auto found = std::find_if(queues.begin(), queues.end(), waits);
    return found != queues.end() ? &*found : nullptr;
}

std::size_t frontier::memory() const noexcept {
    std::size_t bytes = seen_.memory() + traps_.memory();
    for (const auto& [origin, h] : hosts_) {
        bytes += sizeof h;
        for (const place_queue& queue : h.queues) bytes += queue.memory();
    }
    return bytes;
}

void frontier::give_turn(host& h) {
    if (h.in_turn || h.next() == nullptr || h.in_flight >= h.limit) return;
    h.in_turn = true;
    turns_.push_back(&h);
}

}  // namespace crawl
