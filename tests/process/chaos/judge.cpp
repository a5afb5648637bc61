#include "process/chaos/judge.hpp"

#include <braid/core/error.hpp>
#include <braid/wire/exception.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace chaos {

namespace {

constexpr std::array<std::string_view, outcomes> names{"never ended", "values",    "failed",    "starved", "died",
                                                       "late",        "cancelled", "shut down", "refused", "wrong"};

std::string_view name(outcome how) { return names.at(static_cast<std::size_t>(how)); }

/// As whoever asks for memory in vain says it.
bool is_want_of_memory(std::string_view what) {
    return what.find("bad_alloc") != std::string_view::npos ||
           what.find("Cannot allocate memory") != std::string_view::npos;
}

/// Where it was thrown. What does not get as far as the function, or back from it, is told in words.
int pid_of(const std::exception& error) {
    if (const auto* origin = dynamic_cast<const braid::wire::remote_origin*>(&error)) return origin->pid();
    constexpr std::string_view before = " process ";
    const std::string_view what = error.what();
    const auto at = what.find(before);
    return at == std::string_view::npos ? -1 : std::atoi(what.substr(at + before.size()).data());
}

}  // namespace

judge::judge(std::uint64_t seed, std::size_t calls)
    : seed_(seed), calls_(calls), runs_(number_of(calls)), ends_(number_of(calls)), runs_at_end_(number_of(calls)) {}

void judge::text(std::size_t call, std::string_view text) {
    const bool right = is_answer(plan_of(seed_, call).errand, number_of(call), text);
    record(call, right ? outcome::value : outcome::wrong);
}

void judge::value(std::size_t call) { record(call, outcome::value); }

void judge::refused(std::size_t call) {
    expect(runs_.runs_of(number_of(call)) == 0, call, "was refused, and ran");
    record(call, outcome::refused);
}

outcome judge::caught(std::size_t call, std::size_t items_given) {
    const auto error = std::current_exception();
    const bool of_map = is_map(plan_of(seed_, call).by);
    const subject by = of_map ? failed_item(call, items_given, error) : subject_of(call);
    const outcome how = outcome_of(by, error);
    if (by.item) record_item(by.number, how);
    record(call, how);
    return how;
}

void judge::item_text(std::size_t call, std::size_t item, std::size_t number, std::string_view text) {
    expect(number == number_of(call, item), call, fmt::format("has the result {} for item {}", number, item));
    const bool right = is_answer(plan_of_item(seed_, call, item), number_of(call, item), text);
    record_item(number_of(call, item), right ? outcome::value : outcome::wrong);
}

void judge::item_failed(std::size_t call, std::size_t item, const std::exception_ptr& error) {
    record_item(number_of(call, item), outcome_of(subject_of(call, item), error));
}

void judge::expect(bool right, std::size_t call, std::string_view what) {
    if (!right) complain(fmt::format("call {} {}", call, what));
}

bool judge::is_answer(const errand_plan& p, std::size_t number, std::string_view text) {
    if (!has_value(p.what)) complain(fmt::format("errand {} has a value, though it throws or dies", number));
    const bool right = text == text_for(number + 1, p.size_back);
    if (!right) complain(fmt::format("errand {} has another value than its own", number));
    return right && has_value(p.what);
}

judge::subject judge::subject_of(std::size_t call) const {
    const plan p = plan_of(seed_, call);
    return {.number = number_of(call),
            .what = is_map(p.by) ? deed::answer : p.errand.what,
            .retries = p.retries,
            .may_be_cancelled = p.cancel_after.has_value()};
}

judge::subject judge::subject_of(std::size_t call, std::size_t item) const {
    return {.number = number_of(call, item),
            .what = plan_of_item(seed_, call, item).what,
            .retries = plan_of(seed_, call).retries,
            .item = item};
}

/// Whom a map failed by: in order, that is the first that has no result.
judge::subject judge::failed_item(std::size_t call, std::size_t items_given, const std::exception_ptr& error) {
    std::optional<std::size_t> item;
    try {
        std::rethrow_exception(error);
    } catch (const braid::worker_died& e) {
        expect(e.item().has_value(), call, "is a map that was lost without an item");
        item = e.item();
    } catch (const std::out_of_range& e) {
        item = std::strtoull(e.what(), nullptr, 10) - number_of(call, 0);
    } catch (...) {  // judged later
    }
    const plan p = plan_of(seed_, call);
    if (!item) return subject_of(call);
    const bool in_order = p.by != way::map_unordered;
    expect(*item < p.items && (!in_order || *item == items_given), call,
           fmt::format("failed by item {} after {} results", *item, items_given));
    if (*item >= p.items) return subject_of(call);
    return subject_of(call, *item);
}

