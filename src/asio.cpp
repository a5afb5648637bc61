// The one translation unit that holds Asio's and Boost.Process's compiled parts.
#include <boost/asio/impl/src.hpp>
#include <boost/process/v2/src.hpp>
