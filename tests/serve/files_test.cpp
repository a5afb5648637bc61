#include <serve/files.hpp>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace fs = std::filesystem;

namespace {

/// root/ with files, and a secret beside it.
class site {
public:
    site() {
        std::string name = (fs::temp_directory_path() / "serve_files_XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
        top_ = name;
        for (const char* folder : {"root/dir", "root/empty", "root-secret"}) fs::create_directories(top_ / folder);
        for (const char* file :
             {"secret.txt", "root-secret/s.txt", "root/index.html", "root/a b.html", "root/caf\xC3\xA9",
              "root/dir/index.html", "root/dir/x.css", "root/100%.txt", "root/..hidden"}) {
            std::ofstream(top_ / file) << file;
        }
        fs::create_symlink("../secret.txt", top_ / "root/leak.txt");
        fs::create_symlink("../root-secret", top_ / "root/leak");
        fs::create_symlink("/etc", top_ / "root/etc");
        fs::create_symlink("dir/x.css", top_ / "root/inside.css");
        fs::create_symlink("loop", top_ / "root/loop");
        if (mkfifo((top_ / "root/pipe").c_str(), 0600) != 0) throw std::runtime_error("cannot make a pipe");
    }
    site(const site&) = delete;
    site& operator=(const site&) = delete;
    ~site() {
        std::error_code ignored;
        fs::remove_all(top_, ignored);
    }

    [[nodiscard]] serve::file_root root() const { return serve::file_root(top_ / "root"); }
    [[nodiscard]] fs::path top() const { return top_; }

private:
    fs::path top_;
};

/// The file's path within the root, "-> location", or the status.
std::string look_up(const serve::file_root& root, const fs::path& top, std::string_view target) {
    const serve::lookup result = root.find(target);
    if (const auto* file = std::get_if<serve::found_file>(&result)) {
        return fs::relative(file->path, fs::canonical(top / "root")).string();
    }
    if (const auto* moved = std::get_if<serve::redirect>(&result)) return "-> " + moved->location;
    return std::to_string(static_cast<int>(std::get<serve::refusal>(result)));
}

}  // namespace

TEST_SUITE("serve/files") {
    TEST_CASE("a target names the file that its decoded path names") {
        const site s;
        const auto root = s.root();
        CHECK(look_up(root, s.top(), "/dir/x.css") == "dir/x.css");
        CHECK(look_up(root, s.top(), "/dir/x.css?v=1/../..") == "dir/x.css");
        CHECK(look_up(root, s.top(), "/a%20b.html") == "a b.html");
        CHECK(look_up(root, s.top(), "/caf%c3%A9") == "caf\xC3\xA9");
        CHECK(look_up(root, s.top(), "/100%25.txt") == "100%.txt");
        CHECK(look_up(root, s.top(), "//dir//./x.css") == "dir/x.css");
        CHECK(look_up(root, s.top(), "/dir/../dir/%2e%2e/dir/x.css") == "dir/x.css");
        CHECK(look_up(root, s.top(), "/..hidden") == "..hidden");
        CHECK(look_up(root, s.top(), "/inside.css") == "dir/x.css");
    }

    TEST_CASE("a folder is its index, and one asked for without a slash is a redirect") {
        const site s;
        const auto root = s.root();
        CHECK(look_up(root, s.top(), "/") == "index.html");
        CHECK(look_up(root, s.top(), "/dir/") == "dir/index.html");
        CHECK(look_up(root, s.top(), "/dir") == "-> /dir/");
        CHECK(look_up(root, s.top(), "/dir?q=1") == "-> /dir/?q=1");
        CHECK(look_up(root, s.top(), "//dir") == "-> /dir/");
        CHECK(look_up(root, s.top(), "/empty/") == "403");
        CHECK(look_up(root, s.top(), "/index.html/") == "404");
        CHECK(look_up(root, s.top(), "/none") == "404");
    }

    TEST_CASE("no target shows anything outside the root") {
        const site s;
        const auto root = s.root();
        for (const char* target : {"/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/dir/../../secret.txt",
                                   "/dir/%2E%2E/%2e./secret.txt", "/../root-secret/s.txt", "/..", "/%2e%2e%2f"}) {
            CAPTURE(target);
            CHECK(look_up(root, s.top(), target) == "400");
        }
        for (const char* target : {"/leak.txt", "/leak/s.txt", "/leak/", "/leak", "/etc/passwd", "/etc",
                                   "/..\\secret.txt", "/%252e%252e/secret.txt", "/etc/../leak.txt", "/loop", "/pipe"}) {
            CAPTURE(target);
            CHECK(look_up(root, s.top(), target) == "404");
        }
    }

    TEST_CASE("what is not a path is a bad request") {
        const site s;
        const auto root = s.root();
        for (const char* target :
             {"", "*", "dir/x.css", "http://host/dir/x.css", "/%", "/%4", "/%zz", "/dir/x.css%00.html"}) {
            CAPTURE(target);
            CHECK(look_up(root, s.top(), target) == "400");
        }
        CHECK(look_up(root, s.top(), "/" + std::string(100'000, 'x')) == "404");
    }

    TEST_CASE("a root that is no folder is refused") {
        const site s;
        CHECK_THROWS_AS(serve::file_root(s.top() / "secret.txt"), fs::filesystem_error);
        CHECK_THROWS_AS(serve::file_root(s.top() / "none"), fs::filesystem_error);
    }

    TEST_CASE("a file's type follows its extension") {
        CHECK(serve::content_type_of("a.html") == "text/html");
        CHECK(serve::content_type_of("/x.y/A.CSS") == "text/css");
        CHECK(serve::content_type_of("a.tar.svg") == "image/svg+xml");
        CHECK(serve::content_type_of("a.woff2") == "font/woff2");
        CHECK(serve::content_type_of("README") == "application/octet-stream");
        CHECK(serve::content_type_of("x.html/README") == "application/octet-stream");
        CHECK(serve::content_type_of("a.") == "application/octet-stream");
    }
}
