#include "work/evaluate/rows/label_reach.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace moola::work {
namespace {

constexpr double kLeastExcess = 0.1, kStandardErrors = 4;

// A row's direction, and what the price did after its label's end.
struct Followed {
  double after = 0;
  bool up = false;
};

std::vector<Followed> followed(const EvaluationData& data, const validation::Split& split, const Prices& prices) {
  std::vector<Followed> out;
  const std::int64_t last = data.time[split.train.back().end - 1];
  for (const validation::RowRange& range : split.train) {
    for (std::size_t row = range.begin; row < range.end; ++row) {
      if (data.label[row] < 0 || prices.bar[row] < 0) continue;
      const std::int8_t direction = data.direction[static_cast<std::size_t>(data.label[row])];
      if (direction == 0) continue;
      const market::Bars& bars = prices.symbols[static_cast<std::size_t>(data.symbol[row])].bars;
      const auto behind =
          static_cast<std::size_t>(std::ranges::upper_bound(bars.time, data.intervals().end(row)) - bars.time.begin());
      const std::size_t then = behind - 1 + static_cast<std::size_t>(std::max(1, data.horizon));
      if (behind == 0 || then >= bars.size() || bars.time[then] > last) continue;
      out.push_back({.after = std::log(bars.close[then] / bars.close[behind - 1]), .up = direction > 0});
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> find_labels_beyond_t1(const EvaluationData& data, const EvaluationSplits& splits,
                                               const Prices& prices) {
  const auto usable = std::ranges::find_if(
      splits.splits, [](const validation::Split& split) { return split.fault.empty() && !split.train.empty(); });
  if (data.holds_windows() || usable == splits.splits.end()) return {};
  std::vector<Followed> rows = followed(data, *usable, prices);
  std::ranges::sort(rows, {}, &Followed::after);
  const auto up = static_cast<double>(std::ranges::count(rows, true, &Followed::up));
  const double down = static_cast<double>(rows.size()) - up;
  if (up == 0 || down == 0) return {};
  double pairs = 0, below = 0;  // of a row upwards and one downwards: in which the first is followed by more
  for (std::size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
    double here_up = 0, here_down = 0;
    for (; end < rows.size() && rows[end].after == rows[begin].after; ++end) (rows[end].up ? here_up : here_down) += 1;
    pairs += here_up * (below + here_down / 2);
    below += here_down;
  }
  const double share = pairs / (up * down);
  // Neighbouring labels, and the returns after them, share their bars: of 2 x horizon of them there is one.
  const double together = 2.0 * static_cast<double>(std::max(1, data.horizon));
  const double error = std::sqrt((together / up + together / down) / 12);
  if (share < 0.5 + std::max(kLeastExcess, kStandardErrors * error)) return {};
  return {fmt::format(
      "labels know what comes after their t1: of {:.1f} % of pairs the row labelled upwards is followed by the higher "
      "return of the {} bars after its t1, where half would be chance. Train rows then know of test parts, for "
      "they are purged by t1: import the table with the time at which each label is known for certain, or take more "
      "out by splits.purge",
      100 * share, std::max(1, data.horizon))};
}

}  // namespace moola::work
