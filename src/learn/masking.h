#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "base/keyed_random.h"

namespace moola::learn {

/// Which bars of a window are hidden.
enum class MaskStrategy {
  random,  // each bar on its own, with probability `ratio`
  block,   // one run of floor(ratio * T) bars
  patch,   // floor(ratio * P) of the P = floor(T / patch) patches of `patch` bars
};

struct MaskOptions {
  MaskStrategy strategy = MaskStrategy::patch;
  double ratio = 0.15;
  std::int64_t patch = 7;  // bars
};

/// "random", "block", "patch". Throws ConfigError.
MaskStrategy parse_mask_strategy(const std::string& name);

/// Throws ConfigError when the options hide no bar, or every bar, of a window of `length` bars.
void check_mask(const MaskOptions& options, std::int64_t length);

/// Draws one window's mask: 1 where a bar is hidden, 0 where it is seen. Returns how many are hidden.
/// A pure function of the key of `random`. At least one bar stays visible; random masks may hide none.
/// Cost: one draw a bar (random), one (block), or one a hidden patch.
std::int64_t draw_mask(const MaskOptions& options, KeyedRandom random, std::span<std::uint8_t> mask);

}  // namespace moola::learn
