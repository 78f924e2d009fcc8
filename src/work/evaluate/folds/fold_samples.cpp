#include "work/evaluate/folds/fold_samples.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/parallel_pieces.h"
#include "base/utc_time.h"
#include "market/features/feature.h"
#include "market/labels/sample_weights.h"
#include "work/evaluate/rows/related_rows.h"

namespace moola::work {
namespace {

// The rows of `rows` from the moment on that leaves `share` of them, moved to another list; of the others those go
// whose label is not known by then, and those that are related to one that is held out.
std::vector<std::size_t> hold_out(const EvaluationData& data, std::vector<std::size_t>& rows, double share) {
  const auto kept = static_cast<std::size_t>((1 - share) * static_cast<double>(rows.size()));
  if (kept >= rows.size()) return {};
  const std::int64_t cut = data.time[rows[kept]];
  std::vector<std::size_t> before, out;
  for (const std::size_t row : rows) {
    if (data.time[row] >= cut) {
      out.push_back(row);
    } else if (data.intervals().end(row) < cut) {
      before.push_back(row);
    }
  }
  const RelatedRows related(data, out);
  std::erase_if(before, [&](std::size_t row) { return related.holds(row); });
  rows = std::move(before);
  return out;
}

market::ScaleMethod method_of(const std::string& scaling, const std::string& feature, bool& logarithm) {
  logarithm = false;
  if (scaling != "usual") return market::parse_scale_method(scaling);
  try {
    const market::ColumnKind kind = market::parse_feature(feature).column.kind();
    logarithm = market::usually_logarithmic(kind);
    return market::usual_method(kind);
  } catch (const ConfigError&) {
    return market::ScaleMethod::robust;  // somebody's own column: nothing is known of what it holds
  }
}

bool has_window(const EvaluationData& data, std::size_t row, std::size_t steps) {
  const std::size_t at = data.position[row];
  return steps == 1 || data.is_window(steps) || at + 1 >= data.run_begin[at] + steps;
}

// Columns that are scaled alike: of windows a channel's, over all its steps, so that a window keeps its course.
std::vector<std::vector<std::size_t>> scaled_alike(const EvaluationData& data) {
  std::vector<std::vector<std::size_t>> out(data.window.channels);
  for (std::size_t c = 0; c < data.features.size(); ++c) {
    if (c < data.window.values()) {
      out[c % data.window.channels].push_back(c);
    } else {
      out.push_back({c});
    }
  }
  return out;
}

// All rows by position into `out`, which is made as large as that takes; synthetic ones too.
void scale_into(const EvaluationData& data, std::span<const market::ColumnScale> scales, double clip, unsigned threads,
                std::vector<float>& out) {
  const std::size_t columns = data.features.size(), rows = data.position.size();
  out.resize(data.x.size());
  constexpr std::size_t kRows = 4096;
  for_each_piece((rows + kRows - 1) / kRows, threads, [&](std::size_t piece) {
    const std::size_t begin = piece * kRows, end = std::min(rows, begin + kRows);
    std::vector<double> values(end - begin);
    for (std::size_t c = 0; c < columns; ++c) {
      for (std::size_t row = begin; row < end; ++row)
        values[row - begin] = static_cast<double>(data.x[row * columns + c]);
      market::apply_scale(scales[c], clip, values);
      for (std::size_t row = begin; row < end; ++row) out[row * columns + c] = static_cast<float>(values[row - begin]);
    }
  });
}

}  // namespace

std::vector<std::size_t> rows_with_windows(const EvaluationData& data, std::span<const validation::RowRange> rows,
                                           std::size_t steps) {
  std::vector<std::size_t> out;
  for (const validation::RowRange& range : rows) {
    for (std::size_t row = range.begin; row < range.end; ++row) {
      if (has_window(data, row, steps)) out.push_back(row);
    }
  }
  return out;
}

FoldRows fold_rows(const EvaluationData& data, const validation::Split& split, const FoldRowsOptions& options) {
  FoldRows out;
  std::size_t seen = 0;
  for (const validation::RowRange& range : split.train) {
    for (std::size_t row = range.begin; row < range.end; ++row) {
      if (data.label[row] < 0 || !has_window(data, row, options.steps)) continue;
      if (seen++ % options.stride == 0) out.fit.push_back(row);
    }
  }
  if (options.held_out > 0 && (options.early_stopping || options.calibration)) {
    const bool both = options.early_stopping && options.calibration;
    std::vector<std::size_t> held = hold_out(data, out.fit, options.held_out);
    if (both) out.calibration = hold_out(data, held, 0.5);
    (options.early_stopping ? out.early_stopping : out.calibration) = std::move(held);
  }
  out.test = rows_with_windows(data, split.test, options.steps);
  if (out.fit.empty()) {
    throw LeakError(fmt::format(
        "no row is left to fit on: of {} train rows none has a label{} that is known before the held-out {} begins.",
        validation::count_rows(split.train),
        options.steps > 1 ? fmt::format(", {} rows before it in its segment", options.steps - 1) : "",
        options.held_out));
  }
  if (options.synthetic) {
    const std::vector<std::vector<validation::RowRange>> tested{split.test,
                                                                {options.sealed.begin(), options.sealed.end()}};
    out.synthetic = synthetic_beside(data, out.fit, tested);
  }
  if (out.test.empty())
    throw LeakError(fmt::format("no row of the test part has {} rows before it in its segment.", options.steps - 1));
  return out;
}

std::vector<double> synthetic_weights(const EvaluationData& data, const FoldRows& rows,
                                      const std::vector<double>& weight, double each) {
  double sum = 0;
  for (const double one : weight) sum += one;
  const double mean = weight.empty() ? 1 : sum / static_cast<double>(weight.size());
  std::vector<double> out;
  for (const std::size_t row : rows.synthetic) {
    const std::int64_t source = data.synthetic.source[row - data.size()];
    const auto at = std::ranges::lower_bound(rows.fit, static_cast<std::size_t>(source)) - rows.fit.begin();
    const double theirs = weight.empty() || source < 0 ? mean : weight[static_cast<std::size_t>(at)];
    out.push_back(theirs * each);
  }
  return out;
}

std::vector<double> uniqueness_weights(const EvaluationData& data, const std::vector<std::size_t>& rows) {
  std::vector<double> out(rows.size(), 1);
  for (std::size_t s = 0; s < data.symbols.size(); ++s) {
    std::vector<std::size_t> mine;
    std::vector<std::int64_t> times;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (static_cast<std::size_t>(data.symbol[rows[i]]) != s) continue;
      mine.push_back(i);
      times.push_back(data.time[rows[i]]);
    }
    // The rows themselves are the clock: a label lasts from its own to the last that is not later than its end.
    std::vector<std::int64_t> first(mine.size()), last(mine.size());
    for (std::size_t i = 0; i < mine.size(); ++i) {
      first[i] = static_cast<std::int64_t>(i);
      const std::int64_t end = data.intervals().end(rows[mine[i]]);
      last[i] = std::ranges::upper_bound(times, end) - times.begin() - 1;
    }
    const std::vector<double> unique = market::average_uniqueness(first, last, mine.size());
    for (std::size_t i = 0; i < mine.size(); ++i) out[mine[i]] = unique[i];
  }
  return out;
}

