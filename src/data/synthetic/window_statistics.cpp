#include "data/synthetic/window_statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

#include "market/portable_log.h"

namespace moola::data {
namespace {

constexpr std::array kCandle{"open", "high", "low", "close"};
constexpr std::array kMeasured{"mean", "deviation", "skewness", "kurtosis", "autocorrelation", "clustering", "range"};

std::vector<std::size_t> candle_channels(const std::vector<std::string>& names) {
  std::vector<std::size_t> out;
  for (const char* name : kCandle) {
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) return {};
    out.push_back(static_cast<std::size_t>(found - names.begin()));
  }
  return out;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

// With the value before; 0 where nothing moves.
double autocorrelation(const std::vector<double>& values) {
  const double mean = mean_of(values);
  double product = 0, square = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    square += (values[i] - mean) * (values[i] - mean);
    if (i > 0) product += (values[i] - mean) * (values[i - 1] - mean);
  }
  return square > 0 ? product / square : 0;
}

// All but the range, of the steps from one value to the next.
void measure_steps(const std::vector<double>& steps, double* out) {
  const auto n = static_cast<double>(steps.size());
  const double mean = mean_of(steps);
  double second = 0, third = 0, fourth = 0;
  for (const double step : steps) {
    const double away = step - mean, square = away * away;
    second += square;
    third += square * away;
    fourth += square * square;
  }
  std::vector<double> sizes;
  sizes.reserve(steps.size());
  for (const double step : steps) sizes.push_back(std::fabs(step));
  const double variance = n > 0 ? second / n : 0;
  out[0] = mean;
  out[1] = std::sqrt(variance);
  out[2] = variance > 0 ? third / n / (variance * std::sqrt(variance)) : 0;
  out[3] = variance > 0 ? fourth / n / (variance * variance) : 0;
  out[4] = autocorrelation(steps);
  out[5] = autocorrelation(sizes);
}

std::vector<double> steps_of(const std::vector<double>& values) {
  std::vector<double> out;
  for (std::size_t i = 1; i < values.size(); ++i) out.push_back(values[i] - values[i - 1]);
  return out;
}

}  // namespace

WindowStatistics::WindowStatistics(std::vector<std::string> channel_names, bool prices)
    : channels_(std::move(channel_names)) {
  if (prices) candle_ = candle_channels(channels_);
  const auto name = [&](const std::string& channel) {
    for (const char* measured : kMeasured) names_.push_back(channel + ": " + measured);
  };
  if (!candle_.empty()) name("close");
  for (std::size_t c = 0; c < channels_.size(); ++c) {
    if (std::ranges::find(candle_, c) == candle_.end()) name(channels_[c]);
  }
}

void WindowStatistics::measure(std::span<const float> window, std::span<double> out) const {
  const std::size_t channels = channels_.size(), bars = channels == 0 ? 0 : window.size() / channels;
  if (bars == 0 || bars * channels != window.size() || out.size() != names_.size())
    throw std::invalid_argument("a window that its channels do not fill, or no room for its statistics");
  double* to = out.data();
  const auto channel = [&](std::size_t c) {
    std::vector<double> values;
    for (std::size_t bar = 0; bar < bars; ++bar) values.push_back(static_cast<double>(window[bar * channels + c]));
    return values;
  };
  if (!candle_.empty()) {
    std::vector<double> close = channel(candle_[3]);
    for (double& price : close) price = market::portable_log(price);
    measure_steps(steps_of(close), to);
    const double high = std::ranges::max(channel(candle_[1])), low = std::ranges::min(channel(candle_[2]));
    to[kMeasured.size() - 1] = market::portable_log(high) - market::portable_log(low);
    to += kMeasured.size();
  }
  for (std::size_t c = 0; c < channels; ++c) {
    if (std::ranges::find(candle_, c) != candle_.end()) continue;
    const std::vector<double> values = channel(c);
    measure_steps(steps_of(values), to);
    to[kMeasured.size() - 1] = std::ranges::max(values) - std::ranges::min(values);
    to += kMeasured.size();
  }
}

bool holds_prices(const std::vector<std::string>& channel_names, std::span<const float> x) {
  const std::vector<std::size_t> candle = candle_channels(channel_names);
  if (candle.empty()) return false;
  for (std::size_t i = 0; i < x.size(); i += channel_names.size()) {
    for (const std::size_t c : candle) {
      if (!(x[i + c] > 0)) return false;
    }
  }
  return true;
}

}  // namespace moola::data
