#include "models/classifiers/minirocket_features.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "base/error.h"
#include "base/isa.h"
#include "base/keyed_random.h"
#include "base/parallel_pieces.h"
#include "market/portable_log.h"
#include "models/classifiers/minirocket_kernel.h"

namespace moola::models {
namespace {

using minirocket_kernel::kBlock;

constexpr std::size_t kWeights = 9, kKernels = 84;
constexpr std::size_t kTileBlocks = 64;
constexpr std::size_t kTile = kTileBlocks * kBlock;  // sums at a time, which stay in the nearest cache
constexpr std::size_t kWindowsPerPiece = 8;          // share buffers
constexpr std::size_t kMostChannels = 9;             // of a combination
constexpr float kMost = 0x1p120F;                    // nine channels' sums, 162 times it, are finite

// What draws are for: the step of Stream::kernels.
enum class Draw : std::uint64_t { channels = 0, window = 1 };

// Reads and writes of whole blocks cross no cache line.
struct alignas(64) Block {
  std::array<float, kBlock> values;
};

class Buffer {
 public:
  explicit Buffer(std::size_t blocks) : blocks_(blocks) {}
  float* at(std::size_t block) { return blocks_[block].values.data(); }

 private:
  std::vector<Block> blocks_;
};

std::size_t whole_blocks(std::size_t count) {
  return (count + kBlock - 1) / kBlock;
}

// Where a kernel's three weights 2 are.
using Threes = std::array<std::uint8_t, 3>;

constexpr std::array<Threes, kKernels> all_kernels() {
  std::array<Threes, kKernels> out{};
  std::size_t at = 0;
  for (std::uint8_t a = 0; a < kWeights; ++a) {
    for (auto b = static_cast<std::uint8_t>(a + 1); b < kWeights; ++b) {
      for (auto c = static_cast<std::uint8_t>(b + 1); c < kWeights; ++c) out[at++] = {a, b, c};
    }
  }
  return out;
}
constexpr auto kThrees = all_kernels();

// The sums of one window's kernels. A weight is -1 + 3 or -1: all kernels of a dilation share the nine ones, and those
// that begin with the same two threes share them too.
class Sums {
 public:
  Sums(std::size_t bars, std::size_t channels, std::size_t longest_dilation)
      : bars_(bars),
        channels_(channels),
        around_(4 * longest_dilation),
        stride_(whole_blocks(around_ + bars + around_) * kBlock + kBlock),
        once_(channels * stride_),
        thrice_(channels * stride_),
        ones_(channels * kTileBlocks),
        pairs_(channels * kTileBlocks),
        ones_of_(channels),
        pairs_of_(channels),
        sums_(kTileBlocks) {}

  /// `window` (bars, channels).
  void load(const float* window) {
    for (std::size_t c = 0; c < channels_; ++c) {
      float *once = &once_[c * stride_ + around_], *thrice = &thrice_[c * stride_ + around_];
      for (std::size_t bar = 0; bar < bars_; ++bar) {
        once[bar] = window[bar * channels_ + c];
        thrice[bar] = 3 * once[bar];
      }
    }
  }

  /// The sums that follow are those of bars from `begin` on, kTile at most.
  void go_to(std::size_t dilation, std::size_t begin, std::size_t count) {
    dilation_ = static_cast<std::ptrdiff_t>(dilation);
    begin_ = begin;
    blocks_ = whole_blocks(count);
    ++tile_;
    threes_ = {};
  }

  /// The buffer may be changed; what comes after `count` means nothing.
  float* of(const Threes& threes, std::span<const std::uint32_t> channels) {
    if (threes[0] != threes_[0] || threes[1] != threes_[1]) {
      threes_ = threes;
      ++pair_;
    }
    float* sums = sums_.at(0);
    bool first = true;
    for (const std::uint32_t channel : channels) {
      const float *pair = pair_of(channel), *last = three(channel, threes[2]);
      if (first) {
        kernel_.add(pair, last, blocks_, sums);
      } else {
        kernel_.accumulate(pair, last, blocks_, sums);
      }
      first = false;
    }
    return sums;
  }

