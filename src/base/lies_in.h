#pragma once
#include <filesystem>

namespace moola {

/// Whether a path is `folder` or lies in it, by their words alone: both without symbolic links.
bool lies_in(const std::filesystem::path& path, const std::filesystem::path& folder);

}  // namespace moola
