#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "market/bars.h"
#include "market/features/feature.h"

namespace moola::market {

/// Features of every bar; row t knows nothing of bar t but its stamp, nor of any later one.
class FeatureTable {
 public:
  FeatureTable(std::vector<Feature> features, std::size_t rows);

  std::size_t rows() const { return rows_; }
  const std::vector<Feature>& features() const { return features_; }
  /// (rows); NaN before the first value, finite from it on.
  std::span<const double> column(std::size_t feature) const;
  /// The first row with a value of `feature`; rows() when there is none.
  std::size_t first_row(std::size_t feature) const;
  /// The first row with a value of every feature; rows() when there is none.
  std::size_t first_complete_row() const;
  /// How many values of `feature` have no definition on their bar and are what its indicator states for such bars.
  std::int64_t undefined(std::size_t feature) const { return undefined_[feature]; }
  /// Rows [begin, end) as they stand in a file: (end - begin, features), row-major.
  void copy_rows(std::size_t begin, std::size_t end, std::span<double> out) const;
  /// Takes rows [begin, end) as copy_rows gives them: of a table that is read back. Rows that never are set hold
  /// anything.
  void set_rows(std::size_t begin, std::size_t end, std::span<const double> rows);
  void set_undefined(std::size_t feature, std::int64_t count) { undefined_[feature] = count; }

 private:
  friend class FeatureComputation;
  std::vector<Feature> features_;
  std::size_t rows_;
  std::vector<std::int64_t> undefined_;
  // A feature's rows one after the other, and one more where a shift leaves the last value. Not cleared at first: the
  // threads that compute write all of it, and share the cost of getting the memory.
  std::unique_ptr<double[], void (*)(double*)> values_;
};

/// Bars of other symbols that columns compare with.
struct OtherAssets {
  struct Asset {
    std::string symbol;
    const Bars* bars;  // as long as those that they are compared with
  };
  std::vector<Asset> assets;
  std::int64_t max_age = 0;  // nanoseconds from the end of an asset's last bar to the end of ours; older is too old
};

/// Throws ConfigError naming the first of `features` whose longer bars are not a multiple of bars of `bar_nanoseconds`,
/// or not longer, or that has any where bars have no length (0).
void check_timeframes(const std::vector<Feature>& features, std::int64_t bar_nanoseconds);

/// Computes `features` of `bars` on `threads` threads; columns of one indicator with the same parameters are computed
/// together. The same bits on any number of threads. `progress`, when given, hears of every finished share, from any
/// thread, one at a time.
///
/// A feature of longer bars stands from the row on that follows the end of the longer bar that it knows last. Memory: 8
/// bytes a value, some ten columns per thread, and 12 bytes a bar for each of `others`. Columns that compare know of
/// either side what had ended before their row. Throws ConfigError as check_timeframes, and when an asset is not among
/// `others`.
FeatureTable compute_features(const Bars& bars, std::int64_t bar_nanoseconds, std::vector<Feature> features,
                              unsigned threads, const std::function<void(double share)>& progress = {},
                              const OtherAssets& others = {});

}  // namespace moola::market
