#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "market/bars.h"
#include "market/checks/check_result.h"
#include "market/features/feature_table.h"

namespace moola::market {

/// Columns and whatever holds their values.
struct FeatureMatrix {
  std::vector<std::span<const double>> columns;  // of equal length: one value per bar
  std::shared_ptr<const void> storage;
};
FeatureMatrix matrix_of(FeatureTable table);
FeatureMatrix matrix_of(std::vector<std::vector<double>> columns);

/// Computes all features of bars that it is given.
using ComputeFeatures = std::function<FeatureMatrix(const Bars& bars)>;

/// What is done to the bars from one on; stamps and flags stay.
enum class Corruption : std::uint8_t {
  noise,    // every bar jumps to another price, shape and volume
  reverse,  // the last bar comes first
  scale,    // prices times 3, volume times 7
  cut,      // they are not there
};
std::string_view to_string(Corruption corruption);

/// Bars with those from `begin` on corrupted; still finite, above 0 and low <= open, close <= high.
Bars corrupt(const Bars& bars, std::size_t begin, Corruption corruption, std::uint64_t seed = 1);

struct CausalityOptions {
  std::vector<double> places = {0.4, 0.6, 0.8, 0.95};  // where the corruption begins, as shares of the bars
  std::uint64_t seed = 1;
  std::size_t named = 5;  // columns that a failed check's detail names
  // Where the rows are not of the bars that are corrupted, but of others beside them: when rows begin, and how long the
  // bars last. A row may know what had ended when it begins.
  std::span<const std::int64_t> row_time = {};
  std::int64_t bar_nanoseconds = 0;
  bool must_change = true;  // false: that noise changes nothing is no fault
};

/// One check for every corruption, "causality_noise" and so on: corrupting any bar from t on may change no bit of rows
/// up to t, as row t knows bars up to t - 1 alone (of bars beside them: rows that begin before bar t ends); and noise
/// must change some value after t, or the features are not of these bars. `worst` is by how many bars a row looks ahead
/// at most (1: row t knows bar t), 0 when passed.
///
/// Calls `compute` 4 times per place and once; holds two matrices at once. `names`: one per column. Throws
/// std::invalid_argument when `compute` gives other columns or rows than it should: one row per bar, or per row_time.
std::vector<CheckResult> check_causality(const Bars& bars, const ComputeFeatures& compute,
                                         std::span<const std::string> names, const CausalityOptions& options = {});

/// The check "corrupted_tail": the same for noise in the last `share` of the bars.
CheckResult check_corrupted_tail(const Bars& bars, const ComputeFeatures& compute, std::span<const std::string> names,
                                 double share = 0.2, const CausalityOptions& options = {});

}  // namespace moola::market
