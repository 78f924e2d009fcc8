#include "sweep/samplers/gp/gp_points.h"

#include <algorithm>

namespace moola::sweep {

void GpPoints::add(std::span<const double> point) {
  if (count_ == stride_) {
    const std::size_t wider = std::max<std::size_t>(64, 2 * stride_);
    std::vector<double> columns(dimensions() * wider, 0.0);
    for (std::size_t c = 0; c < dimensions(); ++c)
      std::copy_n(columns_.data() + c * stride_, count_, columns.data() + c * wider);
    columns_ = std::move(columns);
    stride_ = wider;
  }
  for (std::size_t c = 0; c < dimensions(); ++c) columns_[c * stride_ + count_] = point[c];
  rows_.insert(rows_.end(), point.begin(), point.end());
  ++count_;
}

void GpPoints::clear() {
  rows_.clear();
  count_ = 0;
}

gp_kernel::Coordinates GpPoints::coordinates(std::size_t from, std::size_t count) const {
  return {columns_.data() + from, stride_, dimensions(), count, categorical_.data()};
}

}  // namespace moola::sweep
