#include "dns.hpp"

#include <braid/thread/blocking_pool.hpp>

#include <netdb.h>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstring>
#include <functional>
#include <optional>

namespace crawl {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using braid::time_point;

constexpr auto keep_answer = std::chrono::minutes(1);
constexpr auto keep_failure = std::chrono::seconds(5);
constexpr std::size_t most_entries = 16 * 1024;

struct free_list {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

error_code error_of(int result) {
    switch (result) {
        case 0: return {};
        case EAI_AGAIN: return asio::error::host_not_found_try_again;
        case EAI_FAIL: return asio::error::no_recovery;
        case EAI_MEMORY: return asio::error::no_memory;
        case EAI_SYSTEM: return {errno, asio::error::get_system_category()};
        default: return asio::error::host_not_found;
    }
}

std::optional<lookup> numeric(const std::string& host) {
    error_code not_numeric;
    const auto address = asio::ip::make_address(host, not_numeric);
    if (not_numeric) return std::nullopt;
    return lookup{{}, {address}};
}

}  // namespace

lookup look_up_in_system(const std::string& host) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_ADDRCONFIG;
    addrinfo* first = nullptr;
    lookup answer{error_of(::getaddrinfo(host.c_str(), nullptr, &wanted, &first)), {}};
    const std::unique_ptr<addrinfo, free_list> list(first);
    for (const addrinfo* a = first; a != nullptr; a = a->ai_next) {
        asio::ip::tcp::endpoint where;
        if (a->ai_addrlen > where.capacity()) continue;
        std::memcpy(where.data(), a->ai_addr, a->ai_addrlen);
        where.resize(a->ai_addrlen);
        answer.addresses.push_back(where.address());
    }
    if (!answer.error && answer.addresses.empty()) answer.error = asio::error::host_not_found;
    return answer;
}

braid::task<lookup> dns_cache::find(std::string host) {
    if (auto itself = numeric(host)) co_return std::move(*itself);
    const std::shared_ptr<entry> found = entry_of(host);
    co_await found->asked.call(&dns_cache::ask, this, std::ref(*found), std::move(host));
    co_return found->answer;
}

braid::task<> dns_cache::ask(entry& to, std::string host) {
    to.answer = co_await braid::on_blocking_thread(braid::abandon_on_cancel, look_up_, std::move(host));
    if (to.answer.error) {
        to.until = clock_.now() + keep_failure;
    } else {
        to.until = clock_.now() + keep_answer;
    }
}

std::shared_ptr<dns_cache::entry> dns_cache::entry_of(const std::string& host) {
    const time_point now = clock_.now();
    const auto is_old = [now](const auto& e) { return e.second->until <= now; };
    if (entries_.size() >= most_entries) std::erase_if(entries_, is_old);
    std::shared_ptr<entry>& known = entries_[host];
    if (!known || known->until <= now) known = std::make_shared<entry>();
    return known;
}

}  // namespace crawl
