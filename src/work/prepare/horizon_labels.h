#pragma once
#include <filesystem>
#include <vector>

#include "data/store/content_file.h"
#include "work/prepare/workbench.h"

namespace moola::work {

/// Labels every bar by `rule`, on `threads` threads, and notes when each label ends. The same on any number of them.
HorizonLabels label_bars(const market::Bars& bars, std::span<const double> scale, std::int64_t horizon,
                         const market::TripleBarrier& rule, unsigned threads);

/// How many labels there are of each sort, in rows [begin, end): {"up", "down", "neutral", "none"}.
Json label_counts(const market::BarrierLabels& labels, std::size_t begin, std::size_t end);

/// Puts labels into a file, a row per bar: `time`, and of each horizon `label_H`, `touch_H`, `bars_H`, `t1_H`, `mae_H`,
/// `mfe_H`, `exit_return_H`, and once they are there `quality_H` and `weight_H`.
void write_horizon_labels(data::ContentFile& file, const market::Bars& bars, const std::vector<HorizonLabels>& labels);
/// Reads such a file back; throws IoError, DataError.
std::vector<HorizonLabels> read_horizon_labels(const std::filesystem::path& file);

}  // namespace moola::work
