#include "process/chaos/calls.hpp"

#include "process/chaos/answers.hpp"

#include <braid/core/deadline.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/task_group.hpp>
#include <braid/flow/stream.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <ranges>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace chaos {

namespace {

using namespace braid;

constexpr std::size_t at_once = 60;  // of each thread
constexpr std::chrono::hours no_limit{1};

errand errand_of(const callers& c, std::size_t number, const errand_plan& p) {
    return {.counter = c.verdicts.counter(),
            .number = number,
            .what = p.what,
            .text = text_for(number, p.size_there),
            .reply_size = p.size_back,
            .time = p.time,
            .memory = p.memory,
            .prepared = c.has_initialiser ? c.seed : 0,
            .preloaded = c.has_zygote ? c.seed : 0};
}

/// One whose text goes another way, and nothing but a deed with it.
errand errand_beside(const callers& c, std::size_t number, const errand_plan& p) {
    errand e = errand_of(c, number, p);
    e.file_size = e.text.size();
    e.text.clear();
    return e;
}

/// One call, from here to its end.
struct caller {
    callers& c;
    const std::size_t call;
    const plan p;
    const std::string name = name_of(number_of(call));
    std::size_t items_given = 0;

    [[nodiscard]] std::size_t number() const { return number_of(call); }
    [[nodiscard]] call_options options() const {
        return {.name = name.c_str(), .priority = static_cast<call_priority>(call % 3), .retries = p.retries};
    }
    [[nodiscard]] map_options options_of_map() const { return {.call = options(), .batch = p.batch, .ahead = p.ahead}; }
};

task<> ask_for_text(caller& by) {
    errand e = errand_of(by.c, by.number(), by.p.errand);
    if (by.c.prints) e.lines = by.p.lines;
    if (by.p.by == way::text_by_task) {
        const std::string text = co_await by.c.pool.run(by.options(), run_errand_as_task, e);
        co_return by.c.verdicts.text(by.call, text);
    }
    if (by.p.cancel_after) {
        auto job = by.c.pool.submit(by.options(), run_errand, e);
        co_await sleep_for(*by.p.cancel_after);
        job.cancel();
        const std::string text = co_await job;
        co_return by.c.verdicts.text(by.call, text);
    }
    const std::string text = co_await by.c.pool.run(by.options(), run_errand, e);
    by.c.verdicts.text(by.call, text);
}

task<> ask_if_there_is_room(caller& by) {
    auto job = by.c.pool.try_submit(by.options(), run_errand, errand_of(by.c, by.number(), by.p.errand));
    if (!job) co_return by.c.verdicts.refused(by.call);
    const std::string text = co_await *job;
    by.c.verdicts.text(by.call, text);
}

task<> ask_with_file(caller& by) {
    const errand e = errand_beside(by.c, by.number(), by.p.errand);
    sent_file file(text_for(e.number, e.file_size));
    const descriptor back = co_await by.c.pool.run(by.options(), answer_in_file, e, file.copy());
    by.c.verdicts.expect(file.is(back), by.call, "got another file than it sent");
    by.c.verdicts.text(by.call, file.content_from(e.file_size));
}

task<> ask_with_memory(caller& by) {
    const errand e = errand_beside(by.c, by.number(), by.p.errand);
    const shared_bytes memory = memory_with(text_for(e.number, e.file_size), e.reply_size);
    const shared_bytes back = co_await by.c.pool.run(by.options(), answer_in_memory, e, memory);
    by.c.verdicts.expect(back.data() == memory.data(), by.call, "got other memory than it sent");
    by.c.verdicts.text(by.call, text_in(memory).substr(e.file_size));
}

task<> ask_for_memory(caller& by) {
    const errand e = errand_of(by.c, by.number(), by.p.errand);
    const shared_bytes memory = co_await by.c.pool.run(by.options(), answer_in_new_memory, e);
    by.c.verdicts.text(by.call, text_in(memory));
}

/// The items of a map, as a range: and how many of them it has taken.
auto items_of(const caller& by, std::size_t& taken) {
    return std::views::iota(std::size_t{0}, by.p.items) | std::views::transform([&by, &taken](std::size_t item) {
               ++taken;
               return errand_of(by.c, number_of(by.call, item), plan_of_item(by.c.seed, by.call, item));
           });
}

/// As the map goes on: no more is taken from the range than was allowed ahead of us.
void check_ahead(const caller& by, std::size_t taken) {
    const bool right = by.p.ahead == 0 || taken <= by.items_given + by.p.ahead;
    by.c.verdicts.expect(right, by.call, fmt::format("took {} items after {} results", taken, by.items_given));
}

task<> map_texts(caller& by, bool in_order) {
    std::size_t taken = 0;
    auto texts = in_order ? by.c.pool.map(run_item, items_of(by, taken), by.options_of_map())
                          : by.c.pool.map_unordered(run_item, items_of(by, taken), by.options_of_map());
    while (by.items_given < by.p.enough) {
        const auto each = co_await texts.next();
        check_ahead(by, taken);
        if (!each) break;
        const std::size_t item = in_order ? by.items_given : each->number - number_of(by.call, 0);
        by.c.verdicts.expect(item < by.p.items, by.call, "has a result for no item");
        if (item < by.p.items) by.c.verdicts.item_text(by.call, item, each->number, each->text);
        ++by.items_given;
    }
    by.c.verdicts.expect(by.items_given >= std::min(by.p.enough, by.p.items), by.call, "is a map with too few results");
}

task<> map_outcomes(caller& by) {
    std::size_t taken = 0;
    auto outcomes = by.c.pool.map_outcomes(run_item, items_of(by, taken), by.options_of_map());
    while (by.items_given < by.p.enough) {
        auto each = co_await outcomes.next();
        check_ahead(by, taken);
        if (!each) break;
        const std::size_t item = by.items_given++;
        try {
            const item_text text = std::move(*each).value();
            by.c.verdicts.item_text(by.call, item, text.number, text.text);
        } catch (...) {
            by.c.verdicts.item_failed(by.call, item, std::current_exception());
        }
    }
    by.c.verdicts.expect(by.items_given >= std::min(by.p.enough, by.p.items), by.call,
                         "is a map with too few outcomes");
}

task<> map_files(caller& by) {
    std::vector<sent_file> files;
    auto items = std::views::iota(std::size_t{0}, by.p.items) | std::views::transform([&](std::size_t item) {
                     const std::size_t number = number_of(by.call, item);
                     const errand e = errand_beside(by.c, number, plan_of_item(by.c.seed, by.call, item));
                     files.emplace_back(text_for(number, e.file_size));
                     return std::tuple<errand, descriptor>(e, files.back().copy());
                 });
    auto answers = by.c.pool.map(run_item_in_file, items, by.options_of_map());
    while (by.items_given < by.p.enough) {
        const auto each = co_await answers.next();
        check_ahead(by, files.size());
        if (!each) break;
        const std::size_t item = by.items_given++;
        const sent_file& file = files.at(item);
        by.c.verdicts.expect(file.is(each->file), by.call, fmt::format("got another file for item {}", item));
        const std::size_t size_there = plan_of_item(by.c.seed, by.call, item).size_there;
        by.c.verdicts.item_text(by.call, item, each->number, file.content_from(size_there));
    }
    by.c.verdicts.expect(by.items_given >= std::min(by.p.enough, by.p.items), by.call, "is a map with too few files");
}

task<> make_call(caller& by) {
    switch (by.p.by) {
        case way::text:
        case way::text_by_task: co_return co_await ask_for_text(by);
        case way::text_if_room: co_return co_await ask_if_there_is_room(by);
        case way::file: co_return co_await ask_with_file(by);
        case way::memory: co_return co_await ask_with_memory(by);
        case way::new_memory: co_return co_await ask_for_memory(by);
        case way::map: co_return co_await map_texts(by, true);
        case way::map_unordered: co_return co_await map_texts(by, false);
        case way::map_outcomes: co_return co_await map_outcomes(by);
        case way::map_files: co_return co_await map_files(by);
    }
}

task<> see_through(callers& c, std::size_t call) {
    caller by{.c = c, .call = call, .p = plan_of(c.seed, call)};
    bool answered = true;
    try {
        // What a map that is left early had under way has ended when this scope has.
        co_await fail_after(by.p.limit.value_or(c.limit.value_or(no_limit)), make_call(by));
        if (is_map(by.p.by)) c.verdicts.value(call);
    } catch (...) {
        answered = c.verdicts.caught(call, by.items_given) == outcome::failed;
    }
    if (!c.lines_are_told) co_return;
    if (answered && by.p.lines != 0) c.printed.ended_with_answer(by.number(), by.p.lines);
    c.printed.ended(by.number());
}

task<> make_calls_in_turn(callers& c) {
    for (std::size_t call = c.next++; call < c.calls; call = c.next++) co_await see_through(c, call);
}

}  // namespace

task<> make_calls(callers& c) {
    co_await with_task_group([&](task_group& g) -> task<> {
        for (std::size_t i = 0; i != at_once; ++i) g.start(make_calls_in_turn, std::ref(c));
        co_return;
    });
}

}  // namespace chaos
