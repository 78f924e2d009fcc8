#include "market/checks/causality.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "base/keyed_random.h"

namespace moola::market {
namespace {

constexpr std::array kCorruptions{Corruption::noise, Corruption::reverse, Corruption::scale, Corruption::cut};

bool same(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) || (std::isnan(a) && std::isnan(b));
}

std::array<std::vector<double>*, 5> columns_of_bars(Bars& bars) {
  return {&bars.open, &bars.high, &bars.low, &bars.close, &bars.volume};
}

void add_noise(Bars& bars, std::size_t begin, std::uint64_t seed) {
  for (std::size_t i = begin; i < bars.size(); ++i) {
    KeyedRandom random(seed, Stream::corruption, 0, i);
    const double jump = 0.5 + static_cast<double>(random.uniform());
    bars.open[i] *= jump * (0.99 + 0.02 * static_cast<double>(random.uniform()));
    bars.close[i] *= jump * (0.99 + 0.02 * static_cast<double>(random.uniform()));
    const auto [low, high] = std::minmax(bars.open[i], bars.close[i]);
    bars.high[i] = high * (1 + 0.02 * static_cast<double>(random.uniform()));
    bars.low[i] = low * (1 - 0.02 * static_cast<double>(random.uniform()));
    bars.volume[i] = std::floor(bars.volume[i] * 2 * static_cast<double>(random.uniform())) +
                     static_cast<double>(random.below(1000));
  }
}

// A row that changed though it may not.
struct Fault {
  std::size_t column, row, ahead;  // by how many bars it looks ahead
};

// What corrupting the bars from `begin` on did to the features.
struct Trial {
  std::vector<Fault> faults;  // one per column, its first row
  bool changed_later = false;
};

void check_shape(const FeatureMatrix& matrix, std::size_t columns, std::size_t rows) {
  if (matrix.columns.size() != columns)
    throw std::invalid_argument(
        fmt::format("features in {} columns, where {} are named", matrix.columns.size(), columns));
  for (const auto& column : matrix.columns) {
    if (column.size() != rows)
      throw std::invalid_argument(fmt::format("features of {} rows for {} bars", column.size(), rows));
  }
}

// `known`: the first row that may change.
Trial compare(const FeatureMatrix& clean, const FeatureMatrix& corrupted, std::size_t known) {
  Trial out;
  for (std::size_t c = 0; c < clean.columns.size(); ++c) {
    const std::span<const double> before = clean.columns[c], after = corrupted.columns[c];
    const std::size_t unchanged = std::min(known, after.size());
    for (std::size_t row = 0; row < unchanged; ++row) {
      if (same(before[row], after[row])) continue;
      out.faults.push_back({.column = c, .row = row, .ahead = known - row});
      break;
    }
    for (std::size_t row = unchanged; row < after.size() && !out.changed_later; ++row)
      out.changed_later = !same(before[row], after[row]);
  }
  return out;
}

// All trials of one check.
class Verdict {
 public:
  Verdict(std::string name, std::span<const std::string> names, std::size_t named) : names_(names), named_(named) {
    result_.name = std::move(name);
  }

  void add(const Trial& trial, std::size_t begin, bool must_change) {
    ++trials_;
    for (const Fault& fault : trial.faults) {
      const auto ahead = static_cast<double>(fault.ahead);
      if (ahead > result_.worst) {
        result_.worst = ahead;
        worst_ = fmt::format("{}, row {} of which changes with bar {}", names_[fault.column], fault.row, begin);
      }
      if (!contains(fault.column)) faulty_.push_back(fault.column);
    }
    if (must_change && !trial.changed_later) dead_ = true;
  }

  CheckResult result() {
    result_.passed = faulty_.empty() && !dead_;
    if (!faulty_.empty()) {
      std::sort(faulty_.begin(), faulty_.end());
      std::vector<std::string> first;
      for (std::size_t i = 0; i < std::min(named_, faulty_.size()); ++i) first.push_back(names_[faulty_[i]]);
      result_.detail =
          fmt::format("{} of {} columns know bars that a row must not know: {}{}; furthest ahead {}.", faulty_.size(),
                      names_.size(), fmt::join(first, ", "), first.size() < faulty_.size() ? ", …" : "", worst_);
    } else if (dead_) {
      result_.detail = "Nothing changed at all: the features are not computed from the bars that are corrupted.";
    } else {
      result_.detail = fmt::format("{} columns, {} place{}: no earlier row changed.", names_.size(), trials_,
                                   trials_ == 1 ? "" : "s");
    }
    return std::move(result_);
  }

 private:
  std::span<const std::string> names_;
  std::size_t named_, trials_ = 0;
  CheckResult result_;
  std::vector<std::size_t> faulty_;
  std::string worst_;
  bool dead_ = false;

