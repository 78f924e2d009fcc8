#pragma once
#include <filesystem>
#include <string>

namespace moola::cluster {

/// Why a file looks like a secret, by its name or by what stands in it: "its name is that of a key". Empty: it does
/// not. Reads texts of up to 4 MB. Throws IoError.
std::string looks_private(const std::filesystem::path& file);

}  // namespace moola::cluster
