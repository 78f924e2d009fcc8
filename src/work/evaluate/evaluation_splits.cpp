#include "work/evaluate/evaluation_splits.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/utc_time.h"
#include "validation/combinatorial.h"
#include "validation/k_fold.h"
#include "validation/walk_forward.h"

namespace moola::work {
namespace {

using validation::RowRange;
using validation::Separation;
using validation::Split;

// What windows look back beside what features do: rows of all symbols together.
validation::PurgeOptions separations(const EvaluateConfig& config, const EvaluationData& data, std::size_t steps) {
  validation::PurgeOptions out = config.apart();
  if (steps <= 1) return out;
  const std::size_t rows = (steps - 1) * data.symbols.size();
  if (out.look_back.unit == Separation::Unit::bars) {
    out.look_back = Separation::bars(static_cast<std::int64_t>(out.look_back.value) + static_cast<std::int64_t>(rows));
    return out;
  }
  // In time: as long as the slowest window of rows that follow each other in a segment.
  std::int64_t longest = 0;
  for (std::size_t row = rows; row < data.size(); ++row)
    longest = std::max(longest, data.time[row] - data.time[row - rows]);
  out.look_back = Separation::time(static_cast<std::int64_t>(out.look_back.value) + longest);
  return out;
}

void one_path(EvaluationSplits& out) {
  out.paths.emplace_back();
  for (std::size_t s = 0; s < out.splits.size(); ++s) {
    for (const RowRange& range : out.splits[s].test) out.paths.front().push_back({s, range});
  }
}

}  // namespace

EvaluationSplits make_splits(const LoadedEvaluateConfig& config, const EvaluationData& data, std::size_t steps) {
  const EvaluateConfig& values = config.values;
  const validation::PurgeOptions apart = separations(values, data, steps);
  EvaluationSplits out;
  switch (config.strategy) {
    case SplitStrategy::combinatorial: {
      auto found = validation::combinatorial_splits(data.intervals(), static_cast<std::size_t>(values.splits.groups),
                                                    static_cast<std::size_t>(values.splits.test_groups), apart);
      out.splits = std::move(found.splits);
      out.groups = std::move(found.groups);
      for (const std::vector<std::size_t>& path : found.paths) {
        out.paths.emplace_back();
        for (std::size_t group = 0; group < path.size(); ++group)
          out.paths.back().push_back({path[group], out.groups[group]});
      }
      break;
    }
    case SplitStrategy::purged_k_fold:
      out.splits = validation::purged_k_fold(data.intervals(), static_cast<std::size_t>(values.splits.folds), apart);
      one_path(out);
      break;
    case SplitStrategy::walk_forward:
      out.splits = validation::walk_forward(data.intervals(),
                                            {.train = validation::parse_stretch(values.splits.train, "splits.train"),
                                             .test = validation::parse_stretch(values.splits.test, "splits.test"),
                                             .expanding = !values.splits.rolling,
                                             .short_last = values.splits.short_last,
                                             .apart = {.purge = apart.purge, .embargo = apart.embargo}});
      one_path(out);
      break;
  }
  const bool behind = config.strategy == SplitStrategy::walk_forward;
  for (Split& split : out.splits) {
    validation::prove_split(split, data.intervals(), behind ? Separation{} : apart.look_back);
    validation::mark_missing_classes(split, data.label, data.class_names);
  }
  if (std::ranges::none_of(out.splits, [](const Split& split) { return split.fault.empty(); })) {
    throw LeakError(
        fmt::format("none of {} splits can be used: {}. Take more rows, fewer groups or smaller separations.",
                    out.splits.size(), out.splits.front().fault));
  }
  return out;
}

std::vector<std::string> find_contamination(const EvaluationData& data, const EvaluationSplits& splits,
                                            bool uses_weights, bool trusted) {
  std::vector<std::string> out;
  if (data.pedigree == data::Pedigree::unknown && !trusted) {
    out.push_back(
        fmt::format("{} was made elsewhere: what its labels, weights and scales were fitted on is not known "
                    "(data.trust = true vouches for it)",
                    to_string(data.table.id)));
  }
  if (data.scaled) {
    out.push_back(fmt::format("{} holds features that are scaled already: the scale may have seen every test part",
                              to_string(data.table.id)));
  }
  for (const data::FittedPart& part : data.fitted) {
    const bool of_weights = part.name == "weights" || part.name == "quality";
    if (of_weights && !uses_weights) continue;
    std::size_t met = 0, first = 0;
    std::string when;
    for (std::size_t s = 0; s < splits.splits.size(); ++s) {
      bool meets = false;
      for (const RowRange& range : splits.splits[s].test) {
        const std::int64_t begin = data.time[range.begin];
        std::int64_t end = data.time[range.end - 1];
        for (std::size_t row = range.begin; row < range.end; ++row) end = std::max(end, data.intervals().end(row));
        for (const data::FittedPart::Seen& seen : part.seen) {
          if (seen.first > end || seen.last < begin) continue;
          meets = true;
          when = fmt::format("{} … {}", utc_text(seen.first), utc_text(seen.last));
        }
      }
      if (!meets) continue;
      if (met++ == 0) first = s;
    }
    if (met == 0) continue;
    out.push_back(fmt::format("{} of {} were {} {}, which the test parts of {} of {} splits meet (split {} first)",
                              part.name, to_string(data.table.id),
                              part.name == "labels" ? "changed by models that have seen" : "fitted on", when, met,
                              splits.splits.size(), first));
  }
  return out;
}

}  // namespace moola::work
