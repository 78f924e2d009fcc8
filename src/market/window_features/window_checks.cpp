#include "market/window_features/window_checks.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "market/portable_log.h"

namespace moola::market {
namespace {

constexpr double kLeastPrice = 0.001, kWidest = 2.0, kOutlier = 5.0;

enum Check : std::size_t { high, low, price, range, step };

}  // namespace

std::optional<std::string> price_problem(std::span<const double> window) {
  static constexpr std::array<std::string_view, 4> kNames{"open", "high", "low", "close"};
  for (std::size_t i = 0; i < window.size(); ++i) {
    if (!(std::isfinite(window[i]) && window[i] > 0))
      return fmt::format("{} of bar {} is {}", kNames[i % 4], i / 4, window[i]);
  }
  return std::nullopt;
}

WindowChecks::WindowChecks()
    : findings_{{"high", "high at least open, close and low"},
                {"low", "low at most open and close"},
                {"price", "prices of 0.001 or more"},
                {"range", "high less low at most twice the middle between them"},
                {"step", "log returns of the close within 5 deviations of the window's"}},
      last_window_(findings_.size(), -1) {}

void WindowChecks::found(std::size_t check, std::int64_t window, std::int64_t bar) {
  WindowFinding& finding = findings_[check];
  if (finding.bars == 0) {
    finding.first_window = window;
    finding.first_bar = bar;
  }
  ++finding.bars;
  if (last_window_[check] != window) ++finding.windows;
  last_window_[check] = window;
}

void WindowChecks::add(std::int64_t number, std::span<const double> window) {
  const std::size_t bars = bars_of(window);
  double sum = 0, squares = 0;
  std::vector<double> steps;
  for (std::size_t t = 0; t < bars; ++t) {
    const WindowBar bar = bar_at(window, t);
    const auto at = static_cast<std::int64_t>(t);
    if (!(bar.high >= std::max({bar.open, bar.close, bar.low}))) found(Check::high, number, at);
    if (!(bar.low <= std::min(bar.open, bar.close))) found(Check::low, number, at);
    if (std::min({bar.open, bar.high, bar.low, bar.close}) < kLeastPrice) found(Check::price, number, at);
    if ((bar.high - bar.low) / ((bar.high + bar.low) / 2) > kWidest) found(Check::range, number, at);
    if (t == 0) continue;
    steps.push_back(portable_log(bar.close) - portable_log(bar_at(window, t - 1).close));
    sum += steps.back();
  }
  if (steps.empty()) return;
  const auto n = static_cast<double>(steps.size());
  for (const double value : steps) squares += (value - sum / n) * (value - sum / n);
  const double bound = kOutlier * std::sqrt(squares / n);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (bound > 0 && std::fabs(steps[i] - sum / n) > bound)
      found(Check::step, number, static_cast<std::int64_t>(i) + 1);
  }
}

}  // namespace moola::market
