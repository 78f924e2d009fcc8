#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "models/encoder.h"

namespace moola::learn {

/// How the representations of a window's bars (T, D) become one (D).
enum class Pooling : std::uint8_t {
  last,  // the last bar's: of an encoder of two directions what one of them knows of all bars, the other of that bar
  mean,
  max,  // of each dimension by itself
};

/// By the names above. Throws ConfigError that names the nearest.
Pooling parse_pooling(std::string_view text);
std::string_view to_string(Pooling pooling);

/// Representations of windows (n, length, C), a row each, into `out` (n, D); the windows are normalised and scaled as
/// the encoder was trained.
///
/// `batch` windows go through at a time. On the CPU a row's bits depend on its window alone, neither on `batch` nor on
/// the number of threads (at::set_num_threads); on a GPU also on `batch` and on where in it the row stands, never on
/// how many windows there are: a short batch is filled up. Cost: the encoder's forward pass; memory batch x T x D
/// floats.
void encode_windows(const models::Encoder& encoder, at::Device device, Pooling pooling, std::span<const float> windows,
                    std::int64_t length, std::int64_t batch, std::span<float> out);

}  // namespace moola::learn
