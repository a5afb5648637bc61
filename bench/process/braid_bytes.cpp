// braid's process pool and what is large: 64 MiB there and back, and structs of 1 KiB.

#include <braid/app/run.hpp>
#include <braid/core/task_group.hpp>
#include <braid/process/process_pool.hpp>
#include <braid/process/shared_bytes.hpp>

#include <cstring>
#include <string>
#include <vector>

#include "process/payloads.hpp"
#include "support/contender.hpp"

namespace {

std::vector<char> same(std::vector<char> bytes) { return bytes; }
braid::shared_bytes same_shared(braid::shared_bytes bytes) { return bytes; }
bench::record same_record(bench::record r) { return r; }

/// What is sent: there, and touched, before the clock runs.
struct payload {
    std::vector<char> bytes = std::vector<char>(bench::large, 'x');
    braid::shared_bytes shared{bench::large};
    bench::record record = bench::record_of_1_kib();

    payload() { std::memset(shared.data(), 'x', shared.size()); }
};

braid::task<> fresh(braid::process_pool& pool, payload& sent, std::uint64_t times) {
    for (std::uint64_t i = 0; i < times; ++i) {
        sent.bytes = co_await pool.run(same, std::move(sent.bytes));
        if (sent.bytes.size() != bench::large) throw std::runtime_error("the bytes are not those that were sent");
    }
}

braid::task<> existing(braid::process_pool& pool, payload& sent, std::uint64_t times) {
    for (std::uint64_t i = 0; i < times; ++i) {
        std::memcpy(sent.shared.data(), sent.bytes.data(), sent.bytes.size());
        sent.shared = co_await pool.run(same_shared, sent.shared);
        std::memcpy(sent.bytes.data(), sent.shared.data(), sent.bytes.size());
    }
}

braid::task<> in_place(braid::process_pool& pool, payload& sent, std::uint64_t times) {
    for (std::uint64_t i = 0; i < times; ++i) sent.shared = co_await pool.run(same_shared, sent.shared);
}

braid::task<> records_one_by_one(braid::process_pool& pool, std::uint64_t times, const bench::record& sent) {
    for (std::uint64_t i = 0; i < times; ++i) {
        const bench::record back = co_await pool.run(same_record, sent);
        if (back.lines.size() != sent.lines.size()) throw std::runtime_error("this is not the record that was sent");
    }
}

constexpr std::uint64_t in_flight = 1000;

braid::task<> records(braid::process_pool& pool, payload& sent, std::uint64_t times) {
    co_await braid::with_task_group([&](braid::task_group& group) -> braid::task<> {
        for (std::uint64_t i = 0; i < in_flight; ++i) {
            group.start(records_one_by_one, std::ref(pool), times / in_flight, std::cref(sent.record));
        }
        co_return;
    });
}

braid::task<int> app(std::span<char*> args) {
    const bench::request asked = bench::parse(static_cast<int>(args.size()), args.data());
    const auto n = asked.operations;
    braid::process_pool pool({.workers = 2});
    auto* const work = asked.problem == "bytes_fresh"      ? fresh
                       : asked.problem == "bytes_existing" ? existing
                       : asked.problem == "bytes_shared"   ? in_place
                       : asked.problem == "records"        ? records
                                                           : nullptr;
    if (!work) co_return 77;
    payload sent;
    co_await work(pool, sent, asked.problem == "records" ? 2 * in_flight : 2);  // both workers are up
    const bench::stopwatch watch;
    co_await work(pool, sent, n);
    const double wall = watch.wall_seconds();
    co_await pool.close();
    bench::report(asked.problem == "records" ? static_cast<double>(n) / wall : wall / static_cast<double>(n) * 1e3,
                  watch.cpu_seconds());
    co_return 0;
}

}  // namespace

int main(int argc, char** argv) { return braid::run(argc, argv, app); }
