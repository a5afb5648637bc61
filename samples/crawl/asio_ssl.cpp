// Asio is compiled once, in braid; its TLS is left to programs that use it, so that braid does not need OpenSSL.
#include <boost/asio/ssl/impl/src.hpp>
