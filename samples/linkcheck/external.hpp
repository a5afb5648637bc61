#pragma once
// Links to other hosts: asked for, not read.

#include <braid/core/task.hpp>
#include <crawl/options.hpp>
#include <crawl/sqlite.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>

namespace linkcheck {

/// Asks for every URL that the crawl left out for its host, and writes into the database how that ended. The body of an
/// answer is left unread; it is a GET all the same, because many servers answer HEAD with something else. Redirects are
/// followed. robots.txt, which is for those who read whole sites, is not asked. Gives the number of URLs.
/// Throws: crawl::store_error; std::runtime_error for certificates that cannot be read.
braid::task<std::uint64_t> check_external(boost::asio::any_io_executor executor, const crawl::options& how,
                                          crawl::database& found);

}  // namespace linkcheck
