#pragma once
#include <filesystem>

#include "work/evaluate/results/evaluation_results.h"

namespace moola::work {

/// Keeps what every configuration earned as an HDF5 file that `moola pbo` and `moola sharpe` read: `time` (ns UTC) and
/// `returns` (rows, configurations), net, by bar, the mean over paths, at the moments that all of them have tested;
/// where there are several paths also `median_path`, what the median one earned; the attribute `column_names` has their
/// names. Baselines are left out. Nothing is written, and nothing is replaced,
/// where no configuration has a path; then it says false. The same results give the same bytes. Throws IoError.
bool write_returns_file(const std::filesystem::path& file, const LoadedEvaluateConfig& config,
                        const EvaluationResults& results);

}  // namespace moola::work
