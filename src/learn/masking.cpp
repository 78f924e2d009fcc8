#include "learn/masking.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "base/nearest.h"

namespace moola::learn {
namespace {

std::int64_t share_of(double ratio, std::int64_t n) {
  return static_cast<std::int64_t>(ratio * static_cast<double>(n));
}

}  // namespace

MaskStrategy parse_mask_strategy(const std::string& name) {
  if (name == "random") return MaskStrategy::random;
  if (name == "block") return MaskStrategy::block;
  if (name == "patch") return MaskStrategy::patch;
  const std::vector<std::string> known{"random", "block", "patch"};
  throw ConfigError(fmt::format("objective.strategy: there is no mask '{}'; there are random, block and patch.{}", name,
                                did_you_mean(name, known)));
}

void check_mask(const MaskOptions& options, std::int64_t length) {
  if (length < 2) throw ConfigError(fmt::format("a window of {} bar cannot be masked; it needs at least 2.", length));
  if (!(options.ratio > 0 && options.ratio < 1)) {
    throw ConfigError(fmt::format(
        "objective.ratio must be above 0 and below 1, so that some bars are hidden and some seen; found {}.",
        options.ratio));
  }
  if (options.strategy == MaskStrategy::block && share_of(options.ratio, length) < 1) {
    throw ConfigError(fmt::format("objective.ratio = {} of {} bars hides no bar. Raise it to at least {:.4f}.",
                                  options.ratio, length, 1.0 / static_cast<double>(length)));
  }
  if (options.strategy == MaskStrategy::patch) {
    if (options.patch < 1)
      throw ConfigError(fmt::format("objective.patch must be at least 1 bar; found {}.", options.patch));
    const std::int64_t patches = length / options.patch;
    if (share_of(options.ratio, patches) < 1) {
      throw ConfigError(fmt::format(
          "objective.ratio = {} of the {} patches of {} bars in a window of {} hides none. Raise the ratio or make "
          "objective.patch smaller.",
          options.ratio, patches, options.patch, length));
    }
  }
}

std::int64_t draw_mask(const MaskOptions& options, KeyedRandom random, std::span<std::uint8_t> mask) {
  const auto length = static_cast<std::int64_t>(mask.size());
  std::fill(mask.begin(), mask.end(), std::uint8_t{0});
  switch (options.strategy) {
    case MaskStrategy::random: {
      std::int64_t hidden = 0;
      for (std::uint8_t& bar : mask) {
        bar = random.uniform() < static_cast<float>(options.ratio) && hidden + 1 < length ? 1 : 0;
        hidden += bar;
      }
      return hidden;
    }
    case MaskStrategy::block: {
      const std::int64_t run = std::min(share_of(options.ratio, length), length - 1);
      const std::int64_t begin = random.below(static_cast<std::uint32_t>(length - run + 1));
      std::fill_n(mask.begin() + begin, run, std::uint8_t{1});
      return run;
    }
    case MaskStrategy::patch: {
      const std::int64_t patches = length / options.patch;
      const std::int64_t hidden = share_of(options.ratio, patches);
      std::vector<std::int64_t> order(static_cast<std::size_t>(patches));
      std::iota(order.begin(), order.end(), 0);
      // The first `hidden` places of a Fisher-Yates shuffle.
      for (std::int64_t i = 0; i < hidden; ++i) {
        const std::int64_t j = i + random.below(static_cast<std::uint32_t>(patches - i));
        std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(j)]);
        std::fill_n(mask.begin() + order[static_cast<std::size_t>(i)] * options.patch, options.patch, std::uint8_t{1});
      }
      return hidden * options.patch;
    }
  }
  return 0;
}

}  // namespace moola::learn
