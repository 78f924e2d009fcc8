#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace moola {

/// Bytes of "200G", "1.5T", "500M", "64K": powers of 1000, as disks are sold; "200Gi" and so on: powers of 1024. A "B"
/// or "iB" may follow. Throws ConfigError that says what was expected; a number without a unit is refused.
std::uint64_t parse_byte_size(std::string_view text);

/// "231.4 GB", "512 B": for people, in powers of 1000.
std::string readable_bytes(std::uint64_t bytes);

}  // namespace moola
