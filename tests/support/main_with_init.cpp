#include <braid/app/init.hpp>

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

int main(int argc, char** argv) {
    const braid::runtime keep = braid::init(argc, argv);
    return doctest::Context(argc, argv).run();
}
