#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace moola::cluster {

/// A version as numbers: "2.36" is {2, 36}.
using VersionNumbers = std::vector<int>;

/// "" gives none. What is no number ends it.
VersionNumbers version_numbers(std::string_view text);
std::string version_text(const VersionNumbers& version);

/// The highest version behind `prefix` ("GLIBC_") among the names in a program's or a library's tables of strings: what
/// a program needs, and what a library offers. None when there is none, or the file cannot be read.
VersionNumbers highest_version(const std::filesystem::path& file, std::string_view prefix);

}  // namespace moola::cluster
