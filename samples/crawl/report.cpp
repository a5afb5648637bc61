#include "report.hpp"

#include <fmt/format.h>

#include <iterator>

#include "terminal_text.hpp"

namespace crawl {
namespace {

using buffer = std::back_insert_iterator<std::string>;

double per_second(std::uint64_t count, std::chrono::duration<double> time) {
    return time.count() > 0 ? static_cast<double>(count) / time.count() : 0;
}

void add_totals(const summary& s, buffer out) {
    const auto cpu = s.parent_cpu + s.worker_cpu;
    fmt::format_to(out, "{}: {}, {} in {:.2f} s: {:.0f} pages/s\n", s.interrupted ? "interrupted" : "done",
                   count_of(s.pages, "page"), human_bytes(static_cast<double>(s.bytes)), s.elapsed.count(),
                   per_second(s.pages, s.elapsed));
    fmt::format_to(out, "CPU: {:.2f} s crawler + {:.2f} s workers: {:.0f} pages per CPU second\n", s.parent_cpu.count(),
                   s.worker_cpu.count(), per_second(s.pages, cpu));
}

void add_outcomes(const summary& s, buffer out) {
    fmt::format_to(out, "URLs by outcome:\n");
    for (std::uint8_t i = 0; i < outcome_count; ++i) {
        if (s.outcomes[i] > 0) fmt::format_to(out, "  {:>8}  {}\n", s.outcomes[i], to_string(static_cast<outcome>(i)));
    }
}

void add_broken(const summary& s, buffer out) {
    if (s.broken.count == 0) {
        fmt::format_to(out, "no broken links\n");
        return;
    }
    fmt::format_to(out, "broken links: {}\n", s.broken.count);
    for (const broken_link& b : s.broken.first) {
        fmt::format_to(out, "  {} ({})\n", printable(b.target), printable(b.reason));
        for (const std::string& page : b.referrers) fmt::format_to(out, "    from {}\n", printable(page));
        if (b.further > 0) fmt::format_to(out, "    and from {} more\n", b.further);
    }
    if (s.broken.count > s.broken.first.size()) {
        fmt::format_to(out, "  and {} more: SELECT * FROM broken_links{}\n", s.broken.count - s.broken.first.size(),
                       s.broken.fragments > 0 ? "; SELECT * FROM broken_fragments" : "");
    }
}

}  // namespace

std::string format_state(const progress& now, const summary& so_far) {
    std::string text = plain_line(now);
    if (!now.busiest.empty()) text += "busiest hosts:\n" + plain_hosts(now);
    add_outcomes(so_far, buffer(text));
    return text;
}

std::string format_summary(const summary& s) {
    std::string text;
    const buffer out(text);
    // The long list first: what is read last, and stays on the screen, is the sum of it.
    add_broken(s, out);
    add_outcomes(s, out);
    for (const std::string& note : s.notes) fmt::format_to(out, "note: {}\n", printable(note));
    if (s.unchanged > 0) fmt::format_to(out, "unchanged since the crawl before: {} pages\n", s.unchanged);
    if (s.resumed > 0) fmt::format_to(out, "gone on with: {} URLs were done already\n", s.resumed);
    add_totals(s, out);
    if (s.interrupted) fmt::format_to(out, "the same command goes on from here\n");
    fmt::format_to(out, "results: {}\n", s.output);
    return text;
}

}  // namespace crawl
