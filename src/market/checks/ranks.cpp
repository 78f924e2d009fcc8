#include "market/checks/ranks.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>

#include "market/checks/radix_sort.h"

namespace moola::market {
namespace {

struct Place {
  std::uint64_t key;
  std::uint32_t row;
};

}  // namespace

std::vector<double> midranks(std::span<const double> values) {
  if (values.size() > UINT32_MAX) throw std::invalid_argument("ranks of more than 2^32 values");
  std::vector<double> ranks(values.size(), std::numeric_limits<double>::quiet_NaN());
  std::vector<Place> places;
  places.reserve(values.size());
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (std::isfinite(values[row])) places.push_back({sort_key(values[row] + 0.0), static_cast<std::uint32_t>(row)});
  }
  radix_sort(places, [](const Place& place) { return place.key; });
  for (std::size_t begin = 0, end = 0; begin < places.size(); begin = end) {
    while (end < places.size() && places[end].key == places[begin].key) ++end;
    const double middle = static_cast<double>(begin + 1 + end) / 2;
    for (std::size_t i = begin; i < end; ++i) ranks[places[i].row] = middle;
  }
  return ranks;
}

}  // namespace moola::market
