#pragma once
#include <string>

namespace moola::comm {

/// This host, as messages name it.
std::string host_name();

}  // namespace moola::comm
