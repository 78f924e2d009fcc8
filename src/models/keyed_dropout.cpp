#include "models/keyed_dropout.h"

#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/keyed_dropout_kernel.h"

namespace moola::models {
namespace {

using keyed_dropout::Fill;
using keyed_dropout::kChunk;

Fill fill_for(double p, const DropoutKey& key) {
  if (!(p >= 0.0 && p <= 1.0)) throw std::invalid_argument("dropout: p must be in [0, 1], but is " + std::to_string(p));
  return {.out = nullptr,
          .source = nullptr,
          .count = 0,
          .first_block = 0,
          .sample = key.sample,
          .step = key.step,
          .stream = key.stream,
          .seed = {static_cast<std::uint32_t>(key.seed), static_cast<std::uint32_t>(key.seed >> 32)},
          .threshold = static_cast<std::uint32_t>(std::lround(p * 65536.0)),
          .scale = p < 1.0 ? static_cast<float>(1.0 / (1.0 - p)) : 0.0f};
}

auto kernel(Isa isa) {
  return for_isa(isa, keyed_dropout::fill_v2, keyed_dropout::fill_v3, keyed_dropout::fill_v4);
}

}  // namespace

void dropout_mask(std::span<float> out, double p, DropoutKey key, Isa isa) {
  Fill fill = fill_for(p, key);
  fill.out = out.data();
  fill.count = std::ssize(out);
  kernel(isa)(fill);
}

void dropout_mask(std::span<float> out, double p, DropoutKey key) {
  dropout_mask(out, p, key, isa());
}

void apply_dropout(std::span<const float> source, std::span<float> out, std::size_t width, double p,
                   std::span<const DropoutKey> keys) {
  const std::size_t rows = keys.size();
  if (source.size() != out.size() || width * rows == 0 || source.size() % (width * rows) != 0) {
    throw std::invalid_argument("dropout: " + std::to_string(source.size()) + " values into " +
                                std::to_string(out.size()) + " are not whole steps of " + std::to_string(rows) +
                                " rows of " + std::to_string(width));
  }
  const std::size_t steps = source.size() / (width * rows);
  const auto run = kernel(isa());
  std::vector<Fill> fills;
  for (const auto& key : keys) fills.push_back(fill_for(p, key));
  if (width % kChunk == 0) {
    // Each row of a step starts a chunk: memory can be visited in order.
    for (std::size_t t = 0; t < steps; ++t) {
      for (std::size_t b = 0; b < rows; ++b) {
        const std::size_t at = (t * rows + b) * width;
        fills[b].source = source.data() + at;
        fills[b].out = out.data() + at;
        fills[b].count = static_cast<std::ptrdiff_t>(width);
        fills[b].first_block = static_cast<std::uint32_t>(t * width / 8);
        run(fills[b]);
      }
    }
    return;
  }
  std::vector<float> mask(steps * width);
  for (std::size_t b = 0; b < rows; ++b) {
    fills[b].out = mask.data();
    fills[b].count = std::ssize(mask);
    run(fills[b]);
    for (std::size_t t = 0; t < steps; ++t) {
      const std::size_t at = (t * rows + b) * width;
      for (std::size_t c = 0; c < width; ++c) out[at + c] = source[at + c] * mask[t * width + c];
    }
  }
}

}  // namespace moola::models
