#include "sweep/space/unit_interval.h"

#include <algorithm>
#include <cmath>

namespace moola::sweep {
namespace {

// A stretch of numbers on which values are uniform, linear or of logarithms.
struct Stretch {
  double low, high;
  bool log;
};

Stretch stretch_of(const Distribution& distribution) {
  Stretch out{};
  if (const auto* f = std::get_if<FloatDistribution>(&distribution)) {
    out = {f->low - f->step / 2, f->high + f->step / 2, f->log};
  } else if (const auto* i = std::get_if<IntDistribution>(&distribution)) {
    const double half = static_cast<double>(i->step) / 2;
    out = {static_cast<double>(i->low) - half, static_cast<double>(i->high) + half, i->log};
  } else {
    out = {-0.5, static_cast<double>(std::get<CategoricalDistribution>(distribution).choices.size()) - 0.5, false};
  }
  if (out.log) {
    out.low = std::log(out.low);
    out.high = std::log(out.high);
  }
  return out;
}

}  // namespace

double to_unit(const Distribution& distribution, double value) {
  const Stretch stretch = stretch_of(distribution);
  if (stretch.high == stretch.low) return 0.5;
  return std::clamp(((stretch.log ? std::log(value) : value) - stretch.low) / (stretch.high - stretch.low), 0.0, 1.0);
}

UnitCell unit_cell(const Distribution& distribution, double value) {
  double half = 0.5;
  if (const auto* f = std::get_if<FloatDistribution>(&distribution)) half = f->step / 2;
  if (const auto* i = std::get_if<IntDistribution>(&distribution)) half = static_cast<double>(i->step) / 2;
  return {to_unit(distribution, value - half), to_unit(distribution, value + half)};
}

double from_unit(const Distribution& distribution, double unit) {
  const Stretch stretch = stretch_of(distribution);
  const double at = stretch.low + std::clamp(unit, 0.0, 1.0) * (stretch.high - stretch.low);
  return nearest_value(distribution, stretch.log ? std::exp(at) : at);
}

}  // namespace moola::sweep
