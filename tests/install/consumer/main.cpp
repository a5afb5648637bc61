// What a user's program does first: the same function here, on a thread and in a process. A failure is an exit code.
#include <braid/braid.hpp>

#include <cstdio>
#include <string>
#include <vector>

struct words {
    std::vector<std::string> list;
};

std::string joined(const words& w) {
    std::string all;
    for (const std::string& word : w.list) all += word;
    return all;
}

braid::task<int> app() {
    if (braid::version() != EXPECTED_VERSION) {
        std::fprintf(stderr, "expected version %s of braid\n", EXPECTED_VERSION);
        co_return 2;
    }
    words w;
    w.list = {"one", "two"};
    if (co_await braid::on_thread(joined, w) != joined(w)) co_return 3;
    if (co_await braid::on_process(joined, w) != joined(w)) co_return 4;
    co_return 0;
}

int main(int argc, char** argv) { return braid::run(argc, argv, app); }
