#include "market/window_features/causal_zigzag.h"

#include <algorithm>
#include <cmath>

namespace moola::market {

void CausalZigzag::update_average(const WindowBar& bar) {
  double range = bar.range();
  if (bars_ > 0) range = std::max({range, std::fabs(bar.high - previous_close_), std::fabs(bar.low - previous_close_)});
  true_ranges_[bars_ % kAverageBars] = range;
  previous_close_ = bar.close;
  // Oldest first, so that the sum of the same bars is the same wherever they stand in the ring.
  const std::size_t count = std::min(bars_ + 1, kAverageBars);
  double sum = 0;
  for (std::size_t back = count; back-- > 0;) sum += true_ranges_[(bars_ - back) % kAverageBars];
  average_ = sum / static_cast<double>(count);
}

void CausalZigzag::add(const WindowBar& bar) {
  update_average(bar);
  const bool up = direction_ > 0;
  if (bars_ == 0 || (up ? bar.high > extreme_.price : bar.low < extreme_.price))
    extreme_ = {.bar = bars_, .price = up ? bar.high : bar.low};
  const double away = up ? extreme_.price - bar.close : bar.close - extreme_.price;
  const double reach = up ? extreme_.price - bar.low : bar.high - extreme_.price;
  const bool confirmed =
      bars_ > 0 && average_ > 0 &&
      (away >= kReversal * average_ || (bars_ - extreme_.bar <= kYoung && reach >= kYoungReversal * average_));
  if (confirmed) {
    (up ? high_ : low_) = extreme_;
    direction_ = -direction_;
    extreme_ = {.bar = bars_, .price = up ? bar.low : bar.high};
  }
  ++bars_;
}

}  // namespace moola::market
