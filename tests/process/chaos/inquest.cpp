#include "process/chaos/inquest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>

namespace chaos {

namespace {

using braid::death_reason;

harm done_to(int pid, const harm_by_pid& done) {
    const auto at = done.find(pid);
    return at == done.end() ? harm() : at->second;
}

bool is_explained(const testimony& t, const harm& h) {
    switch (t.reason) {
        // A worker that is stopped cannot stop a call either, nor say that one has ended: then the pool kills it.
        case death_reason::killed: return t.signal == SIGKILL && (h.killed || h.stopped);
        // One that was killed gives no sign of life either, if that is looked for before its end is told.
        case death_reason::unresponsive: return t.signal == SIGKILL && (h.killed || h.stopped || h.slowed);
        case death_reason::exited: return t.what == deed::leave && t.exit_code == 3;
        case death_reason::crashed:
            if (t.what == deed::crash && t.signal == SIGSEGV) return true;
            // Memory was not there where nobody can do without: an exception that nobody catches, or no more stack.
            return h.starved && (t.signal == SIGABRT || t.signal == SIGSEGV);
        default: return false;
    }
}

std::string told(const testimony& t, const harm& h) {
    return fmt::format("worker {} was lost by call {}: {} (signal {}, code {}), though it was{}{}{}{}{}", t.pid,
                       t.number, braid::to_string(t.reason), t.signal.value_or(0), t.exit_code.value_or(-1),
                       h.killed ? " killed" : "", h.stopped ? " stopped" : "", h.starved ? " starved" : "",
                       h.slowed ? " slowed" : "",
                       !h.killed && !h.stopped && !h.starved && !h.slowed ? " unharmed" : "");
}

/// What the pool says about its workers, those that had no call as well.
void check_ends(const braid::worker_ends& ended, const std::vector<testimony>& deaths, const harm_by_pid& done,
                std::vector<std::string>& complaints) {
    if (deaths.size() > ended.died_of_calls) {
        complaints.push_back(fmt::format("{} calls were lost to workers, of whom the pool counted {}", deaths.size(),
                                         ended.died_of_calls));
    }
    for (const death_reason never :
         {death_reason::out_of_memory, death_reason::cpu_limit, death_reason::file_size_limit,
          death_reason::broke_protocol, death_reason::unknown}) {
        if (ended.died_of(never) == 0) continue;
        complaints.push_back(fmt::format("{} workers ended so: {}", ended.died_of(never), braid::to_string(never)));
    }
    const auto harmed = [&](auto how) {
        return static_cast<std::uint64_t>(
            std::ranges::count_if(done, [&](const auto& each) { return how(each.second); }));
    };
    const auto at_most = [&](death_reason reason, std::uint64_t most) {
        if (ended.died_of(reason) <= most) return;
        complaints.push_back(fmt::format("{} workers ended so: {}, and {} were harmed so", ended.died_of(reason),
                                         braid::to_string(reason), most));
    };
    at_most(death_reason::killed, harmed([](const harm& h) { return h.killed || h.stopped; }));
    at_most(death_reason::unresponsive, harmed([](const harm& h) { return h.killed || h.stopped || h.slowed; }));
}

}  // namespace

std::vector<std::string> inquire(const std::vector<testimony>& deaths, const std::vector<want>& wants,
                                 const harm_by_pid& done, const braid::worker_ends& ended) {
    std::vector<std::string> complaints;
    std::map<int, std::size_t> lost_to;
    for (const testimony& t : deaths) {
        const harm h = done_to(t.pid, done);
        if (!is_explained(t, h)) complaints.push_back(told(t, h));
        const auto [before, first] = lost_to.emplace(t.pid, t.number);
        if (!first) {
            complaints.push_back(
                fmt::format("worker {} died once, and was lost by call {} and by {}", t.pid, before->second, t.number));
        }
    }
    for (const want& w : wants) {
        if (done_to(w.pid, done).starved) continue;
        complaints.push_back(fmt::format("call {} had no memory in worker {}, which had enough", w.number, w.pid));
    }
    check_ends(ended, deaths, done, complaints);
    return complaints;
}

}  // namespace chaos
