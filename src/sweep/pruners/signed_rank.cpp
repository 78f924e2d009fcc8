#include "sweep/pruners/signed_rank.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace moola::sweep {
namespace {

struct Ranked {
  std::vector<std::size_t> doubled;  // twice the ranks of those that are not 0: whole numbers, also of ties
  std::size_t above = 0;             // twice the doubled ranks of those above 0, and once those that are 0
  bool has_ties = false;             // or zeros
  double ties = 0;                   // sum of t^3 - t
};

Ranked rank(std::span<const double> differences) {
  std::vector<double> sorted(differences.begin(), differences.end());
  std::ranges::sort(sorted, {}, [](double x) { return std::fabs(x); });
  Ranked out;
  for (std::size_t begin = 0, end = 0; begin < sorted.size(); begin = end) {
    const double size = std::fabs(sorted[begin]);
    for (end = begin; end < sorted.size() && std::fabs(sorted[end]) == size;) ++end;
    const auto t = static_cast<double>(end - begin);
    out.ties += t * t * t - t;
    out.has_ties |= end - begin > 1 || size == 0;
    const std::size_t doubled = begin + 1 + end;
    for (std::size_t i = begin; i < end; ++i) {
      out.above += (sorted[i] > 0 ? 2U : sorted[i] == 0 ? 1U : 0U) * doubled;
      if (size != 0) out.doubled.push_back(doubled);
    }
  }
  return out;
}

// The share of all choices of signs whose ranks above 0 sum to as much. Shares are multiples of 2^-50 at the least, so
// that their sums are exact.
double exact_p(const Ranked& ranked, std::size_t zero_share) {
  const std::size_t most = std::accumulate(ranked.doubled.begin(), ranked.doubled.end(), std::size_t{0});
  std::vector<double> shares(most + 1, 0.0);
  shares[0] = 1;
  std::size_t reached = 0;
  for (const std::size_t step : ranked.doubled) {
    reached += step;
    for (std::size_t sum = reached + 1; sum-- > 0;)
      shares[sum] = 0.5 * (shares[sum] + (sum >= step ? shares[sum - step] : 0));
  }
  const std::size_t least = (ranked.above - zero_share) / 2;
  return std::accumulate(shares.begin() + static_cast<std::ptrdiff_t>(least), shares.end(), 0.0);
}

}  // namespace

double signed_rank_p(std::span<const double> differences) {
  constexpr std::size_t kExact = 50, kExactWithTies = 13;
  if (differences.empty() || !std::ranges::all_of(differences, [](double x) { return std::isfinite(x); }))
    throw std::invalid_argument("a signed-rank test needs finite differences");
  const Ranked ranked = rank(differences);
  const std::size_t count = differences.size();
  if (count <= (ranked.has_ties ? kExactWithTies : kExact)) {
    // Zeros add half of their ranks whatever the signs of the others.
    const std::size_t zeros = count - ranked.doubled.size();
    return exact_p(ranked, zeros * (zeros + 1));
  }
  const auto n = static_cast<double>(count);
  const double mean = n * (n + 1) / 4;
  const double deviation = std::sqrt((n * (n + 1) * (2 * n + 1) - ranked.ties / 2) / 24);
  return 0.5 * std::erfc((static_cast<double>(ranked.above) / 4 - mean) / deviation * std::sqrt(0.5));
}

}  // namespace moola::sweep
