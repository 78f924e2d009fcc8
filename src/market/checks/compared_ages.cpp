#include "market/checks/compared_ages.h"

#include <algorithm>
#include <vector>

namespace moola::market {

ComparedAges compared_ages(const BarTimes& ours, const BarTimes& other, std::int64_t max_age) {
  ComparedAges out;
  std::vector<std::int64_t> ages;
  std::size_t ended = 0;  // bars of the other that have
  for (const std::int64_t begin : ours.begin) {
    const std::int64_t end = begin + ours.length;
    while (ended < other.begin.size() && other.begin[ended] + other.length <= end) ++ended;
    if (ended == 0) {
      ++out.before_first;
      continue;
    }
    ages.push_back(end - (other.begin[ended - 1] + other.length));
    ++(ages.back() <= max_age ? out.fresh : out.too_old);
  }
  if (ages.empty()) return out;
  const auto middle = ages.begin() + static_cast<std::ptrdiff_t>(ages.size() / 2);
  std::nth_element(ages.begin(), middle, ages.end());
  out.median = *middle;
  out.most = *std::max_element(middle, ages.end());
  return out;
}

}  // namespace moola::market
