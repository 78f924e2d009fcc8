#include "data/bars/bar_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "market/portable_log.h"

// One binary for every x86-64: the hot loops are compiled three times and the processor's own version is chosen at
// start. All of them do the same IEEE operations, hence the same bits. The choice runs before the sanitizers are ready,
// so they get the plain version.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define MOOLA_EVERY_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define MOOLA_EVERY_PROCESSOR
#endif

namespace moola::data {
namespace {

using market::Normalisation;

constexpr double kLogUnits = 0x1p24;  // per unit of log price
constexpr double kLargestLog = 63.0;

// A bar of `relative`.
struct RelativeRow {
  double price[4];
  float channel[market::kRelativeChannels];
  float unused = 0.0F;
};
static_assert(sizeof(RelativeRow) == 80);

// Round to nearest even by the addition itself: the sum's unit is 1. Below 2^31 the low half of its bits is the
// integer.
inline std::int32_t nearest_integer(double value) {
  return static_cast<std::int32_t>(std::bit_cast<std::int64_t>(value + 0x1.8p52));
}

MOOLA_EVERY_PROCESSOR
void encode_logs(const double* column, std::int64_t count, std::size_t stride, std::int32_t* out) {
  for (std::int64_t i = 0; i < count; ++i) {
    out[static_cast<std::size_t>(i) * stride] = nearest_integer(market::portable_log(column[i]) * kLogUnits);
  }
}

MOOLA_EVERY_PROCESSOR
void cut_logs(const std::int32_t* rows, std::int64_t count, std::int32_t reference, float* out) {
  for (std::int64_t i = 0; i < count; ++i)
    out[i] = static_cast<float>(rows[i] - reference) * static_cast<float>(1.0 / kLogUnits);
}

std::size_t bytes_of(const market::WindowTransform& transform) {
  switch (transform.normalisation()) {
    case Normalisation::window_log_return:
      return transform.channels_in() * sizeof(std::int32_t);
    case Normalisation::relative:
      return sizeof(RelativeRow);
    case Normalisation::zscore:
      return transform.channels_in() * sizeof(double);
    case Normalisation::none:
      break;
  }
  return transform.channels_in() * sizeof(float);
}

template <class T>
void interleave(const double* column, std::int64_t count, std::size_t stride, T* out) {
  for (std::int64_t i = 0; i < count; ++i) out[static_cast<std::size_t>(i) * stride] = static_cast<T>(column[i]);
}

}  // namespace

BarRows::BarRows(Normalisation normalisation, std::vector<std::string> channels)
    : transform_(normalisation, std::move(channels)), row_bytes_(bytes_of(transform_)) {}

std::optional<BarRows::Problem> BarRows::encode(std::span<const double* const> columns, std::int64_t count,
                                                std::byte* rows) const {
  const Normalisation kind = transform_.normalisation();
  const bool logs = kind == Normalisation::window_log_return || kind == Normalisation::relative;
  const double low = logs ? std::exp(-kLargestLog) : std::numeric_limits<double>::lowest();
  const double high = logs ? std::exp(kLargestLog) : std::numeric_limits<double>::max();
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const double* const end = columns[c] + count;
    const double* const found =
        std::find_if_not(columns[c], end, [&](double value) { return value >= low && value <= high; });
    if (found == end) continue;
    return Problem{found - columns[c], fmt::format("{} is {}", transform_.input_names()[c], *found)};
  }
  const std::size_t stride = columns.size();
  for (std::size_t c = 0; c < columns.size(); ++c) {
    switch (kind) {
      case Normalisation::window_log_return:
        encode_logs(columns[c], count, stride, reinterpret_cast<std::int32_t*>(rows) + c);
        break;
      case Normalisation::relative:
        interleave(columns[c], count, sizeof(RelativeRow) / sizeof(double), reinterpret_cast<double*>(rows) + c);
        break;
      case Normalisation::zscore:
        interleave(columns[c], count, stride, reinterpret_cast<double*>(rows) + c);
        break;
      case Normalisation::none:
        interleave(columns[c], count, stride, reinterpret_cast<float*>(rows) + c);
        break;
    }
  }
  return std::nullopt;
}

void BarRows::finish(std::int64_t count, std::byte* rows) const {
  if (transform_.normalisation() != Normalisation::relative) return;
  auto* bars = reinterpret_cast<RelativeRow*>(rows);
  for (std::int64_t t = 0; t < count; ++t) {
    market::relative_shape(t == 0 ? nullptr : bars[t - 1].price, bars[t].price, bars[t].channel);
    const std::int64_t trailing = std::min<std::int64_t>(t + 1, market::kRelativeTrailing);
    double prices[market::kRelativeTrailing * 4];
    for (std::int64_t i = 0; i < trailing; ++i) std::copy_n(bars[t - trailing + 1 + i].price, 4, prices + i * 4);
    market::relative_level(prices, static_cast<std::size_t>(trailing), bars[t].channel + 7);
  }
}

void BarRows::cut(const std::byte* rows, std::int64_t length, std::span<const std::uint8_t> hidden, float* out) const {
  const auto bars = static_cast<std::size_t>(length);
  const std::size_t channels = transform_.channels_in();
  switch (transform_.normalisation()) {
    case Normalisation::window_log_return: {
      const auto* logs = reinterpret_cast<const std::int32_t*>(rows);
      const std::int32_t reference = logs[market::first_visible(hidden) * channels + transform_.reference()];
      cut_logs(logs, static_cast<std::int64_t>(bars * channels), reference, out);
      return;
    }
    case Normalisation::relative: {
      const auto* row = reinterpret_cast<const RelativeRow*>(rows);
      if (!hidden.empty()) {
        std::vector<double> window(bars * 4);
        for (std::size_t t = 0; t < bars; ++t) std::copy_n(row[t].price, 4, window.data() + t * 4);
        transform_(window, hidden, {out, bars * market::kRelativeChannels});
        return;
      }
      for (std::size_t t = 0; t < bars; ++t)
        std::copy_n(row[t].channel, market::kRelativeChannels, out + t * market::kRelativeChannels);
      // What looks back past the window's begin is computed from the window alone.
      const std::size_t early = std::min(bars, market::kRelativeTrailing - 1);
      double prices[(market::kRelativeTrailing - 1) * 4];
      std::fill_n(out, 4, 0.0F);
      for (std::size_t t = 0; t < early; ++t) {
        std::copy_n(row[t].price, 4, prices + t * 4);
        market::relative_level(prices, t + 1, out + t * market::kRelativeChannels + 7);
      }
      return;
    }
    case Normalisation::zscore:
      transform_({reinterpret_cast<const double*>(rows), bars * channels}, hidden, {out, bars * channels});
      return;
    case Normalisation::none:
      std::memcpy(out, rows, bars * channels * sizeof(float));
      return;
  }
}

}  // namespace moola::data
