#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/keyed_random.h"
#include "sweep/samplers/tpe/parzen_axis.h"

namespace moola::sweep {

/// How wide the normal density around an observation is, as a standard deviation, before it is held between the width
/// of the interval over min(100, n + 2) and the width itself.
enum class ParzenBandwidth {
  gap,   // the distance to the farther of the two neighbours; at either end to the only one (Optuna 5)
  scott  // 0.2 n^(-1 / (d + 4)) of the interval for all of them (Optuna to 4.9, multivariate)
};

struct ParzenOptions {
  ParzenBandwidth bandwidth = ParzenBandwidth::gap;
  double prior_weight = 1;  // of the prior, where a recent observation has 1; above 0
};

/// A density over some parameters: a mixture with one product of densities around each observation, and a prior.
///
/// A number is a normal density cut to its interval, a number on steps the mass of its step under one, a choice mostly
/// the observed one. Observations are known by the numbers of their trials; the newest 25 weigh 1, older ones less,
/// down to 1 / n. The density is a function of the observations alone, bit for bit, whatever was observed and forgotten
/// before. Source: Bergstra, Bardenet, Bengio, Kegl 2011; Falkner, Klein, Hutter 2018 for products; Watanabe 2023 for
/// bandwidths.
class ParzenEstimator {
 public:
  ParzenEstimator(std::vector<ParzenAxis> axes, ParzenOptions options);

  std::size_t axes() const { return columns_.size(); }
  std::size_t observations() const { return numbers_.size(); }

  /// Makes these the observations, by ascending numbers; `value(number, axis)` is asked for new ones only. Cost
  /// O(n + changes * n * axes) with a small factor, O(n axes) where many are new.
  void observe(std::span<const std::uint64_t> numbers,
               const std::function<double(std::uint64_t number, std::size_t axis)>& value);
  /// Drops an observation, so that the next `observe` asks for it again.
  void forget(std::uint64_t number);
  /// Weights of the observations, above 0, instead of those by age; none: by age again.
  void weigh(std::span<const double> weights);

  /// `count` points, `values[axis * count + i]`, each value one of its axis.
  void draw(std::size_t count, KeyedRandom& random, std::vector<double>& values);
  /// Logarithms of the density, or of the mass where values are on steps or choices; of logarithms of values where an
  /// axis is logarithmic. Cost O(count * observations * axes).
  void log_densities(std::span<const double> values, std::size_t count, std::vector<double>& out);

 private:
  struct Row {  // observations of a stepped axis that are alike
    double centre, deviation;
  };
  struct Column {
    ParzenAxis axis;
    // By component: observations by number, then the prior, then what fills up a block.
    std::vector<double> centres = {}, gaps = {}, deviations = {}, scales = {}, normalisers = {};
    std::vector<std::uint32_t> rows = {};
    // Observations in ascending order.
    std::vector<double> sorted = {};
    std::vector<std::uint32_t> positions = {};
    std::vector<std::uint32_t> stale = {};  // positions whose gap is new
    std::vector<Row> distinct = {};
    std::vector<double> row_masses = {};  // logarithm of the interval's
  };

  ParzenOptions options_;
  std::vector<Column> columns_;
  std::vector<std::uint64_t> numbers_;
  std::vector<double> given_weights_, weights_, cumulative_, constants_;
  double peak_ = 0;
  bool prepared_ = false, all_stale_ = true;
  std::size_t prepared_for_ = 0;  // observations when it was last prepared

  void rebuild(std::span<const std::uint64_t> numbers,
               const std::function<double(std::uint64_t number, std::size_t axis)>& value);
  void insert(std::uint64_t number, const std::function<double(std::uint64_t number, std::size_t axis)>& value);
  void erase(std::size_t position);
  void prepare();
  void prepare_weights();
  void prepare_column(Column& column);
  void prepare_rows(Column& column);
  void prepare_constants();
  double deviation(const Column& column, double gap) const;
  std::vector<double> tables(const Column& column, std::span<const double> values, std::vector<std::size_t>& begins);
};

}  // namespace moola::sweep