outcome judge::outcome_of(const subject& s, const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const braid::worker_died& e) {
        return death_of(s, e);
    } catch (const braid::timed_out&) {
        return outcome::late;
    } catch (const braid::cancelled& e) {
        if (e.reason() == braid::cancel_reason::shutdown) return outcome::shut_down;
        if (s.may_be_cancelled) return outcome::cancelled;
        complain(fmt::format("errand {} was cancelled ({}), which nobody did", s.number, to_string(e.reason())));
    } catch (const braid::closed&) {
        return outcome::shut_down;
    } catch (const std::exception& e) {
        return outcome_of_other(s, e);
    }
    return outcome::wrong;
}

outcome judge::outcome_of_other(const subject& s, const std::exception& error) {
    const std::string_view what = error.what();
    if (dynamic_cast<const std::out_of_range*>(&error) && s.what == deed::fail && what == std::to_string(s.number)) {
        return outcome::failed;
    }
    if (is_want_of_memory(what)) {
        const std::lock_guard lock(mutex_);
        wants_.push_back({s.number, pid_of(error)});
        return outcome::starved;
    }
    complain(fmt::format("errand {} ended by: {}", s.number, what));
    return outcome::wrong;
}

outcome judge::death_of(const subject& s, const braid::worker_died& death) {
    if (death.earlier().size() != s.retries) {
        complain(fmt::format("errand {}: another number of attempts than allowed: {}", s.number, death.what()));
    }
    const std::lock_guard lock(mutex_);
    const auto take = [&](const braid::worker_died& each) {
        deaths_.push_back({.number = s.number,
                           .what = s.what,
                           .pid = each.pid(),
                           .reason = each.reason(),
                           .signal = each.signal(),
                           .exit_code = each.exit_code()});
        if (each.item() == s.item) return;
        complaints_.push_back(fmt::format("errand {} was lost as item {}", s.number, each.item().value_or(0)));
    };
    for (const auto& earlier : death.earlier()) take(earlier);
    take(death);
    return outcome::died;
}

void judge::record(std::size_t call, outcome how) {
    // What ended, ended: none of it may run from now on.
    for (std::size_t i = number_of(call); i != number_of(call + 1); ++i) {
        runs_at_end_[i] = static_cast<std::uint8_t>(runs_.runs_of(i));
    }
    record_item(number_of(call), how);
    answered_.fetch_add(how == outcome::value || how == outcome::failed);
    ended_.fetch_add(1);
}

void judge::record_item(std::size_t number, outcome how) {
    if (ends_[number].exchange(how) != outcome::none) complain(fmt::format("errand {} ended twice", number));
}

void judge::complain(std::string what) {
    const std::lock_guard lock(mutex_);
    complaints_.push_back(std::move(what));
}

void judge::check_runs(std::size_t call) {
    const plan p = plan_of(seed_, call);
    const outcome how = ends_[number_of(call)];
    if (!is_map(p.by)) return check_runs(number_of(call), how, p.retries);
    for (std::size_t i = 0; i != p.items; ++i) {
        check_runs(number_of(call, i), ends_[number_of(call, i)], p.retries);
    }
}

void judge::check_runs(std::size_t number, outcome how, unsigned retries) {
    const auto runs = static_cast<unsigned>(runs_.runs_of(number));
    if (runs != runs_at_end_[number]) {
        complain(fmt::format("errand {} ({}) had run {} times when its call ended ({}), and {} in the end", number,
                             name(how), runs_at_end_[number], name(ends_[number - number % number_of(1)]), runs));
    }
    // One that died may have died before it had counted itself.
    const bool ran = how == outcome::value || how == outcome::failed;
    if (runs <= 1 + retries && (!ran || runs >= 1)) return;
    complain(fmt::format("errand {} ran {} times ({}), with {} retries allowed", number, runs, name(how), retries));
}

std::vector<std::string> judge::complaints(const circumstances& round) {
    for (std::size_t call = 0; call != calls_; ++call) {
        const outcome how = ends_[number_of(call)];
        expect(how != outcome::none, call, "never ended");
        expect(how != outcome::shut_down || round.terminated, call, "was shut down, though the pool was not");
        expect(how != outcome::late || round.has_limit || plan_of(seed_, call).limit, call, "was late without a limit");
        expect(how != outcome::refused || round.queue_limit, call, "was refused by a queue without a limit");
        check_runs(call);
    }
    return std::exchange(complaints_, {});
}

std::string judge::summary() const {
    std::array<std::size_t, outcomes> count{};
    std::size_t items = 0;
    for (std::size_t number = 0; number != ends_.size(); ++number) {
        const bool of_call = number % number_of(1) == 0;
        if (of_call) ++count.at(static_cast<std::size_t>(ends_[number].load()));
        items += !of_call && ends_[number] != outcome::none;
    }
    std::string text = fmt::format("{} items", items);
    for (std::size_t i = 0; i != outcomes; ++i) {
        if (count.at(i) != 0) text += fmt::format(", {} {}", count.at(i), names.at(i));
    }
    return text;
}

}  // namespace chaos
