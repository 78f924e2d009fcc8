#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "data/files/byte_source.h"

namespace moola::data {

/// Whether these are the first 512 bytes of a tar archive (POSIX ustar, GNU, or the old form: the header's checksum
/// decides).
bool is_tar(std::string_view first_block);

/// Hands every regular file of a tar archive to `visit`, in the archive's order, with its name and content. Links,
/// folders and devices are passed over; long names of GNU and pax archives are understood. Nothing is written to disk.
/// Memory: one member. Throws DataError when the archive is damaged or cut short, or a member is larger than 4 GiB.
void read_tar(ByteSource& source, const std::string& archive,
              const std::function<void(const std::string& name, std::string content)>& visit);

}  // namespace moola::data
