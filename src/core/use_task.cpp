#include <braid/core/use_task.hpp>

#include <boost/core/demangle.hpp>

#include <string_view>

namespace braid::detail {

// Asio calls what starts an operation `initiate_async_receive`, for instance; the rest is templates around it.
std::string describe_asio_operation(const std::type_info& initiation) {
    const std::string name = boost::core::demangle(initiation.name());
    constexpr std::string_view before = "initiate_";
    const std::size_t at = name.rfind(before);
    if (at == std::string::npos) return "an Asio operation";
    const std::size_t begin = at + before.size();
    const std::size_t end = name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789", begin);
    return "Asio's " + name.substr(begin, end - begin);
}

}  // namespace braid::detail
