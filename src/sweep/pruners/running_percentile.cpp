#include "sweep/pruners/running_percentile.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace moola::sweep {
namespace {

template <class Order>
void push(std::vector<double>& heap, double value, Order order) {
  heap.push_back(value);
  std::ranges::push_heap(heap, order);
}

template <class Order>
double pop(std::vector<double>& heap, Order order) {
  std::ranges::pop_heap(heap, order);
  const double out = heap.back();
  heap.pop_back();
  return out;
}

}  // namespace

void RunningPercentile::insert(double value) {
  if (!low_.empty() && value <= low_.front())
    push(low_, value, std::less<>());
  else
    push(high_, value, std::greater<>());
  const std::size_t wanted = std::min(static_cast<std::size_t>(index()) + 1, size());
  while (low_.size() < wanted) push(low_, pop(high_, std::greater<>()), std::less<>());
  while (low_.size() > wanted) push(high_, pop(low_, std::less<>()), std::greater<>());
}

double RunningPercentile::value() const {
  if (size() == 0) return std::numeric_limits<double>::quiet_NaN();
  const double below = low_.front(), above = high_.empty() ? below : high_.front();
  const double part = high_.empty() ? 0 : index() - std::floor(index());
  // From the nearer end, so that equal ends give themselves.
  return part >= 0.5 ? above - (above - below) * (1 - part) : below + (above - below) * part;
}

}  // namespace moola::sweep