bool FoldFeatures::scales_for(const models::ModelKind& kind) const {
  return kind.wants_scaling && config_.fit.scaling != "none" && !data_.scaled;
}

std::span<const float> FoldFeatures::wanted(const models::ModelKind& kind, const std::vector<std::size_t>& fit) {
  return scales_for(kind) ? scaled(fit) : std::span<const float>(data_.x);
}

std::span<const float> FoldFeatures::scaled(const std::vector<std::size_t>& fit) {
  if (!scaled_.empty() && fit == fitted_on_) return scaled_;
  const std::size_t columns = data_.features.size();
  scales_.resize(columns);
  const std::vector<std::vector<std::size_t>> alike = scaled_alike(data_);
  for_each_piece(alike.size(), threads_, [&](std::size_t piece) {
    std::vector<double> values;
    values.reserve(fit.size() * alike[piece].size());
    for (const std::size_t row : fit) {
      for (const std::size_t c : alike[piece])
        values.push_back(static_cast<double>(data_.x[data_.position[row] * columns + c]));
    }
    // What a window's channel holds is what data.normalize has made of it: no feature by a name such as "high_5".
    const std::size_t first = alike[piece].front();
    bool logarithm = false;
    const market::ScaleMethod method =
        method_of(config_.fit.scaling, first < data_.window.values() ? "" : data_.features[first], logarithm);
    const market::ColumnScale scale =
        market::fit_scale(data_.features[first], values, method, logarithm, {.clip = config_.fit.clip});
    for (const std::size_t c : alike[piece]) {
      scales_[c] = scale;
      scales_[c].name = data_.features[c];
    }
  });
  scale_into(data_, scales_, config_.fit.clip, threads_, scaled_);
  fitted_on_ = fit;
  return scaled_;
}

std::vector<float> scaled_table(const EvaluationData& data, std::span<const market::ColumnScale> scales, double clip,
                                unsigned threads) {
  std::vector<float> out;
  scale_into(data, scales, clip, threads, out);
  return out;
}

std::vector<float> windows_of(const EvaluationData& data, std::span<const float> table,
                              const std::vector<std::size_t>& rows) {
  std::vector<float> out;
  out.reserve(rows.size() * data.window.values());
  for (const std::size_t row : rows) {
    const auto window = table.subspan(data.position[row] * data.features.size(), data.window.values());
    out.insert(out.end(), window.begin(), window.end());
  }
  return out;
}

}  // namespace moola::work
