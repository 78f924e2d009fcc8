#pragma once
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

#include "base/philox.h"

namespace moola {

/// What a stream of draws is for. The numbers are part of the definition of a run: never reuse or renumber one.
enum class Stream : std::uint32_t {
  order = 1,
  mask = 2,
  dropout = 3,
  holdout_mask = 4,
  initial_weights = 5,
  decoder_dropout = 6,
  dropout_second_pass = 7,
  augmentation = 8,
  barrier_search = 9,
  corruption = 10,
  annotation = 11,
  bootstrap = 12,
  kernels = 13,     // of MiniRocket: training rows for biases, channels
  clustering = 14,  // of trials
  sampler = 15,     // of hyperparameters
};

/// Draws that are a pure function of (seed, stream, step, sample): the same on any rank, in any order, after any
/// restart.
///
/// Counter-based (Philox 4x32-10, Salmon et al. 2011); 16 bytes a call, no state to save. `step` and `sample` are
/// 44-bit numbers at most; `sample` is the sample's number within the step (or in the data set), whichever the caller
/// defines.
class KeyedRandom {
 public:
  KeyedRandom(std::uint64_t seed, Stream stream, std::uint64_t step, std::uint64_t sample)
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
        counter_{0, static_cast<std::uint32_t>(sample), static_cast<std::uint32_t>(step),
                 static_cast<std::uint32_t>(stream) | static_cast<std::uint32_t>((sample >> 32) & 0xfff) << 8 |
                     static_cast<std::uint32_t>((step >> 32) & 0xfff) << 20} {}

  std::uint32_t bits() {
    if (next_ == 4) {
      block_ = philox4x32(counter_, key_);
      ++counter_[0];
      next_ = 0;
    }
    return block_[next_++];
  }

  /// Uniform in [0, 1), 24 bits.
  float uniform() { return static_cast<float>(bits() >> 8) * 0x1p-24F; }

  /// Uniform in [0, 1), 53 bits.
  double uniform_double() {
    const std::uint64_t high = bits() >> 5, low = bits() >> 6;
    return static_cast<double>(high << 26 | low) * 0x1p-53;
  }

  /// Uniform in [0, n), without bias; n >= 1.
  std::uint32_t below(std::uint32_t n) {
    // Lemire's multiplication; the rejection keeps every value equally likely.
    std::uint64_t product = std::uint64_t{bits()} * n;
    if (static_cast<std::uint32_t>(product) < n) {
      const std::uint32_t threshold = (0U - n) % n;
      while (static_cast<std::uint32_t>(product) < threshold) product = std::uint64_t{bits()} * n;
    }
    return static_cast<std::uint32_t>(product >> 32);
  }

  /// Standard normal (Box and Muller, the cosine branch).
  double normal() {
    const double u = (static_cast<double>(bits()) + 1.0) * 0x1p-32;
    const double v = static_cast<double>(bits()) * 0x1p-32;
    return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
  }

 private:
  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_;
  std::array<std::uint32_t, 4> block_{};
  unsigned next_ = 4;
};

}  // namespace moola
