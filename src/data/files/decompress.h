#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "data/files/byte_source.h"

namespace moola::data {

/// Unpacks what `packed` delivers: "gzip", "xz" or "zstd", any number of streams or frames one after another. `name` is
/// the file's, for errors: DataError when the data are damaged, end too early, or are followed by something else.
std::unique_ptr<ByteSource> decompress(ByteSource& packed, std::string_view compression, std::string name);

}  // namespace moola::data
