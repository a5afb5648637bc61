#include "progress_frame.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "terminal_text.hpp"

namespace crawl {
namespace {

using parts = std::vector<std::string>;  // of a line, the most telling first

constexpr std::string_view between = ", ";

std::string number(std::uint64_t n) {
    std::string digits = std::to_string(n);
    for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, 1, ',');
    return digits;
}

std::string count(std::uint64_t n, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", number(n), n == 1 ? one : many);
}

std::string number_per_second(double rate) {
    return rate < 9.95 ? fmt::format("{:.1f}", rate) : number(static_cast<std::uint64_t>(rate + 0.5));
}

/// 0:07, 12:34, 1:02:03.
std::string clock_time(std::chrono::duration<double> time) {
    const auto seconds = static_cast<std::uint64_t>(std::max(time.count(), 0.0));
    const std::uint64_t minutes = seconds / 60;
    if (minutes < 60) return fmt::format("{}:{:02}", minutes, seconds % 60);
    return fmt::format("{}:{:02}:{:02}", number(minutes / 60), minutes % 60, seconds % 60);
}

/// Those in front, as many as fit.
std::string join_what_fits(const parts& all, std::size_t columns) {
    std::string line;
    for (const std::string& part : all) {
        const std::size_t needed = line.size() + (line.empty() ? 0 : between.size()) + part.size();
        if (needed > columns) break;
        if (!line.empty()) line += between;
        line += part;
    }
    return line;
}

/// What goes before `rest`, if there is room for a bar that tells something.
std::string bar_before(double share, std::size_t columns, std::size_t rest) {
    constexpr std::size_t least = 8;
    constexpr std::size_t most = 30;
    constexpr std::size_t around = 3;  // brackets and a space
    if (columns < rest + around + least) return {};
    const std::size_t inner = std::min(columns - rest - around, most);
    const auto full = static_cast<std::size_t>(share * static_cast<double>(inner));
    return fmt::format("[{}{}] ", std::string(full, '#'), std::string(inner - full, '-'));
}

std::string headline(const progress& now, const rates& speed, std::size_t columns) {
    const std::string elapsed = clock_time(now.elapsed) + " elapsed";
    if (now.stopping) {
        return join_what_fits({fmt::format("stopping, {} still in flight", number(now.in_flight)), elapsed}, columns);
    }
    if (!speed.settled) {
        return join_what_fits({number(now.done) + " done", number(now.known()) + " known", elapsed}, columns);
    }
    const double share = static_cast<double>(now.done) / static_cast<double>(std::max<std::uint64_t>(now.known(), 1));
    parts all{fmt::format("{:3.0f} %", std::min(share * 100, now.done < now.known() ? 99.0 : 100.0)),
              fmt::format("{} of {} URLs", number(now.done), number(now.known()))};
    if (speed.left) all.push_back(clock_time(*speed.left) + " left");
    all.push_back(elapsed);
    const std::string rest = join_what_fits(all, columns);
    return bar_before(share, columns, rest.size()) + rest;
}

parts speed_parts(const progress& now, const rates& speed) {
    return {number_per_second(speed.pages.lately) + " pages/s", number_per_second(speed.pages.overall) + "/s overall",
            human_bytes(speed.received.lately) + "/s", human_bytes(static_cast<double>(now.received)) + " received"};
}

parts waiting_parts(const progress& now) {
    parts all{number(now.queued) + " queued", number(now.in_flight) + " in flight", count(now.hosts, "host", "hosts")};
    if (now.hosts_waiting > 0) {
        all.push_back(count(now.hosts_waiting, "host waits for its delay", "hosts wait for their delay"));
    }
    return all;
}

parts working_parts(const progress& now) {
    parts all{count(now.connections, "connection", "connections")};
    if (now.workers == 0) {
        all.push_back(number(now.parsing) + " being parsed");
        return all;
    }
    const std::uint64_t busy = std::min<std::uint64_t>(now.parsing, now.workers);
    all.push_back(fmt::format("{} of {} busy", busy, count(now.workers, "worker", "workers")));
    if (now.parsing > busy) all.push_back(count(now.parsing - busy, "page waits for one", "pages wait for one"));
    return all;
}

parts host_parts(const host_load& host, const rates& speed) {
    parts all;
    if (const auto rate = speed.hosts.find(host.origin); rate != speed.hosts.end())
        all.push_back(number_per_second(rate->second) + "/s");
    all.push_back(fmt::format("{} of {} at a time", number(host.in_flight), number(host.limit)));
    all.push_back(number(host.queued) + " queued");
    if (host.delay.count() > 0) {
        all.push_back(fmt::format("{} s between fetches", std::chrono::duration<double>(host.delay).count()));
    }
    return all;
}

/// Of its name the beginning and the end, where it is too long for half of the line.
std::string host_line(const host_load& host, const rates& speed, const terminal_traits& on, std::size_t columns) {
    const std::string name =
        cut_middle((on.utf8 ? printable : printable_ascii)(host.origin), columns / 2, on.utf8 ? "…" : "...");
    const std::string line = "  " + name + ": ";
    const std::size_t taken = columns_of(line);
    return taken < columns ? line + join_what_fits(host_parts(host, speed), columns - taken) : std::string();
}

/// How many errors, and as much of the last as fits: of the URL its beginning and its end.
std::string error_line(const progress& now, const terminal_traits& on, std::size_t columns) {
    const std::string_view mark = on.utf8 ? "…" : "...";
    const auto shown = on.utf8 ? printable : printable_ascii;
    const std::string total = count(now.errors, "error", "errors");
    const std::string before = total + ", last: ";
    constexpr std::size_t around = 3;  // parentheses and a space
    constexpr std::size_t least = 16;  // or else nothing of it can be recognised
    if (columns < before.size() + around + least) return total;
    const std::size_t room = columns - before.size() - around;
    const std::string url = shown(now.last_error.url);
    const std::size_t for_why = std::max(room / 2, room - std::min(room, columns_of(url)));
    const std::string why = cut_end(shown(now.last_error.why), for_why, mark);
    return fmt::format("{}{} ({})", before, cut_middle(url, room - columns_of(why), mark), why);
}

/// What is written above them keeps half of the terminal.
std::size_t hosts_shown(const progress& now, const terminal_traits& on) {
    constexpr std::size_t most = 3;
    const std::size_t others = now.errors > 0 ? 5 : 4;
    return on.rows / 2 > others ? std::min(on.rows / 2 - others, most) : 0;
}

}  // namespace

std::vector<frame_line> progress_frame(const progress& now, const rates& speed, const terminal_traits& on) {
    if (on.columns < 2 || on.rows < 2) return {};
    const std::size_t columns = on.columns - 1;  // the last one stays free: some terminals wrap there
    std::vector<frame_line> lines{{headline(now, speed, columns), frame_line::tone::strong},
                                  {join_what_fits(speed_parts(now, speed), columns)},
                                  {join_what_fits(waiting_parts(now), columns)},
                                  {join_what_fits(working_parts(now), columns)}};
    for (std::size_t i = 0; i < std::min(now.busiest.size(), hosts_shown(now, on)); ++i) {
        lines.push_back({host_line(now.busiest[i], speed, on, columns)});
    }
    if (now.errors > 0) {
        std::string text = error_line(now, on, columns);
        if (columns_of(text) <= columns) lines.push_back({std::move(text), frame_line::tone::bad});
    }
    lines.resize(std::min(lines.size(), on.rows - 1));
    return lines;
}

}  // namespace crawl
