#pragma once
#include <filesystem>
#include <string>

namespace moola {

/// The first line of a file, such as one of the kernel's; empty where it can't be read.
std::string first_line(const std::filesystem::path& file);

}  // namespace moola
