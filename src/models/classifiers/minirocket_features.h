#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace moola::models {

/// Windows one after the other, each bar by bar.
struct WindowArray {
  std::span<const float> values;  // (windows, bars, channels)
  std::size_t bars = 0, channels = 1;

  std::size_t windows() const { return values.size() / (bars * channels); }
};

struct MiniRocketOptions {
  std::size_t features = 10'000;    // 84 or more; rounded down to a multiple of 84
  std::size_t most_dilations = 32;  // that are drawn, before equal ones become one
  std::uint64_t seed = 0;
};

/// What a window is turned into features by: 84 kernels of 9 weights, of which three are 2 and six -1, at several
/// dilations d. Each combination of a dilation and a kernel looks at some of the channels, and each of its quantiles
/// makes a feature.
struct MiniRocketFeatures {
  std::size_t bars = 0, channels = 0;           // of the windows
  std::vector<std::uint32_t> dilations = {};    // ascending; 8d < bars
  std::vector<std::uint32_t> quantiles = {};    // (dilations) features of each of its 84 combinations
  std::vector<std::uint32_t> channels_of = {};  // (dilations x 84) how many channels; 1 at least
  std::vector<std::uint32_t> channel = {};      // those of each combination, one after the other
  std::vector<float> biases = {};               // (features): by dilation, kernel, quantile

  std::size_t features() const { return biases.size(); }
};

/// Kernels in lexicographic order of where the weights 2 are, dilations floor(2^(k/(n-1) log2((bars-1)/8))) with the
/// share of features of those that are equal, biases at quantiles frac(i (1 + sqrt 5)/2) of what one of the windows,
/// drawn for each combination, gives. Channels of a combination: floor(2^u) of them, u uniform in
/// [0, log2(min(channels, 9) + 1)), ascending. Draws depend on the seed, the dilation and the kernel alone.
///
/// Where (bars-1)/8 is whole the last dilation is just that; rounding makes the published program miss it by one at
/// some lengths. Cost O(84 dilations bars log bars). The same result on any number of threads. Throws ConfigError for
/// fewer than 9 bars, 84 features or 1 dilation, DataError for no windows, and for a value that is not finite or beyond
/// 2^120, naming the window.
///
/// Source: Dempster, Schmidt, Webb, MiniRocket (2021), and its authors' version for several channels.
MiniRocketFeatures fit_minirocket(const WindowArray& windows, const MiniRocketOptions& options = {},
                                  unsigned threads = 1);

/// (windows, features): the share of a combination's sums that are above each bias. Combinations whose dilation's and
/// kernel's numbers add to an even one count all sums, with zeros around the window, others those that need no zeros.
/// Sums are rounded in float32 as the published program's: of a channel the nine -1, the middle one first, then the
/// three 3 that make them 2; then channel by channel.
///
/// Memory 4 bytes per feature of each window: give a part of the windows at a time where that is too much. Cost
/// features x bars comparisons per window, 4 to 16 at a time. The same bits on any number of threads and any processor.
/// Throws ConfigError for windows of another shape than those fitted, DataError as fit_minirocket.
std::vector<float> transform(const MiniRocketFeatures& fitted, const WindowArray& windows, unsigned threads = 1);

}  // namespace moola::models
