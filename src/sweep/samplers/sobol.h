#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace moola::sweep {

/// Points of [0, 1)^d that fill it evenly: of the first 2^m every stretch of 2^-m has one, in each dimension, and pairs
/// of dimensions are nearly as good.
///
/// In the order of Gray codes, as scipy has them, with the direction numbers of Joe and Kuo. With a seed each dimension
/// is scrambled after Owen: of every stretch of 2^-k, from the whole on, the halves change places or do not, by a keyed
/// hash; each point alone is then uniform, and the points together are as even as before.
/// Source: Sobol 1967; Owen 1995, "Randomly permuted (t,m,s)-nets and (t,s)-sequences".
class SobolSequence {
 public:
  static constexpr std::size_t kMostDimensions = 512;
  static constexpr std::uint64_t kPoints = std::uint64_t{1} << 32;

  /// Throws std::invalid_argument for more dimensions than there are direction numbers.
  explicit SobolSequence(std::size_t dimensions, std::optional<std::uint64_t> seed = std::nullopt);

  std::size_t dimensions() const { return keys_.size(); }
  /// Point `index` < kPoints; `out` has as many places as there are dimensions. About 0.1 us a dimension.
  void point(std::uint64_t index, std::span<double> out) const;

 private:
  bool scrambled_;
  std::vector<std::uint64_t> keys_;
  std::vector<std::uint32_t> directions_;  // 32 a dimension
};

}  // namespace moola::sweep
