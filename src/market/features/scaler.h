#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "market/indicators/indicator.h"

namespace moola::market {

enum class ScaleMethod : std::uint8_t {
  none,
  standard,  // less the mean, over the standard deviation (population)
  robust,    // less the median, over the interquartile range
  min_max,   // to 0 … 1
  quantile,  // the share of the fitted values below it, less a half: -0.5 … 0.5
};
/// "none", "standard", "robust", "min_max", "quantile". Throws ConfigError naming the nearest.
ScaleMethod parse_scale_method(const std::string& text);
std::string_view to_string(ScaleMethod method);

/// How columns of a kind are scaled unless told otherwise: returns, temporal and state not at all, oscillators from 0
/// to 1, prices and volumes robustly after a logarithm, the others robustly.
ScaleMethod usual_method(ColumnKind kind);
bool usually_logarithmic(ColumnKind kind);

/// One column's scale: a fitted thing.
struct ColumnScale {
  std::string name;
  ScaleMethod method = ScaleMethod::none;
  bool logarithm = false;  // of 1 + x, before anything else
  double least = 0;        // of the fitted values; lower ones are taken for it where a logarithm is
  double centre = 0, width = 1;
  std::vector<double> knots = {};  // quantile: the fitted values at even shares, 0 and 1 included

  /// One value, scaled; not clipped. Finite for finite x.
  double operator()(double x) const;
};

struct ScalerOptions {
  double clip = 5;   // scaled values stay within ± this; 0: no limit
  int knots = 1001;  // of quantile scales
};

/// The scale of `values`, all of which are finite. A logarithm is left out when a value is not above -1, a column that
/// does not move gets the width 1. Throws DataError when there are no values.
ColumnScale fit_scale(const std::string& name, std::span<const double> values, ScaleMethod method, bool logarithm,
                      const ScalerOptions& options = {});

/// Scales in place and clips. Cost: 1 ns a value, 5 with a logarithm, and a binary search for quantiles.
void apply_scale(const ColumnScale& scale, double clip, std::span<double> values);

}  // namespace moola::market