 private:
  std::size_t bars_, channels_, around_, stride_;
  std::vector<float> once_, thrice_;               // (channels, stride): zeros around each channel's bars
  Buffer ones_, pairs_;                            // (channels, kTile)
  std::vector<std::uint64_t> ones_of_, pairs_of_;  // (channels) what tile, what pair they were made for
  Buffer sums_;
  const minirocket_kernel::Kernel& kernel_ = minirocket_kernel::kernel(isa());

  std::ptrdiff_t dilation_ = 0;
  std::size_t begin_ = 0, blocks_ = 0;
  std::uint64_t tile_ = 0, pair_ = 0;
  Threes threes_{};

  const float* three(std::uint32_t channel, std::uint8_t weight) const {
    return &thrice_[channel * stride_ + around_ + begin_] + (std::ptrdiff_t{weight} - 4) * dilation_;
  }

  const float* pair_of(std::uint32_t channel) {
    float *ones = ones_.at(channel * kTileBlocks), *pair = pairs_.at(channel * kTileBlocks);
    if (ones_of_[channel] != tile_) {
      ones_of_[channel] = tile_;
      kernel_.ones(&once_[channel * stride_ + around_ + begin_], dilation_, blocks_, ones);
    }
    if (pairs_of_[channel] != pair_) {
      pairs_of_[channel] = pair_;
      kernel_.add_two(ones, three(channel, threes_[0]), three(channel, threes_[1]), blocks_, pair);
    }
    return pair;
  }
};

void check(const WindowArray& windows) {
  if (windows.bars == 0 || windows.channels == 0 || windows.values.size() % (windows.bars * windows.channels) != 0)
    throw std::invalid_argument("values that fill no windows");
  for (std::size_t i = 0; i < windows.values.size(); ++i) {
    if (std::fabs(windows.values[i]) <= kMost) continue;  // no NaN is
    throw DataError(fmt::format(
        "channel {} of bar {} of window {} is {}: every value must be a number of at most 2^120. Repair the bars, or "
        "leave the window out.",
        i % windows.channels, i / windows.channels % windows.bars, i / windows.channels / windows.bars,
        windows.values[i]));
  }
}

// The largest whole numbers whose logarithms are at most k/(n-1) of the longest one's. Logarithms of equal numbers that
// were computed in two ways differ by less than the margin.
void choose_dilations(std::size_t bars, const MiniRocketOptions& options, MiniRocketFeatures& out) {
  const std::size_t features = options.features / kKernels, drawn = std::min(features, options.most_dilations);
  const double longest = market::portable_log(static_cast<double>(bars - 1) / 8) * (1 + 1e-12);
  std::uint32_t dilation = 1;
  std::size_t given = 0;
  for (std::size_t k = 0; k < drawn; ++k) {
    while (k > 0 &&
           market::portable_log(dilation + 1.0) * static_cast<double>(drawn - 1) <= static_cast<double>(k) * longest)
      ++dilation;
    if (out.dilations.empty() || out.dilations.back() != dilation) {
      out.dilations.push_back(dilation);
      out.quantiles.push_back(0);
    }
    ++out.quantiles.back();
  }
  for (std::uint32_t& each : out.quantiles) {
    each = static_cast<std::uint32_t>(each * features / drawn);
    given += each;
  }
  for (std::size_t i = 0; given < features; ++given, i = (i + 1) % out.quantiles.size()) ++out.quantiles[i];
}

void choose_channels(const MiniRocketOptions& options, MiniRocketFeatures& out) {
  const std::size_t most = std::min(out.channels, kMostChannels);
  std::vector<std::uint32_t> all(out.channels);
  for (std::size_t combination = 0; combination < out.dilations.size() * kKernels; ++combination) {
    KeyedRandom random(options.seed, Stream::kernels, static_cast<std::uint64_t>(Draw::channels), combination);
    // floor(2^u) is at least n where u is at least log2(n).
    const double u = static_cast<double>(random.uniform()) * market::portable_log(static_cast<double>(most + 1));
    std::uint32_t count = 1;
    while (count < most && market::portable_log(count + 1.0) <= u) ++count;
    std::iota(all.begin(), all.end(), 0U);
    for (std::uint32_t i = 0; i < count; ++i)
      std::swap(all[i], all[i + random.below(static_cast<std::uint32_t>(out.channels) - i)]);
    std::sort(all.begin(), all.begin() + count);
    out.channels_of.push_back(count);
    out.channel.insert(out.channel.end(), all.begin(), all.begin() + count);
  }
}

// Where each combination's channels and features begin.
struct Places {
  std::vector<std::size_t> channel, feature;  // (dilations x 84 + 1)

