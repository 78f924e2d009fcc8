#include "learn/window_encoder.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/named_choice.h"

namespace moola::learn {
namespace {

constexpr std::array<NamedChoice<Pooling>, 3> kPoolings{
    {{"last", Pooling::last}, {"mean", Pooling::mean}, {"max", Pooling::max}}};

// Representations of a batch, time-major (steps, rows, dims), to one a row. Step after step in one order: the same bits
// whatever the number of rows.
void pool(Pooling pooling, const float* codes, std::size_t steps, std::size_t rows, std::size_t all_rows,
          std::size_t dims, float* out) {
  const std::size_t values = rows * dims, stride = all_rows * dims;
  const float* const last = codes + (steps - 1) * stride;
  if (pooling != Pooling::mean) std::copy_n(last, values, out);
  if (pooling == Pooling::last) return;
  if (pooling == Pooling::max) {
    for (std::size_t step = 0; step + 1 < steps; ++step) {
      const float* const from = codes + step * stride;
      for (std::size_t i = 0; i < values; ++i) out[i] = std::max(out[i], from[i]);
    }
    return;
  }
  std::vector<double> sums(values);
  for (std::size_t step = 0; step < steps; ++step) {
    const float* const from = codes + step * stride;
    for (std::size_t i = 0; i < values; ++i) sums[i] += static_cast<double>(from[i]);
  }
  for (std::size_t i = 0; i < values; ++i) out[i] = static_cast<float>(sums[i] / static_cast<double>(steps));
}

}  // namespace

Pooling parse_pooling(std::string_view text) {
  return parse_choice("pooling", text, kPoolings);
}

std::string_view to_string(Pooling pooling) {
  return name_of(pooling, kPoolings);
}

void encode_windows(const models::Encoder& encoder, at::Device device, Pooling pooling, std::span<const float> windows,
                    std::int64_t length, std::int64_t batch, std::span<float> out) {
  const at::NoGradGuard no_gradients;
  const std::int64_t channels = encoder.config().channels, dims = encoder.dims();
  const auto values = static_cast<std::size_t>(length * channels);
  const auto count = static_cast<std::int64_t>(windows.size() / values);
  for (std::int64_t first = 0; first < count; first += batch) {
    const std::int64_t rows = std::min(batch, count - first);
    const std::int64_t fed = device.is_cuda() ? batch : rows;
    at::Tensor x = at::zeros({fed, length, channels}, at::kFloat);
    std::ranges::copy(
        windows.subspan(static_cast<std::size_t>(first) * values, static_cast<std::size_t>(rows) * values),
        x.mutable_data_ptr<float>());
    at::Tensor codes = encoder.encode(x.to(device).transpose(0, 1).contiguous(), {});
    if (pooling == Pooling::last) codes = codes.narrow(0, length - 1, 1);
    codes = codes.contiguous().cpu();
    pool(pooling, codes.const_data_ptr<float>(), static_cast<std::size_t>(codes.size(0)),
         static_cast<std::size_t>(rows), static_cast<std::size_t>(fed), static_cast<std::size_t>(dims),
         out.data() + first * dims);
  }
}

}  // namespace moola::learn
