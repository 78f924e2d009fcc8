#include "market/features/scaler.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "base/named_choice.h"
#include "market/percentile.h"
#include "market/portable_log.h"

namespace moola::market {
namespace {

constexpr auto kMethods = std::to_array<NamedChoice<ScaleMethod>>({{"none", ScaleMethod::none},
                                                                   {"standard", ScaleMethod::standard},
                                                                   {"robust", ScaleMethod::robust},
                                                                   {"min_max", ScaleMethod::min_max},
                                                                   {"quantile", ScaleMethod::quantile}});

double median_of(std::vector<double>& values) {
  return percentile(values, 0.5);
}

// A sum that millions of values do not blur.
double mean_of(std::span<const double> values) {
  double total = 0, lost = 0;
  for (const double value : values) {
    const double term = value - lost, sum = total + term;
    lost = (sum - total) - term;
    total = sum;
  }
  return total / static_cast<double>(values.size());
}

double share_below(const std::vector<double>& knots, double x) {
  if (x < knots.front()) return 0.0;
  if (x > knots.back()) return 1.0;
  // The middle of equal knots: a value that many share stands for all of them.
  const auto [low, high] = std::equal_range(knots.begin(), knots.end(), x);
  const auto steps = static_cast<double>(knots.size() - 1);
  if (low != high)
    return (static_cast<double>(low - knots.begin()) + static_cast<double>(high - knots.begin() - 1)) / 2 / steps;
  const double below = *(low - 1), above = *low;
  return (static_cast<double>(low - knots.begin() - 1) + (x - below) / (above - below)) / steps;
}

}  // namespace

ScaleMethod parse_scale_method(const std::string& text) {
  return parse_choice("scale", text, kMethods);
}

std::string_view to_string(ScaleMethod method) {
  return name_of(method, kMethods);
}

ScaleMethod usual_method(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::returns:
    case ColumnKind::temporal:
    case ColumnKind::state:
      return ScaleMethod::none;
    case ColumnKind::oscillator:
      return ScaleMethod::min_max;
    default:
      return ScaleMethod::robust;
  }
}

bool usually_logarithmic(ColumnKind kind) {
  return kind == ColumnKind::price || kind == ColumnKind::volume;
}

double ColumnScale::operator()(double x) const {
  if (method == ScaleMethod::none) return x;
  if (logarithm) x = portable_log(1.0 + std::max(x, least));
  if (method == ScaleMethod::quantile) return share_below(knots, x) - 0.5;
  return (x - centre) / width;
}

ColumnScale fit_scale(const std::string& name, std::span<const double> values, ScaleMethod method, bool logarithm,
                      const ScalerOptions& options) {
  if (values.empty()) throw DataError(fmt::format("column {} has no values to fit a scale on.", name));
  ColumnScale scale{.name = name, .method = method};
  if (method == ScaleMethod::none) return scale;
  std::vector<double> x(values.begin(), values.end());
  scale.least = *std::min_element(x.begin(), x.end());
  scale.logarithm = logarithm && scale.least > -1;
  if (scale.logarithm) {
    for (double& value : x) value = portable_log(1.0 + value);
  }
  const auto [low, high] = std::minmax_element(x.begin(), x.end());
  const double least = *low, most = *high;
  if (method == ScaleMethod::min_max) {
    scale.centre = least;
    scale.width = most - least;
  } else if (method == ScaleMethod::standard) {
    scale.centre = mean_of(x);
    for (double& value : x) value = (value - scale.centre) * (value - scale.centre);
    scale.width = std::sqrt(mean_of(x));
  } else if (method == ScaleMethod::robust) {
    scale.centre = median_of(x);
    scale.width = percentile(x, 0.75) - percentile(x, 0.25);
  } else {
    std::sort(x.begin(), x.end());
    const auto count = static_cast<std::size_t>(std::max(2, options.knots));
    for (std::size_t k = 0; k < count; ++k)
      scale.knots.push_back(sorted_percentile(x, static_cast<double>(k) / static_cast<double>(count - 1)));
  }
  // A column whose middle half does not move is measured by all of its range; one that never moves, not at all.
  if (!(scale.width > 0)) scale.width = most > least ? most - least : 1.0;
  return scale;
}

void apply_scale(const ColumnScale& scale, double clip, std::span<double> values) {
  for (double& value : values) {
    value = scale(value);
    if (clip > 0 && scale.method != ScaleMethod::none) value = std::clamp(value, -clip, clip);
  }
}

}  // namespace moola::market