  explicit Places(const MiniRocketFeatures& fitted) : channel{0}, feature{0} {
    for (std::size_t i = 0; i < fitted.channels_of.size(); ++i) {
      channel.push_back(channel.back() + fitted.channels_of[i]);
      feature.push_back(feature.back() + fitted.quantiles[i / kKernels]);
    }
  }
};

std::span<const std::uint32_t> channels_of(const MiniRocketFeatures& fitted, const Places& places,
                                           std::size_t combination) {
  return {fitted.channel.data() + places.channel[combination], fitted.channels_of[combination]};
}

// Of what was read from a file, perhaps.
void check(const MiniRocketFeatures& fitted) {
  bool sound = fitted.bars > 8 && fitted.channels > 0 && !fitted.dilations.empty() &&
               fitted.quantiles.size() == fitted.dilations.size() &&
               fitted.channels_of.size() == fitted.dilations.size() * kKernels;
  for (const std::uint32_t dilation : fitted.dilations) sound = sound && dilation > 0 && 8ULL * dilation < fitted.bars;
  for (const std::uint32_t count : fitted.channels_of) sound = sound && count > 0;
  for (const std::uint32_t channel : fitted.channel) sound = sound && channel < fitted.channels;
  if (sound) {
    const Places places(fitted);
    sound = places.channel.back() == fitted.channel.size() && places.feature.back() == fitted.biases.size();
  }
  if (!sound) throw std::invalid_argument("MiniRocket features whose parts do not fit together");
}

// Linear between the neighbours.
float quantile(const std::vector<float>& sorted, double share) {
  const double rank = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(rank);
  const double low = sorted[below], high = sorted[std::min(below + 1, sorted.size() - 1)];
  return static_cast<float>(low + (high - low) * (rank - static_cast<double>(below)));
}

// The i-th number of a sequence that fills [0, 1) evenly, however long it is.
double golden(std::size_t i) {
  const double turns = static_cast<double>(i) * ((std::sqrt(5.0) + 1) / 2);
  return static_cast<double>(static_cast<float>(turns - std::floor(turns)));
}

}  // namespace

MiniRocketFeatures fit_minirocket(const WindowArray& windows, const MiniRocketOptions& options, unsigned threads) {
  if (windows.bars < kWeights) {
    throw ConfigError(
        fmt::format("windows of {} bars: the kernels of MiniRocket are 9 long. Cut longer windows.", windows.bars));
  }
  if (options.features < kKernels) {
    throw ConfigError(
        fmt::format("{} features: MiniRocket has 84 kernels, and each makes one at least. Ask for 84 or "
                    "more, 10000 as a rule.",
                    options.features));
  }
  if (options.most_dilations == 0) throw ConfigError("MiniRocket without dilations: allow one at least, 32 as a rule.");
  check(windows);
  const std::size_t size = windows.bars * windows.channels;
  if (windows.windows() == 0) throw DataError("no windows to fit MiniRocket's biases to: give one at least.");

  MiniRocketFeatures out{.bars = windows.bars, .channels = windows.channels};
  choose_dilations(windows.bars, options, out);
  choose_channels(options, out);
  const Places places(out);
  out.biases.resize(places.feature.back());
  constexpr std::size_t kPerPiece = kKernels / 7;
  for_each_piece(out.channels_of.size() / kPerPiece, threads, [&](std::size_t piece) {
    Sums sums(out.bars, out.channels, out.dilations.back());
    std::vector<float> sorted(out.bars);
    for (std::size_t combination = piece * kPerPiece; combination < (piece + 1) * kPerPiece; ++combination) {
      KeyedRandom random(options.seed, Stream::kernels, static_cast<std::uint64_t>(Draw::window), combination);
      sums.load(windows.values.data() + random.below(static_cast<std::uint32_t>(windows.windows())) * size);
      for (std::size_t begin = 0; begin < out.bars; begin += kTile) {
        const std::size_t count = std::min(kTile, out.bars - begin);
        sums.go_to(out.dilations[combination / kKernels], begin, count);
        const float* found = sums.of(kThrees[combination % kKernels], channels_of(out, places, combination));
        std::copy_n(found, count, sorted.begin() + static_cast<std::ptrdiff_t>(begin));
      }
      std::sort(sorted.begin(), sorted.end());
      for (std::size_t i = places.feature[combination]; i < places.feature[combination + 1]; ++i)
        out.biases[i] = quantile(sorted, golden(i + 1));
    }
  });
  return out;
}

std::vector<float> transform(const MiniRocketFeatures& fitted, const WindowArray& windows, unsigned threads) {
  check(fitted);
  if (windows.bars != fitted.bars || windows.channels != fitted.channels) {
    throw ConfigError(fmt::format(
        "windows of {} bars and {} channels: MiniRocket was fitted to windows of {} and {}. Cut windows like those, or "
        "fit it again.",
        windows.bars, windows.channels, fitted.bars, fitted.channels));
  }
  check(windows);
  const std::size_t count = windows.windows(), features = fitted.features(), bars = fitted.bars;
  const Places places(fitted);
  const minirocket_kernel::Kernel& kernel = minirocket_kernel::kernel(isa());
  std::vector<float> out(count * features);

  for_each_piece((count + kWindowsPerPiece - 1) / kWindowsPerPiece, threads, [&](std::size_t piece) {
    Sums sums(bars, fitted.channels, fitted.dilations.back());
    std::vector<std::uint32_t> counts(features);
    const std::size_t end = std::min(count, (piece + 1) * kWindowsPerPiece);
    for (std::size_t window = piece * kWindowsPerPiece; window < end; ++window) {
      sums.load(windows.values.data() + window * bars * fitted.channels);
      std::fill(counts.begin(), counts.end(), 0U);
      for (std::size_t at = 0; at < fitted.dilations.size(); ++at) {
        const std::size_t around = 4 * std::size_t{fitted.dilations[at]};
        for (std::size_t begin = 0; begin < bars; begin += kTile) {
          const std::size_t tile = std::min(kTile, bars - begin);
          sums.go_to(fitted.dilations[at], begin, tile);
          for (std::size_t k = 0; k < kKernels; ++k) {
            std::size_t from = 0, to = tile;
            if ((at + k) % 2 != 0) {
              from = std::clamp(around, begin, begin + tile) - begin;
              to = std::clamp(bars - around, begin, begin + tile) - begin;
              if (from >= to) continue;
            }
            const std::size_t combination = at * kKernels + k;
            float* values = sums.of(kThrees[k], channels_of(fitted, places, combination));
            kernel.count_above(values, from, to, &fitted.biases[places.feature[combination]], fitted.quantiles[at],
                               &counts[places.feature[combination]]);
          }
        }
      }
      float* row = &out[window * features];
      for (std::size_t combination = 0; combination < fitted.channels_of.size(); ++combination) {
        const std::size_t at = combination / kKernels, k = combination % kKernels;
        const std::size_t sums_of_it = (at + k) % 2 == 0 ? bars : bars - 8 * std::size_t{fitted.dilations[at]};
        for (std::size_t i = places.feature[combination]; i < places.feature[combination + 1]; ++i)
          row[i] = static_cast<float>(static_cast<double>(counts[i]) / static_cast<double>(sums_of_it));
      }
    }
  });
  return out;
}

}  // namespace moola::models
