#pragma once
#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "work/evaluate/config/evaluate_config.h"
#include "work/evaluate/rows/evaluation_data.h"

namespace moola::work {

/// Normalises a window as it is stored and puts it behind X; `name` is what errors call it.
using AppendWindow = std::function<void(std::span<const float> window, const std::string& name)>;

/// Puts the windows of data.synthetic behind the rows of `out`, which are those of labelled windows: each whose source
/// is one of them, or which has none. Notes in `doubts` that nobody knows what the generator has seen, and in `differs`
/// that its windows are unlike the real ones.
///
/// Throws ConfigError (no such data set; models look at features that synthetic windows do not have), DataError (it was
/// made from other windows: both are named; damaged; a window that cannot be normalised).
void add_synthetic_rows(const std::filesystem::path& workspace, const EvaluateConfig& config,
                        const AppendWindow& append, EvaluationData& out);

}  // namespace moola::work
