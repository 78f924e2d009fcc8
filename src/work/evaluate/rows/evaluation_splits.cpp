#include "work/evaluate/rows/evaluation_splits.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/sha256.h"
#include "base/utc_time.h"
#include "validation/chronological_split.h"
#include "validation/combinatorial.h"
#include "validation/k_fold.h"
#include "validation/walk_forward.h"
#include "work/evaluate/rows/related_rows.h"

namespace moola::work {
namespace {

using validation::RowRange;
using validation::Separation;
using validation::Split;

constexpr std::string_view kEncoder = "encoder";

// What windows look back beside what features do: rows of all symbols together.
validation::PurgeOptions separations(const EvaluateConfig& config, const EvaluationData& data, std::size_t steps) {
  validation::PurgeOptions out = config.apart();
  if (steps <= 1 || data.holds_windows()) return out;  // the intervals of labelled windows begin with their bars
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

Split split_of(std::vector<RowRange> train, std::vector<RowRange> test, std::vector<RowRange> purged,
               std::vector<RowRange> embargoed) {
  return {.train = std::move(train),
          .test = std::move(test),
          .purged = std::move(purged),
          .embargoed = std::move(embargoed),
          .groups = {}};
}

void chronological(const EvaluateConfig& config, const EvaluationData& data, const validation::PurgeOptions& apart,
                   EvaluationSplits& out) {
  auto found = validation::chronological_split(data.time, data.t1,
                                               {.train = config.splits.train_share,
                                                .val = config.splits.val_share,
                                                .purge = apart.purge,
                                                .embargo = apart.embargo});
  out.splits.push_back(
      split_of(std::move(found.train), std::move(found.val), std::move(found.purged), std::move(found.embargoed)));
  out.sealed = std::move(found.test);
}

// More ranges than a split in time has, and hardly a row in each.
bool looks_shuffled(const std::vector<RowRange>& part) {
  constexpr std::size_t kRanges = 50, kRows = 5;
  return part.size() > kRanges && validation::count_rows(part) < kRows * part.size();
}

void given(const LoadedEvaluateConfig& config, const EvaluationData& data, EvaluationSplits& out) {
  const data::SplitRecord& record = *data.given_split;
  const bool train = config.strategy == SplitStrategy::chronological;
  for (const data::SplitParts& parts : record.splits) {
    const std::vector<RowRange>& test = train ? parts.val : parts.test;
    if (test.empty()) {
      throw DataError(fmt::format("the split {} has no {} part, and moola {} needs one.", record.name,
                                  train ? "val" : "test", job_name(config.strategy)));
    }
    if (looks_shuffled(test)) {
      throw LeakError(
          fmt::format("the split {} tests {} rows in {} pieces: rows that were dealt out at random have "
                      "neighbours on both sides that share their labels. `moola splits` makes one in time.",
                      record.name, validation::count_rows(test), test.size()));
    }
    out.splits.push_back(split_of(parts.train, test, parts.purged, parts.embargoed));
    if (!train) continue;
    out.sealed = parts.test;
    if (!out.sealed.empty()) {
      // What is chosen by the validation part must not know of the test part either.
      validation::prove_split(split_of(parts.val, parts.test, {}, {}), data.intervals());
      validation::prove_split(split_of(parts.train, parts.test, {}, {}), data.intervals());
    }
    break;
  }
}

void cut(const LoadedEvaluateConfig& config, const EvaluationData& data, const validation::PurgeOptions& apart,
         EvaluationSplits& out) {
  const EvaluateConfig& values = config.values;
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
      out.splits = cut_walk_forward(values, data.intervals());
      one_path(out);
      break;
    case SplitStrategy::chronological:
      chronological(values, data, apart, out);
      one_path(out);
      break;
  }
}

void require_one(const std::vector<Split>& splits) {
  if (std::ranges::any_of(splits, [](const Split& split) { return split.fault.empty(); })) return;
  throw LeakError(fmt::format("none of {} splits can be used: {}. Take more rows, fewer groups or smaller separations.",
                              splits.size(), splits.front().fault));
}

// How something came to know what it has seen.
std::string fitted_text(const EvaluationData& data, const data::FittedPart& part) {
  if (data.embedded && part.name.starts_with(kEncoder)) {
    return fmt::format("the encoder of {} ({}) was {}", to_string(data.table.id), data.embedded->encoder,
                       part.name == kEncoder ? "trained on" : "chosen by its loss on");
  }
  return fmt::format("{} of {} {} {}", part.name, to_string(data.table.id), part.name.ends_with('s') ? "were" : "was",
                     part.name == "labels" ? "changed by models that have seen" : "fitted on");
}

}  // namespace

EvaluationSplits make_splits(const LoadedEvaluateConfig& config, const EvaluationData& data, std::size_t steps) {
  const validation::PurgeOptions apart = separations(config.values, data, steps);
  EvaluationSplits out;
  if (data.given_split) {
    given(config, data, out);
    one_path(out);
  } else {
    cut(config, data, apart, out);
  }
  const bool behind = config.strategy == SplitStrategy::walk_forward || config.strategy == SplitStrategy::chronological;
  for (Split& split : out.splits) {
    part_from_related(data, split, out.sealed);
    validation::prove_split(split, data.intervals(), behind ? Separation{} : apart.look_back);
    validation::mark_missing_classes(split, data.label, data.class_names);
  }
  require_one(out.splits);
  return out;
}

std::vector<Split> cut_walk_forward(const EvaluateConfig& config, const validation::LabelIntervals& intervals) {
  const validation::PurgeOptions apart = config.apart();
  return validation::walk_forward(intervals, {.train = validation::parse_stretch(config.splits.train, "splits.train"),
                                              .test = validation::parse_stretch(config.splits.test, "splits.test"),
                                              .expanding = !config.splits.rolling,
                                              .short_last = config.splits.short_last,
                                              .apart = {.purge = apart.purge, .embargo = apart.embargo}});
}

EvaluationSplits in_one_path(std::vector<Split> splits) {
  require_one(splits);
  EvaluationSplits out;
  out.splits = std::move(splits);
  one_path(out);
  return out;
}

record::DataUse split_use(const data::SplitRecord& split) {
  return {.role = "split",
          .id = split.name,
          .content_sha256 = sha256_hex(json_text(data::to_json(split))),
          .facts = {{"splits", split.splits.size()}}};
}

record::DataUse embeddings_use(const EvaluationData::Embedded& embedded) {
  return {
      .role = "embeddings",
      .id = to_string(embedded.source.id),
      .content_sha256 = embedded.source.content_sha256,
      .facts = {
          {"encoder", embedded.encoder}, {"encoder_sha256", embedded.encoder_sha256}, {"pooling", embedded.pooling}}};
}

std::optional<data::FittedPart::Seen> seen_in_test(const data::FittedPart& part, const EvaluationData& data,
                                                   const Split& split) {
  std::optional<data::FittedPart::Seen> out;
  for (const RowRange& range : split.test) {
    const std::int64_t begin = data.time[range.begin];
    std::int64_t end = data.time[range.end - 1];
    for (std::size_t row = range.begin; row < range.end; ++row) end = std::max(end, data.intervals().end(row));
    for (const data::FittedPart::Seen& seen : part.seen) {
      if (seen.first <= end && seen.last >= begin) out = seen;
    }
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
    if (data.embedded && part.name == kEncoder && part.seen.empty() && !trusted) {
      out.push_back(fmt::format(
          "{} windows without times: which of them are tested is not known (data.trust = true vouches for it)",
          fitted_text(data, part)));
    }
    std::size_t met = 0, first = 0;
    std::string when;
    for (std::size_t s = 0; s < splits.splits.size(); ++s) {
      const auto seen = seen_in_test(part, data, splits.splits[s]);
      if (!seen) continue;
      when = fmt::format("{} … {}", utc_text(seen->first), utc_text(seen->last));
      if (met++ == 0) first = s;
    }
    if (met == 0) continue;
    out.push_back(fmt::format("{} {}, which the test parts of {} of {} splits meet (split {} first)",
                              fitted_text(data, part), when, met, splits.splits.size(), first));
  }
  out.insert(out.end(), data.doubts.begin(), data.doubts.end());
  return out;
}

}  // namespace moola::work
