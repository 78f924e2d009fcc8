#include "market/clean/outliers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>

#include "base/error.h"
#include "base/named_choice.h"
#include "market/percentile.h"
#include "market/portable_log.h"

namespace moola::market {
namespace {

constexpr std::size_t kRanges = 14, kReturns = 1000, kFewest = 100;

// What the last bars were like.
class Past {
 public:
  explicit Past(OutlierRule rule) : rule_(rule) {}

  void add(double true_range, double log_return) {
    add_range(true_range);
    returns_.push_back(log_return);
    sum_ += log_return;
    squares_ += log_return * log_return;
    if (rule_ == OutlierRule::iqr)
      sorted_.insert(std::upper_bound(sorted_.begin(), sorted_.end(), log_return), log_return);
    if (returns_.size() <= kReturns) return;
    const double oldest = returns_.front();
    returns_.pop_front();
    sum_ -= oldest;
    squares_ -= oldest * oldest;
    if (rule_ == OutlierRule::iqr) sorted_.erase(std::lower_bound(sorted_.begin(), sorted_.end(), oldest));
  }
  void add_range(double true_range) {
    ranges_.push_back(true_range);
    range_sum_ += true_range;
    if (ranges_.size() <= kRanges) return;
    range_sum_ -= ranges_.front();
    ranges_.pop_front();
  }

  bool believes(double limit, double log_return, double close_before) const {
    if (rule_ == OutlierRule::atr) {
      return ranges_.size() < kRanges ||
             std::fabs(log_return) <= limit * range_sum_ / static_cast<double>(kRanges) / close_before;
    }
    if (returns_.size() < kFewest) return true;
    if (rule_ == OutlierRule::zscore) {
      // Returns are near 0, so their squares' sum does not cancel.
      const auto count = static_cast<double>(returns_.size());
      const double mean = sum_ / count, variance = std::max(0.0, squares_ - sum_ * mean) / (count - 1);
      return std::fabs(log_return - mean) <= limit * std::sqrt(variance);
    }
    const double low = sorted_percentile(sorted_, 0.25), high = sorted_percentile(sorted_, 0.75);
    return log_return >= low - limit * (high - low) && log_return <= high + limit * (high - low);
  }

 private:
  OutlierRule rule_;
  std::deque<double> ranges_, returns_;
  std::vector<double> sorted_;  // the returns, for quartiles
  double range_sum_ = 0, sum_ = 0, squares_ = 0;
};

constexpr auto kRules = std::to_array<NamedChoice<OutlierRule>>({{"none", OutlierRule::none},
                                                                 {"atr", OutlierRule::atr},
                                                                 {"zscore", OutlierRule::zscore},
                                                                 {"iqr", OutlierRule::iqr}});

}  // namespace

OutlierRule parse_outlier_rule(const std::string& text) {
  return parse_choice("outliers =", text, kRules);
}

double usual_limit(OutlierRule rule) {
  return rule == OutlierRule::iqr ? 3.0 : 5.0;
}

std::vector<std::int64_t> drop_outliers(Bars& bars, OutlierRule rule, double limit) {
  if (!(limit > 0)) throw ConfigError(fmt::format("outliers beyond {}: must be above 0.", limit));
  std::vector<std::int64_t> dropped;
  if (rule == OutlierRule::none || bars.empty()) return dropped;
  Past past(rule);
  std::size_t kept = 1;
  double refused = 0;  // close of the bar that was dropped just before; 0: none was
  for (std::size_t i = 1; i < bars.size(); ++i) {
    const double before = bars.close[kept - 1];
    const double moved = portable_log(bars.close[i]) - portable_log(before);
    const bool stays_there =
        refused > 0 && std::fabs(bars.close[i] / refused - 1.0) < 0.5 * std::fabs(bars.close[i] / before - 1.0);
    const bool rolled = (bars.flags[i] & kRoll) != 0;
    if (!rolled && !stays_there && !past.believes(limit, moved, before)) {
      dropped.push_back(static_cast<std::int64_t>(i));
      refused = bars.close[i];
      continue;
    }
    refused = 0;
    // A step to another contract, or to where the price has moved for good, is no measure for the next.
    if (!rolled && !stays_there) {
      past.add(
          std::max({bars.high[i] - bars.low[i], std::fabs(bars.high[i] - before), std::fabs(bars.low[i] - before)}),
          moved);
    } else {
      past.add_range(bars.high[i] - bars.low[i]);
    }
    if (kept != i) bars.move_bar(i, kept);
    ++kept;
  }
  bars.resize(kept);
  return dropped;
}

}  // namespace moola::market
