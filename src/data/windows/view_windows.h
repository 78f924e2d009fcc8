#pragma once
#include <filesystem>
#include <memory>

#include "data/store/dataset.h"
#include "data/windows/windows.h"

namespace moola::data {

/// A view: runs of valid windows over the bars they were cut from. Throws as open_windows does.
std::unique_ptr<WindowSource> open_view_windows(const std::filesystem::path& workspace, DatasetReader reader,
                                                const WindowOptions& options);

}  // namespace moola::data