  bool contains(std::size_t column) const { return std::find(faulty_.begin(), faulty_.end(), column) != faulty_.end(); }
};

// The first row that may know bar `begin`.
std::size_t first_to_know(const Bars& bars, std::size_t begin, const CausalityOptions& options) {
  if (options.row_time.empty()) return begin + 1;
  const std::int64_t end = bars.time[begin] + options.bar_nanoseconds;
  return static_cast<std::size_t>(std::lower_bound(options.row_time.begin(), options.row_time.end(), end) -
                                  options.row_time.begin());
}

std::size_t rows_for(const Bars& bars, const CausalityOptions& options) {
  return options.row_time.empty() ? bars.size() : options.row_time.size();
}

CheckResult try_places(std::string name, const Bars& bars, const ComputeFeatures& compute, const FeatureMatrix& clean,
                       std::span<const std::string> names, Corruption corruption, std::span<const double> places,
                       const CausalityOptions& options) {
  Verdict verdict(std::move(name), names, options.named);
  for (const double place : places) {
    const auto begin = static_cast<std::size_t>(place * static_cast<double>(bars.size()));
    if (begin == 0 || begin >= bars.size()) continue;
    const Bars corrupted = corrupt(bars, begin, corruption, options.seed);
    const FeatureMatrix matrix = compute(corrupted);
    const std::size_t rows = rows_for(corrupted, options), known = first_to_know(bars, begin, options);
    check_shape(matrix, names.size(), rows);
    // Other corruptions may leave bars that never move, or ratios, as they are.
    const bool must_change = options.must_change && corruption == Corruption::noise && known < rows;
    verdict.add(compare(clean, matrix, known), begin, must_change);
  }
  return verdict.result();
}

FeatureMatrix compute_clean(const Bars& bars, const ComputeFeatures& compute, std::span<const std::string> names,
                            const CausalityOptions& options) {
  FeatureMatrix clean = compute(bars);
  check_shape(clean, names.size(), rows_for(bars, options));
  return clean;
}

}  // namespace

FeatureMatrix matrix_of(FeatureTable table) {
  const auto kept = std::make_shared<const FeatureTable>(std::move(table));
  FeatureMatrix out{.columns = {}, .storage = kept};
  for (std::size_t i = 0; i < kept->features().size(); ++i) out.columns.push_back(kept->column(i));
  return out;
}

FeatureMatrix matrix_of(std::vector<std::vector<double>> columns) {
  const auto kept = std::make_shared<const std::vector<std::vector<double>>>(std::move(columns));
  return {.columns = {kept->begin(), kept->end()}, .storage = kept};
}

std::string_view to_string(Corruption corruption) {
  constexpr std::array<std::string_view, 4> kNames{"noise", "reverse", "scale", "cut"};
  return kNames[static_cast<std::size_t>(corruption)];
}

Bars corrupt(const Bars& bars, std::size_t begin, Corruption corruption, std::uint64_t seed) {
  Bars out = bars;
  begin = std::min(begin, out.size());
  const auto from = static_cast<std::ptrdiff_t>(begin);
  switch (corruption) {
    case Corruption::noise:
      add_noise(out, begin, seed);
      break;
    case Corruption::reverse:
      for (std::vector<double>* column : columns_of_bars(out)) std::reverse(column->begin() + from, column->end());
      break;
    case Corruption::scale:
      for (std::vector<double>* column : columns_of_bars(out)) {
        const double factor = column == &out.volume ? 7.0 : 3.0;
        for (auto value = column->begin() + from; value != column->end(); ++value) *value *= factor;
      }
      break;
    case Corruption::cut:
      out.resize(begin);
      break;
  }
  return out;
}

std::vector<CheckResult> check_causality(const Bars& bars, const ComputeFeatures& compute,
                                         std::span<const std::string> names, const CausalityOptions& options) {
  const FeatureMatrix clean = compute_clean(bars, compute, names, options);
  std::vector<CheckResult> out;
  for (const Corruption corruption : kCorruptions)
    out.push_back(try_places(fmt::format("causality_{}", to_string(corruption)), bars, compute, clean, names,
                             corruption, options.places, options));
  return out;
}

CheckResult check_corrupted_tail(const Bars& bars, const ComputeFeatures& compute, std::span<const std::string> names,
                                 double share, const CausalityOptions& options) {
  const FeatureMatrix clean = compute_clean(bars, compute, names, options);
  const double place = 1 - share;
  return try_places("corrupted_tail", bars, compute, clean, names, Corruption::noise, {&place, 1}, options);
}

}  // namespace moola::market
