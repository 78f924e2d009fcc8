#pragma once
#include <string>

namespace moola {

/// This host, as messages and records name it: "unknown" where it has no name.
std::string host_name();

}  // namespace moola
