#include "market/window_transform.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "base/nearest.h"
#include "market/portable_log.h"

namespace moola::market {
namespace {

constexpr std::array<std::string_view, 4> kNames{"none", "window_log_return", "zscore", "relative"};
constexpr std::array<std::string_view, 4> kPrices{"open", "high", "low", "close"};

const std::vector<std::string>& relative_names() {
  static const std::vector<std::string> names{
      "log_return_open", "log_return_high", "log_return_low", "log_return_close", "body",        "upper_wick",
      "lower_wick",      "zscore_open",     "zscore_high",    "zscore_low",       "zscore_close"};
  return names;
}

}  // namespace

Normalisation parse_normalisation(std::string_view text) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (text == kNames[i]) return static_cast<Normalisation>(i);
  }
  const std::vector<std::string> names(kNames.begin(), kNames.end());
  throw ConfigError(fmt::format("'{}' is no normalisation of windows; there are {}.{}", text, fmt::join(names, ", "),
                                did_you_mean(text, names)));
}

std::string_view to_string(Normalisation normalisation) {
  return kNames[static_cast<std::size_t>(normalisation)];
}

bool is_price(std::string_view channel) {
  return std::ranges::find(kPrices, channel) != kPrices.end();
}

WindowTransform::WindowTransform(Normalisation normalisation, std::vector<std::string> channels)
    : normalisation_(normalisation), in_(std::move(channels)), out_(in_) {
  if (in_.empty()) throw ConfigError("windows need one channel at least, and none was chosen.");
  switch (normalisation_) {
    case Normalisation::none:
      break;
    case Normalisation::window_log_return: {
      const auto close = std::ranges::find(in_, "close");
      const auto other = std::ranges::find_if_not(in_, is_price);
      if (in_.size() > 1 && (close == in_.end() || other != in_.end())) {
        throw ConfigError(fmt::format(
            "normalize = \"window_log_return\" measures prices from the window's first close, and the channels are {}: "
            "{}. Take "
            "open, high, low and close (or some of them with close among them, or one channel alone), or normalize = "
            "\"zscore\".",
            fmt::join(in_, ", "), close == in_.end() ? "there is no close" : "'" + *other + "' is no price"));
      }
      if (close != in_.end()) reference_ = static_cast<std::size_t>(close - in_.begin());
      break;
    }
    case Normalisation::zscore: {
      std::vector<std::size_t> prices;
      for (std::size_t c = 0; c < in_.size(); ++c) {
        if (is_price(in_[c])) {
          prices.push_back(c);
        } else {
          groups_.push_back({c});
        }
      }
      if (!prices.empty()) groups_.push_back(prices);
      break;
    }
    case Normalisation::relative:
      if (!std::ranges::equal(in_, kPrices)) {
        throw ConfigError(
            fmt::format("normalize = \"relative\" is made of open, high, low and close, and the channels are {}. Take "
                        "channels = \"ohlc\", or normalize = \"zscore\".",
                        fmt::join(in_, ", ")));
      }
      out_ = relative_names();
      break;
  }
}

std::size_t first_visible(std::span<const std::uint8_t> hidden) {
  const auto at = std::ranges::find(hidden, std::uint8_t{0});
  return at == hidden.end() ? 0 : static_cast<std::size_t>(at - hidden.begin());
}

void relative_bar(std::span<const double> window, std::span<const std::uint8_t> hidden, std::size_t t, float* out) {
  static constexpr std::size_t kChannels = 4;
  const double* bar = window.data() + t * kChannels;
  const std::size_t count = std::min(t + 1, kRelativeTrailing);
  // A hidden bar is what has to be guessed: its own numbers may be made of anything.
  if (hidden.empty() || hidden[t] != 0) {
    relative_shape(t == 0 ? nullptr : bar - kChannels, bar, out);
    relative_level(bar - (count - 1) * kChannels, count, out + 7);
    return;
  }
  relative_shape(t == 0 || hidden[t - 1] != 0 ? nullptr : bar - kChannels, bar, out);
  double visible[kRelativeTrailing * kChannels];
  std::size_t bars = 0;
  for (std::size_t back = t + 1 - count; back <= t; ++back) {
    if (hidden[back] != 0) continue;
    std::copy_n(window.data() + back * kChannels, kChannels, visible + bars * kChannels);
    ++bars;
  }
  relative_level(visible, bars, out + 7);
}

std::optional<std::string> WindowTransform::problem(std::span<const double> window) const {
  const bool logs = normalisation_ == Normalisation::window_log_return || normalisation_ == Normalisation::relative;
  for (std::size_t i = 0; i < window.size(); ++i) {
    const bool usable = std::isfinite(window[i]) && (!logs || window[i] > 0.0);
    if (usable) continue;
    return fmt::format("{} of bar {} is {}", in_[i % in_.size()], i / in_.size(), window[i]);
  }
  return std::nullopt;
}

void WindowTransform::operator()(std::span<const double> window, std::span<float> out) const {
  (*this)(window, {}, out);
}

void WindowTransform::operator()(std::span<const double> window, std::span<const std::uint8_t> hidden,
                                 std::span<float> out) const {
  const std::size_t channels = in_.size();
  switch (normalisation_) {
    case Normalisation::none:
      std::ranges::transform(window, out.begin(), [](double value) { return static_cast<float>(value); });
      return;
    case Normalisation::window_log_return: {
      const double base = portable_log(window[first_visible(hidden) * channels + reference_]);
      for (std::size_t i = 0; i < window.size(); ++i) out[i] = static_cast<float>(portable_log(window[i]) - base);
      return;
    }
    case Normalisation::zscore:
      for (const std::vector<std::size_t>& group : groups_) zscore_group(window, channels, group, hidden, out);
      return;
    case Normalisation::relative:
      for (std::size_t t = 0; t < window.size() / channels; ++t) {
        relative_bar(window, hidden, t, out.data() + t * kRelativeChannels);
      }
      return;
  }
}

}  // namespace moola::market
