#include "process/chaos/judge.hpp"

#include <braid/core/error.hpp>
#include <braid/wire/call.hpp>

#include <fmt/format.h>

#include <csignal>
#include <new>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace chaos {

namespace {

constexpr std::array<std::string_view, outcomes> names{"never ended", "values",    "failed",    "starved", "died",
                                                       "late",        "cancelled", "shut down", "wrong"};

}  // namespace

judge::judge(std::uint64_t seed, std::size_t calls) : seed_(seed), runs_(calls), ends_(calls) {}

void judge::value(std::size_t number, const std::string& text) {
    const plan p = plan_of(seed_, number);
    const bool has_one = p.what != deed::fail && p.what != deed::crash && p.what != deed::leave;
    if (!has_one) complain(fmt::format("call {} has a value, though it throws or dies", number));
    const bool right = text == text_for(number + 1, p.size_back);
    if (!right) complain(fmt::format("call {} has another value than its own", number));
    record(number, has_one && right ? outcome::value : outcome::wrong);
}

void judge::caught(std::size_t number) {
    const plan p = plan_of(seed_, number);
    record(number, outcome_of_caught(number, p));
}

outcome judge::outcome_of_caught(std::size_t number, const plan& p) {
    std::string what;
    try {
        throw;
    } catch (const braid::worker_died& e) {
        return judge_death(e, p);
    } catch (const braid::timed_out&) {
        return outcome::late;
    } catch (const braid::cancelled& e) {
        if (e.reason() == braid::cancel_reason::shutdown) return ++shut_down_calls_, outcome::shut_down;
        if (p.cancel_after) return outcome::cancelled;
        what = fmt::format("cancelled ({}), which nobody did", to_string(e.reason()));
    } catch (const braid::closed&) {
        return ++shut_down_calls_, outcome::shut_down;
    } catch (const std::out_of_range& e) {
        if (p.what == deed::fail && e.what() == std::to_string(number)) return outcome::failed;
        what = e.what();
    } catch (const std::bad_alloc&) {
        return ++starved_calls_, outcome::starved;
    } catch (const std::exception& e) {
        // Starved while it took its arguments, or gave its result.
        what = e.what();
        if (what.find("bad_alloc") != std::string::npos) return ++starved_calls_, outcome::starved;
    }
    complain(fmt::format("call {} ended by: {}", number, what));
    return outcome::wrong;
}

outcome judge::judge_death(const braid::worker_died& e, const plan& p) {
    const std::string_view what = e.what();  // looks names up
    if (e.earlier().size() != p.retries) complain(fmt::format("another number of attempts than allowed: {}", what));
    const auto count = [&](const braid::worker_died& death) {
        if (death.signal() == SIGKILL) {
            ++killed_calls_;
        } else if (p.what == deed::crash && death.signal() == SIGSEGV) {
            return;
        } else if (p.what == deed::leave && death.exit_code() == 3) {
            return;
        } else {
            ++starved_calls_;  // an allocation failed where nobody expects it
        }
    };
    for (const auto& earlier : e.earlier()) count(earlier);
    count(e);
    return outcome::died;
}

void judge::record(std::size_t number, outcome how) {
    if (ends_[number].exchange(how) != outcome::none) complain(fmt::format("call {} ended twice", number));
    ended_.fetch_add(1);
}

void judge::complain(std::string what) {
    const std::lock_guard lock(mutex_);
    complaints_.push_back(std::move(what));
}

void judge::check_runs(std::size_t number, outcome how) {
    const plan p = plan_of(seed_, number);
    const auto runs = static_cast<unsigned>(runs_.runs_of(number));
    const bool ran = how == outcome::value || how == outcome::failed;
    // It may die before it has counted itself.
    if (runs <= 1 + p.retries && (!ran || runs >= 1)) return;
    complain(fmt::format("call {} ran {} times ({}), with {} retries allowed", number, runs,
                         names[static_cast<std::size_t>(how)], p.retries));
}

void judge::check_harm(const harm& done) {
    if (killed_calls_ > done.kills + done.stops) {
        complain(fmt::format("{} kills and {} stops ended {} calls", done.kills, done.stops, killed_calls_.load()));
    }
    if (starved_calls_ != 0 && done.starved == 0) {
        complain(fmt::format("{} calls starved, though all had memory", starved_calls_.load()));
    }
    if (shut_down_calls_ != 0 && !done.shut_down) {
        complain(fmt::format("{} calls were shut down, though the pool was not", shut_down_calls_.load()));
    }
}

std::vector<std::string> judge::complaints(const harm& done) {
    for (std::size_t number = 0; number != ends_.size(); ++number) {
        const outcome how = ends_[number];
        if (how == outcome::none) complain(fmt::format("call {} never ended", number));
        check_runs(number, how);
    }
    check_harm(done);
    return std::exchange(complaints_, {});
}

std::string judge::summary() const {
    std::array<std::size_t, outcomes> count{};
    for (const auto& how : ends_) ++count[static_cast<std::size_t>(how.load())];
    std::string text;
    for (std::size_t i = 0; i != outcomes; ++i) {
        if (count[i] != 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count[i], names[i]);
    }
    return text;
}

}  // namespace chaos
