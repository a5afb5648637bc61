#include "process/chaos/errand.hpp"

#include "support/run_counter.hpp"

#include <braid/core/error.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/stop.hpp>
#include <braid/process/worker_state.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace chaos {

namespace {

constexpr std::size_t page = 4096;

/// What a worker makes once.
struct preparation {
    std::uint64_t with = 0;
    int times = 0;
};
int preparations = 0;
preparation make_preparation() {
    ++preparations;
    return {};
}
braid::worker_state<preparation> prepared(make_preparation);
std::uint64_t preloaded = 0;

void check_surroundings(const errand& e) {
    if (preloaded != e.preloaded) throw std::logic_error("what the zygote loaded is not here");
    if (e.prepared == 0) return;
    const bool right = prepared->with == e.prepared && prepared->times == 1 && preparations == 1;
    if (!right) throw std::logic_error("the initialiser has not run once before this call");
}

void take_time(std::chrono::microseconds time, bool polite) {
    const auto until = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < until) {
        if (polite && braid::stop_requested()) throw braid::cancelled(braid::cancel_reason::user);
    }
}

void hold(std::size_t bytes) {
    std::vector<char> memory(bytes);
    for (std::size_t at = 0; at < bytes; at += page) memory[at] = 1;
}

[[noreturn]] void crash() {
    std::signal(SIGSEGV, SIG_DFL);  // a sanitizer would tell the world
    std::raise(SIGSEGV);
    std::abort();
}

void print(const errand& e) {
    for (std::size_t line = 0; line != e.lines; ++line) {
        const std::string text = line_for(e.number, line) + '\n';
        std::fputs(text.c_str(), stdout);
        std::fputs(text.c_str(), stderr);
    }
}

void check_text(std::size_t number, std::string_view text) {
    if (text != text_for(number, text.size())) throw std::logic_error("this is not the text that was sent");
}

std::string content_of(int file) {
    std::string content(static_cast<std::size_t>(::lseek(file, 0, SEEK_END)), ' ');
    const ssize_t size = ::pread(file, content.data(), content.size(), 0);
    if (size < 0) throw std::system_error(errno, std::generic_category(), "reading the file of an errand");
    content.resize(static_cast<std::size_t>(size));
    return content;
}

void write_answer(const errand& e, int file) {
    const std::string answer = run_errand(e);
    // It may have been there already, for a worker that died of it.
    check_text(e.number, content_of(file).substr(0, e.file_size));
    if (::pwrite(file, answer.data(), answer.size(), static_cast<off_t>(e.file_size)) < 0) {
        throw std::system_error(errno, std::generic_category(), "writing into the file of an errand");
    }
}

}  // namespace

std::string text_for(std::size_t number, std::size_t size) {
    std::string text(size, ' ');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (number * 31 + i) % 26);
    return text;
}

std::string line_for(std::size_t number, std::size_t line) { return fmt::format("errand {} line {}", number, line); }

void prepare(std::uint64_t with) {
    prepared->with = with;
    ++prepared->times;
}
void preload(std::uint64_t with) { preloaded = with; }

std::string run_errand(const errand& e) {
    braid::testing::run_counter::ran(e.counter, e.number);
    check_surroundings(e);
    check_text(e.number, e.text);
    print(e);
    switch (e.what) {
        case deed::answer: break;
        case deed::take_time: take_time(e.time, true); break;
        case deed::take_time_on: take_time(e.time, false); break;
        case deed::hold_memory: hold(e.memory); break;
        case deed::fail: throw std::out_of_range(std::to_string(e.number));
        case deed::crash: crash();
        case deed::leave: ::_exit(3);
    }
    return text_for(e.number + 1, e.reply_size);
}

braid::task<std::string> run_errand_as_task(errand e) {
    co_await braid::checkpoint();
    co_return run_errand(e);
}

braid::descriptor answer_in_file(const errand& e, braid::descriptor file) {
    write_answer(e, file.get());
    return file;
}

braid::shared_bytes answer_in_memory(const errand& e, braid::shared_bytes memory) {
    const std::string answer = run_errand(e);
    const auto content = memory.as<char>();
    check_text(e.number, std::string_view(content.data(), content.size() - answer.size()));
    std::ranges::copy(answer, content.last(answer.size()).begin());
    return memory;
}

braid::shared_bytes answer_in_new_memory(const errand& e) {
    const std::string answer = run_errand(e);
    const braid::shared_bytes memory(answer.size());
    std::ranges::copy(answer, memory.as<char>().begin());
    return memory;
}

item_text run_item(const errand& e) { return {e.number, run_errand(e)}; }

item_file run_item_in_file(const errand& e, const braid::descriptor& file) {
    write_answer(e, file.get());
    return {e.number, braid::descriptor(::fcntl(file.get(), F_DUPFD_CLOEXEC, 0))};
}

}  // namespace chaos
