#include "market/bar_repair.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>

#include "base/utc_time.h"

namespace moola::market {
namespace {

struct FaultText {
  std::string_view name, description;
  bool dropped;
};

constexpr std::array<FaultText, kFaults> kTexts{{
    {"wrong_columns", "another number of columns than the rows before", true},
    {"unparsable_time", "no time stamp of the file's form", true},
    {"nonexistent_time", "a local time that the change of clocks skips", true},
    {"unparsable_price", "a price is no finite number", true},
    {"price_not_positive", "a price is zero or negative", true},
    {"duplicate_row", "stamp and numbers of an earlier row", true},
    {"duplicate_stamp", "stamp of an earlier row, with other numbers", true},
    {"high_below_low", "high below low: exchanged", false},
    {"high_below_body", "high below open or close: raised", false},
    {"low_above_body", "low above open or close: lowered", false},
    {"unparsable_volume", "volume is no finite number: set to 0", false},
    {"negative_volume", "volume is negative: set to 0", false},
    {"backward_stamp", "stands after a later stamp: moved to its place", false},
}};

RowOrigin origin_of(const std::vector<RowOrigin>& origins, std::size_t row) {
  return origins.empty() ? RowOrigin{} : origins[row];
}

bool is_sound(const Bars& bars, std::size_t i) {
  const double o = bars.open[i], h = bars.high[i], l = bars.low[i], c = bars.close[i];
  // Written so that a NaN fails it; l <= h follows.
  return l > 0 && l <= o && l <= c && o <= h && c <= h && h <= std::numeric_limits<double>::max() &&
         bars.volume[i] >= 0 && bars.volume[i] <= std::numeric_limits<double>::max() && bars.time[i] != kNoTime;
}

// Returns whether the row stays.
bool repair_row(Bars& bars, std::size_t i, RowOrigin origin, FaultReport& report) {
  double &open = bars.open[i], &high = bars.high[i], &low = bars.low[i], &close = bars.close[i],
         &volume = bars.volume[i];
  const auto fixed = [&](Fault fault) {
    report.add(fault, origin);
    bars.flags[i] |= kRepaired;
  };
  if (bars.time[i] == kNoTime) {
    report.add(Fault::nonexistent_time, origin);
    return false;
  }
  if (!std::isfinite(open) || !std::isfinite(high) || !std::isfinite(low) || !std::isfinite(close)) {
    report.add(Fault::unparsable_price, origin);
    return false;
  }
  // Before the others, as what is dropped was not put right as well.
  if (std::min({open, high, low, close}) <= 0) {
    report.add(Fault::price_not_positive, origin);
    return false;
  }
  if (high < low) {
    std::swap(high, low);
    fixed(Fault::high_below_low);
  }
  if (const double top = std::max(open, close); high < top) {
    high = top;
    fixed(Fault::high_below_body);
  }
  if (const double bottom = std::min(open, close); low > bottom) {
    low = bottom;
    fixed(Fault::low_above_body);
  }
  if (!std::isfinite(volume)) {
    volume = 0;
    fixed(Fault::unparsable_volume);
  } else if (volume < 0) {
    volume = 0;
    fixed(Fault::negative_volume);
  }
  return true;
}

void cut(Bars& bars, std::vector<RowOrigin>& origins, std::size_t n) {
  bars.resize(n);
  if (!origins.empty()) origins.resize(n);
}

template <class T>
void permute(std::vector<T>& values, const std::vector<std::size_t>& order) {
  std::vector<T> sorted;
  sorted.reserve(order.size());
  for (const std::size_t i : order) sorted.push_back(values[i]);
  values = std::move(sorted);
}

void reorder(Bars& bars, std::vector<RowOrigin>& origins, const std::vector<std::size_t>& order) {
  permute(bars.time, order);
  for (std::vector<double>* column : {&bars.open, &bars.high, &bars.low, &bars.close, &bars.volume})
    permute(*column, order);
  permute(bars.flags, order);
  if (!origins.empty()) permute(origins, order);
}

bool runs_backward(const std::vector<std::int64_t>& time) {
  std::size_t down = 0, up = 0;
  for (std::size_t i = 1; i < time.size(); ++i) {
    down += time[i] < time[i - 1] ? 1 : 0;
    up += time[i] > time[i - 1] ? 1 : 0;
  }
  return down > up;
}

bool same_numbers(const Bars& bars, std::size_t a, std::size_t b) {
  return bars.open[a] == bars.open[b] && bars.high[a] == bars.high[b] && bars.low[a] == bars.low[b] &&
         bars.close[a] == bars.close[b] && bars.volume[a] == bars.volume[b];
}

void put_in_order(Bars& bars, std::vector<RowOrigin>& origins, FaultReport& report) {
  if (std::adjacent_find(bars.time.begin(), bars.time.end(), std::greater_equal<>()) == bars.time.end()) return;
  const bool backward_file = runs_backward(bars.time);
  std::vector<char> late(bars.size(), 0);  // stands after a later stamp
  if (!backward_file) {
    std::int64_t latest = kNoTime;
    for (std::size_t i = 0; i < bars.size(); ++i) {
      late[i] = bars.time[i] < latest;
      latest = std::max(latest, bars.time[i]);
    }
  }
  std::vector<std::size_t> order(bars.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return bars.time[a] < bars.time[b]; });

  std::vector<std::size_t> kept;
  kept.reserve(order.size());
  for (const std::size_t i : order) {
    if (!kept.empty() && bars.time[kept.back()] == bars.time[i]) {
      report.add(same_numbers(bars, kept.back(), i) ? Fault::duplicate_row : Fault::duplicate_stamp,
                 origin_of(origins, i));
      continue;
    }
    if (late[i]) {
      report.add(Fault::backward_stamp, origin_of(origins, i));
      bars.flags[i] |= kRepaired;
    }
    kept.push_back(i);
  }
  reorder(bars, origins, kept);
}

}  // namespace

std::string_view name_of(Fault fault) {
  return kTexts[static_cast<std::size_t>(fault)].name;
}
std::string_view description_of(Fault fault) {
  return kTexts[static_cast<std::size_t>(fault)].description;
}
bool is_dropped(Fault fault) {
  return kTexts[static_cast<std::size_t>(fault)].dropped;
}

void FaultReport::add(Fault fault, RowOrigin origin, std::string detail) {
  ++counts_[static_cast<std::size_t>(fault)];
  if (cases_.size() == kListed && !(origin < cases_.back().origin)) return;
  const auto place = std::upper_bound(cases_.begin(), cases_.end(), origin,
                                      [](const RowOrigin& wanted, const Case& there) { return wanted < there.origin; });
  cases_.insert(place, {origin, fault, std::move(detail)});
  if (cases_.size() > kListed) cases_.pop_back();
}

std::uint64_t FaultReport::dropped() const {
  std::uint64_t n = 0;
  for (std::size_t i = 0; i < kFaults; ++i) n += kTexts[i].dropped ? counts_[i] : 0;
  return n;
}

std::uint64_t FaultReport::repaired() const {
  std::uint64_t n = 0;
  for (std::size_t i = 0; i < kFaults; ++i) n += kTexts[i].dropped ? 0 : counts_[i];
  return n;
}

void repair(Bars& bars, std::vector<RowOrigin>& origins, FaultReport& report) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    if (!is_sound(bars, i) && !repair_row(bars, i, origin_of(origins, i), report)) continue;
    if (n != i) {
      bars.move_bar(i, n);
      if (!origins.empty()) origins[n] = origins[i];
    }
    ++n;
  }
  cut(bars, origins, n);
  put_in_order(bars, origins, report);
}

}  // namespace moola::market
