#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "market/window_transform.h"

namespace moola::data {

/// How bars are kept in memory so that a normalised window is cheap to cut out: one row per bar, and what does not
/// depend on the window is computed once.
///
/// - window_log_return: the channels' log prices as multiples of 2^-24 in int32 (16 bytes a bar of OHLC). A window is a
/// subtraction and a
///   conversion. The log return is off by 2^-24 (6e-8) at most, and by half a unit in the last place of the float.
///   Prices lie between e^-63 and e^63.
/// - relative: prices as doubles and the 11 channels as a window that began long before would have them (80 bytes); the
/// first 19 bars of a
///   window are put right as it is cut out. The same bits as market::WindowTransform.
/// - zscore: doubles; none: floats.
///
/// Everything is the same bits on every processor.
class BarRows {
 public:
  /// Throws ConfigError as market::WindowTransform does.
  BarRows(market::Normalisation normalisation, std::vector<std::string> channels);

  const market::WindowTransform& transform() const { return transform_; }
  std::size_t row_bytes() const { return row_bytes_; }
  std::size_t channels_out() const { return transform_.channels_out(); }

  /// Puts `count` bars into rows. `columns` holds one pointer per channel. Returns what is wrong with the first
  /// unusable bar, counted from 0.
  struct Problem {
    std::int64_t bar;
    std::string what;
  };
  std::optional<Problem> encode(std::span<const double* const> columns, std::int64_t count, std::byte* rows) const;
  /// Completes a page of `count` neighbouring rows after all of them were encoded.
  void finish(std::int64_t count, std::byte* rows) const;

  /// The normalised window (length, channels_out) whose first bar is at `rows`. `hidden` (length; empty: none) marks
  /// the bars that the visible ones must not know of, as in market::WindowTransform.
  void cut(const std::byte* rows, std::int64_t length, std::span<const std::uint8_t> hidden, float* out) const;

 private:
  market::WindowTransform transform_;
  std::size_t row_bytes_;
};

}  // namespace moola::data
