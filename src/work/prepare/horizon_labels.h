#pragma once
#include <filesystem>
#include <vector>

#include "data/store/content_file.h"
#include "work/labels/label_strategy.h"
#include "work/prepare/horizon_strategy.h"
#include "work/prepare/workbench.h"

namespace moola::work {

/// Labels as they were made, and what is told of them.
struct LabelledHorizon {
  HorizonLabels labels;
  std::vector<std::int64_t> last_bar;  // (n) the last bar that each label depends on; -1: there is none
  Json parameters, fitted;             // of LabelTable
};

/// Labels every bar, on `threads` threads, and notes when each label ends. The same on any number of them.
LabelledHorizon label_bars(const TimedBars& bars, std::int64_t horizon, const LabelStrategy& strategy,
                           unsigned threads);

/// How many labels of each class there are in rows [begin, end), by the classes' names, and "none"; of targets
/// {"targets", "none"}.
Json label_counts(const HorizonLabels& labels, const std::vector<LabelClass>& classes, std::size_t begin,
                  std::size_t end);

/// Puts labels into a file, a row per bar: `time`, and of each horizon `label_H`, or `target_H` of a regression,
/// `t1_H`, what else its strategy says (`touch_H`, `bars_H`, `mae_H`, `mfe_H`, `exit_return_H`, `side_H`, `t_value_H`),
/// and once they are there `quality_H` and `weight_H`.
void write_horizon_labels(data::ContentFile& file, const market::Bars& bars, const std::vector<HorizonLabels>& labels);
/// Reads such a file back; throws IoError, DataError.
std::vector<HorizonLabels> read_horizon_labels(const std::filesystem::path& file);

}  // namespace moola::work
