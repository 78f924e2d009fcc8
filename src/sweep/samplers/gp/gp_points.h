#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sweep/samplers/gp/gp_kernel.h"

namespace moola::sweep {

/// Points of a Gaussian process: coordinates in [0, 1], or numbers of categories that are the same or not.
class GpPoints {
 public:
  GpPoints() = default;
  /// By dimension, whether it is categorical.
  explicit GpPoints(std::vector<std::uint8_t> categorical) : categorical_(std::move(categorical)) {}

  std::size_t dimensions() const { return categorical_.size(); }
  std::size_t size() const { return count_; }
  bool is_categorical(std::size_t dimension) const { return categorical_[dimension] != 0; }
  std::span<const std::uint8_t> categorical() const { return categorical_; }
  /// (dimensions)
  std::span<const double> operator[](std::size_t point) const {
    return {rows_.data() + point * dimensions(), dimensions()};
  }
  /// (points, dimensions)
  std::span<const double> rows() const { return rows_; }

  void add(std::span<const double> point);
  void clear();

  /// `count` points from number `from` on, for the kernel. Valid until a point is added.
  gp_kernel::Coordinates coordinates(std::size_t from, std::size_t count) const;

 private:
  std::vector<std::uint8_t> categorical_;
  std::size_t count_ = 0, stride_ = 0;
  std::vector<double> rows_, columns_;  // (points, dimensions), (dimensions, stride)
};

}  // namespace moola::sweep
