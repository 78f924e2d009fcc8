#pragma once
#include <memory>

#include "data/store/dataset.h"
#include "data/windows/windows.h"

namespace moola::data {

/// Windows that are stored whole: X (N, T, C), with t0 and t1 where there are any. Throws as open_windows does.
std::unique_ptr<WindowSource> open_stored_windows(DatasetReader reader, const WindowOptions& options);

}  // namespace moola::data
