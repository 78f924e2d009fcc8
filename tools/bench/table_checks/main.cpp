// What the checks of a feature table cost: bench-table-checks WORKSPACE bars/NAME/vN [threads] [columns]. Takes
// five-minute bars (or the bars' own, where they are longer), 180 feature columns of them and labels of 20 bars; the
// parts are the first 70 % of the rows, the next 15 % and the last. Prints "NAME: S s, C s of all threads" for each
// check, the best of three, and a sum of its results that tells whether two runs agree. ONLY=text in the environment
// leaves out checks without it in their names.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <functional>

#include "base/command_line.h"
#include "data/bars/bars_file.h"
#include "market/checks/column_summary.h"
#include "market/checks/correlation.h"
#include "market/checks/drift.h"
#include "market/checks/label_relevance.h"
#include "market/checks/label_statistics.h"
#include "market/checks/return_correlation.h"
#include "market/checks/split_overlap.h"
#include "market/checks/stationarity.h"
#include "market/checks/time_stamps.h"
#include "market/features/feature_table.h"
#include "market/labels/triple_barrier.h"
#include "market/resample.h"

namespace {

using namespace moola;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kFiveMinutes = 300'000'000'000;

struct Input {
  market::Bars bars;
  market::FeatureTable table;
  std::vector<std::span<const double>> columns;
  std::vector<market::Rows> all, train, validation, test;
  market::BarrierLabels labels;
};

Input read_input(const std::string& workspace, const std::string& id, unsigned threads, std::size_t columns) {
  const data::StoredBars stored = data::read_bars(workspace, data::find_dataset(workspace, id, "bars"));
  std::int64_t step = stored.info.bar_seconds * 1'000'000'000;
  market::Bars bars = step < kFiveMinutes ? market::resample(stored.bars, kFiveMinutes).bars : stored.bars;
  step = std::max(step, kFiveMinutes);
  std::vector<market::Feature> features = market::parse_features({"*"});
  features.resize(std::min(features.size(), columns));
  market::FeatureTable table = market::compute_features(bars, step, std::move(features), threads);
  Input out{std::move(bars), std::move(table), {}, {}, {}, {}, {}, {}};
  for (std::size_t i = 0; i < out.table.features().size(); ++i) out.columns.push_back(out.table.column(i));
  const std::size_t first = std::min(out.table.first_complete_row(), out.bars.size()), rows = out.bars.size() - first;
  const std::size_t a = first + rows * 70 / 100, b = first + rows * 85 / 100;
  out.all = {{first, out.bars.size()}};
  out.train = {{first, a}};
  out.validation = {{a, b}};
  out.test = {{b, out.bars.size()}};
  out.labels = market::triple_barrier({out.bars.open, out.bars.high, out.bars.low, out.bars.close}, {},
                                      {.up = 0.003, .down = 0.003, .max_bars = 20});
  return out;
}

void measure(const std::string& name, const std::function<double()>& check) {
  if (const char* only = std::getenv("ONLY"); only != nullptr && name.find(only) == std::string::npos) return;
  double best = 1e30, work = 1e30, result = 0;
  for (int round = 0; round < 3; ++round) {
    const auto began = Clock::now();
    const std::clock_t worked = std::clock();
    result = check();
    work = std::min(work, static_cast<double>(std::clock() - worked) / CLOCKS_PER_SEC);
    best = std::min(best, std::chrono::duration<double>(Clock::now() - began).count());
  }
  fmt::print("{}: {:.3f} s, {:.3f} s of all threads ({:.17g})\n", name, best, work, result);
}

int measure_all(const std::string& workspace, const std::string& id, unsigned threads, std::size_t columns) {
  const Input in = read_input(workspace, id, threads, columns);
  fmt::print("{} columns, {} rows, {} to train, {} threads\n", in.columns.size(), in.all[0].size(), in.train[0].size(),
             threads);
  measure("time stamps", [&] { return static_cast<double>(market::check_time_stamps(in.bars.time).gaps); });
  measure("summaries of all columns", [&] {
    double sum = 0;
    for (const market::ColumnSummary& summary : market::summarise_columns(in.columns, in.all, {}, threads))
      sum += summary.skew;
    return sum;
  });
  const auto correlations = [&](const market::CorrelationOptions& options) {
    double sum = 0;
    for (const double value : market::correlate(in.columns, in.all, options, threads).values) sum += value;
    return sum;
  };
  measure("Pearson's correlations", [&] { return correlations({}); });
  measure("Pearson's correlations, every 10th row", [&] { return correlations({.stride = 10}); });
  measure("Spearman's correlations", [&] { return correlations({.ranks = true}); });
  measure("Spearman's correlations, every 10th row", [&] { return correlations({.stride = 10, .ranks = true}); });
  measure("drift from train to validation and test", [&] {
    double sum = 0;
    for (const auto& column :
         market::column_drift(in.columns, in.train, std::vector{in.validation, in.test}, {}, threads)) {
      for (const market::ColumnDrift& drift : column) sum += drift.psi + drift.ks_p_effective;
    }
    return sum;
  });
  measure("stationarity", [&] {
    double sum = 0;
    for (const market::Stationarity& found : market::test_stationarity(in.columns, in.train, {}, threads)) {
      if (found.adf) sum += found.adf->statistic;
      if (found.level) sum += found.level->statistic;
    }
    return sum;
  });
  measure("relevance of train columns for the label", [&] {
    double sum = 0;
    for (const market::LabelRelevance& found :
         market::label_relevance(in.columns, in.labels.label, in.train, {.overlap = 10}, threads))
      sum += found.information + found.auc + found.rank_t;
    return sum;
  });
  measure("correlations with returns", [&] {
    std::vector<double> returns(in.bars.size());
    for (std::size_t i = 1; i < returns.size(); ++i) returns[i] = in.bars.close[i] / in.bars.close[i - 1] - 1;
    double sum = 0;
    for (const market::ReturnCorrelation& found : market::return_correlations(in.columns, in.all, returns, threads))
      sum += found.known + found.next;
    return sum;
  });
  measure("overlaps of the parts", [&] {
    std::vector<std::int64_t> first(in.bars.size()), last(in.bars.size());
    for (std::size_t i = 0; i < first.size(); ++i) {
      first[i] = static_cast<std::int64_t>(i);
      last[i] = in.labels.exit_bar(i);
    }
    const std::vector<market::SplitPart> parts{{"train", in.train}, {"val", in.validation}, {"test", in.test}};
    double sum = 0;
    for (const market::CheckResult& result : market::check_split(parts, {first, last}, 20)) sum += result.worst;
    return sum;
  });
  measure("label statistics", [&] {
    return market::label_autocorrelation(in.labels.label, in.all, std::vector<std::size_t>{1, 5, 20})[0].correlation +
           market::label_runs(in.labels.label, in.all).mean_length +
           market::count_labels_over_time(in.labels.label, 20)[7].up_share();
  });
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc > 5) {
    fmt::print(stderr, "usage: {} WORKSPACE bars/NAME/vN [threads] [columns]\n", argv[0]);
    return 2;
  }
  try {
    return measure_all(argv[1], argv[2], argc > 3 ? static_cast<unsigned>(std::stoul(argv[3])) : 2,
                       argc > 4 ? std::stoul(argv[4]) : 180);
  } catch (const std::exception& error) {
    return report_error("bench-table-checks", error);
  }
}
