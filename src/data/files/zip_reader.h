#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace moola::data {

/// One file of a zip archive.
struct ZipMember {
  std::string name;
  std::uint16_t method = 0;  // 0 stored, 8 deflated
  std::uint32_t crc = 0;
  std::uint64_t packed_bytes = 0, bytes = 0, header_at = 0;
};

/// The members of a zip archive in memory, as its central directory lists them (zip64 too). Throws DataError when it is
/// none, is cut short, or is encrypted.
std::vector<ZipMember> zip_members(std::span<const std::byte> archive, const std::string& where);

/// A member's content, checked against its size and CRC-32. Throws DataError.
std::vector<std::byte> zip_extract(std::span<const std::byte> archive, const ZipMember& member,
                                   const std::string& where);

}  // namespace moola::data
