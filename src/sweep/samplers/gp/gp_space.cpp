#include "sweep/samplers/gp/gp_space.h"

#include <cmath>

#include "sweep/space/unit_interval.h"

namespace moola::sweep {
namespace {

constexpr std::uint64_t kFew = 64;

bool is_choice(const Distribution& distribution) {
  return std::holds_alternative<CategoricalDistribution>(distribution);
}

}  // namespace

GpSpace::GpSpace(const SearchSpace& space) : space_(&space) {
  for (std::size_t p = 0; p < space.size(); ++p) {
    const Distribution& distribution = space[p].distribution;
    if (is_single(distribution)) continue;
    parameters_.push_back(p);
    categorical_.push_back(is_choice(distribution) ? 1 : 0);
    std::vector<double>& values = values_.emplace_back();
    const std::optional<std::uint64_t> count = count_of(distribution);
    if (!count || (*count > kFew && !is_choice(distribution))) {
      continuous_ = true;
      continue;
    }
    for (std::uint64_t i = 0; i < *count; ++i) {
      // The middle of the share of each value, were they drawn evenly; logarithms make shares uneven.
      double value = static_cast<double>(i);
      if (const auto* whole = std::get_if<IntDistribution>(&distribution))
        value = static_cast<double>(whole->low + static_cast<std::int64_t>(i) * whole->step);
      else if (const auto* number = std::get_if<FloatDistribution>(&distribution))
        value = nearest_value(distribution, number->low + static_cast<double>(i) * number->step);
      values.push_back(is_choice(distribution) ? value : to_unit(distribution, value));
    }
  }
}

std::vector<double> GpSpace::coordinates(const Point& point) const {
  std::vector<double> out;
  for (std::size_t d = 0; d < dimensions(); ++d) {
    const double value = point[parameters_[d]];
    const Distribution& distribution = (*space_)[parameters_[d]].distribution;
    if (categorical_[d] != 0)
      out.push_back(std::isnan(value) ? static_cast<double>(values_[d].size()) : value);
    else
      out.push_back(std::isnan(value) ? 0.5 : to_unit(distribution, value));
  }
  return out;
}

Point GpSpace::point(std::span<const double> coordinates) const {
  Point out(space_->size());
  std::size_t d = 0;
  for (std::size_t p = 0; p < space_->size(); ++p) {
    const Distribution& distribution = (*space_)[p].distribution;
    if (d == dimensions() || parameters_[d] != p)
      out[p] = from_unit(distribution, 0.5);
    else if (categorical_[d] != 0)
      out[p] = nearest_value(distribution, coordinates[d]), ++d;
    else
      out[p] = from_unit(distribution, coordinates[d]), ++d;
  }
  space_->deactivate(out);
  return out;
}

}  // namespace moola::sweep
