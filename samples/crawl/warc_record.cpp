#include "warc_record.hpp"

#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>

namespace crawl {

std::string warc_head(const warc_fields& fields) {
    std::string head = "WARC/1.1\r\n";
    for (const auto& [name, value] : fields) {
        if (value.empty()) continue;
        head += name;
        head += ": ";
        head += value;
        head += "\r\n";
    }
    return head + "\r\n";
}

std::string new_record_id() {
    thread_local boost::uuids::random_generator random;
    return "<urn:uuid:" + boost::uuids::to_string(random()) + ">";
}

}  // namespace crawl
