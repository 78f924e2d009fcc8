#include "data/synthetic/source_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/keyed_random.h"

namespace moola::data {
namespace {

constexpr std::size_t kOthers = 20, kMostAsked = 2'000;
constexpr std::uint64_t kSeed = 42;

std::string_view bytes_of(std::span<const float> window) {
  return {reinterpret_cast<const char*>(window.data()), window.size_bytes()};
}

std::span<const float> window_of(const std::vector<float>& x, std::size_t values, std::size_t row) {
  return std::span(x).subspan(row * values, values);
}

// Each channel less its mean, over its deviation.
std::vector<double> course(std::span<const float> window, std::size_t channels) {
  std::vector<double> out(window.begin(), window.end());
  const std::size_t bars = out.size() / channels;
  for (std::size_t c = 0; c < channels; ++c) {
    double sum = 0, squares = 0;
    for (std::size_t bar = 0; bar < bars; ++bar) sum += out[bar * channels + c];
    const double mean = sum / static_cast<double>(bars);
    for (std::size_t bar = 0; bar < bars; ++bar) {
      out[bar * channels + c] -= mean;
      squares += out[bar * channels + c] * out[bar * channels + c];
    }
    const double deviation = std::sqrt(squares / static_cast<double>(bars));
    for (std::size_t bar = 0; bar < bars && deviation > 0; ++bar) out[bar * channels + c] /= deviation;
  }
  return out;
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double out = 0;
  for (std::size_t i = 0; i < a.size(); ++i) out += (a[i] - b[i]) * (a[i] - b[i]);
  return out;
}

bool has_seen(std::span<const FittedPart::Seen> seen, const LabelledWindows& real, std::size_t row) {
  if (real.t0.empty()) return true;  // when it was nobody can say
  return std::ranges::any_of(
      seen, [&](const FittedPart::Seen& each) { return each.first <= real.t1[row] && each.last >= real.t0[row]; });
}

}  // namespace

std::optional<std::string> find_other_source(const LabelledWindows& real, const SyntheticWindows& synthetic,
                                             std::span<const FittedPart::Seen> seen) {
  const std::size_t values = synthetic.values();
  std::unordered_map<std::string_view, std::size_t> rows;
  for (std::size_t row = 0; row < real.size(); ++row) rows.emplace(bytes_of(window_of(real.x, values, row)), row);
  for (std::size_t i = 0; i < synthetic.size(); ++i) {
    const std::string_view mine = bytes_of(window_of(synthetic.x, values, i));
    const auto found = rows.find(mine);
    if (found == rows.end()) continue;
    const std::int64_t source = synthetic.source[i];
    if (source >= 0 && bytes_of(window_of(real.x, values, static_cast<std::size_t>(source))) == mine) continue;
    if (source < 0 && has_seen(seen, real, found->second)) continue;
    return fmt::format("window {} is row {} of the labelled windows, value by value, and says that {}", i,
                       found->second,
                       source < 0 ? "it is made from none and that its generator has not seen that time"
                                  : fmt::format("it is made from row {}", source));
  }
  return std::nullopt;
}

NearSources count_near_sources(const LabelledWindows& real, const SyntheticWindows& synthetic) {
  NearSources out;
  const std::size_t values = synthetic.values(), channels = synthetic.channel_names.size();
  std::vector<std::size_t> sourced;
  for (std::size_t i = 0; i < synthetic.size(); ++i) {
    if (synthetic.source[i] >= 0) sourced.push_back(i);
  }
  if (real.size() < 2) return out;
  const std::size_t asked = std::min(kMostAsked, sourced.size());
  for (std::size_t k = 0; k < asked; ++k) {
    const std::size_t i = sourced[k * sourced.size() / asked];
    const auto source = static_cast<std::size_t>(synthetic.source[i]);
    const std::vector<double> mine = course(window_of(synthetic.x, values, i), channels);
    const double own = distance(mine, course(window_of(real.x, values, source), channels));
    KeyedRandom random(kSeed, Stream::augmentation, 0, i);
    bool nearest = true;
    for (std::size_t other = 0; other < kOthers && nearest; ++other) {
      // Any row but the source.
      const std::size_t row = (source + 1 + random.below(static_cast<std::uint32_t>(real.size() - 1))) % real.size();
      nearest = own < distance(mine, course(window_of(real.x, values, row), channels));
    }
    ++out.asked;
    out.nearest += nearest ? 1 : 0;
  }
  return out;
}

}  // namespace moola::data
