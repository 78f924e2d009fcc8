#pragma once
#include <cstdint>
#include <span>

#include "base/isa.h"

namespace moola::models {

/// What a sample's mask is drawn from: not from rank, leaf or batch, so that it is the same wherever the sample is
/// computed.
struct DropoutKey {
  std::uint64_t seed;
  std::uint32_t stream;  ///< which mask of the step: layer, pass
  std::uint32_t step;
  std::uint32_t sample;  ///< index in the global batch of the step
};

/// Writes 0 with probability p, else 1 / (1 - p): a pure function of key and element, the same bits on every
/// instruction set.
///
/// 16 random bits per element, so p is met to 1/65536. About 1 ns per 2 elements. At most 2^35 elements.
/// Throws std::invalid_argument unless 0 <= p <= 1.
/// Source: Philox 4x32-10 (base/philox.h); counter (element block, sample, step, stream), key seed.
void dropout_mask(std::span<float> out, double p, DropoutKey key);
void dropout_mask(std::span<float> out, double p, DropoutKey key, Isa isa);

/// out = source * mask, over time-major activations (steps, keys.size(), width), where row b of the batch has the mask
/// of keys[b]: element t * width + c of it at step t. `source` may be `out`. Throws std::invalid_argument when the
/// sizes do not agree.
void apply_dropout(std::span<const float> source, std::span<float> out, std::size_t width, double p,
                   std::span<const DropoutKey> keys);

}  // namespace moola::models
