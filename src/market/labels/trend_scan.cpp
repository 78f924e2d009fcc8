#include "market/labels/trend_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "base/parallel_pieces.h"
#include "market/indicators/rolling.h"
#include "market/labels/triple_barrier.h"

namespace moola::market {
namespace {

constexpr std::size_t kPiece = 4096;      // bars whose columns stay in the cache
constexpr double kLeastResidual = 1e-12;  // of the closes' squared deviations

void check(const TrendScan& rule) {
  if (rule.least < 2 || rule.least > rule.most) {
    throw ConfigError(
        fmt::format("trends of {} to {} bars: the shortest must be 2 or more, and the longest not shorter.", rule.least,
                    rule.most));
  }
  if (!(rule.least_t >= 0) || !std::isfinite(rule.least_t))
    throw ConfigError(fmt::format("trends from |t| = {} on: must be 0 or above, and finite.", rule.least_t));
}

// What lines of one length through a piece's closes are like.
class Lines {
 public:
  explicit Lines(std::size_t rows) : slope_(rows), squares_(rows) {}

  // Of `close` (rows + length): t of the line through close[i .. i + length], for every row i.
  void fit(std::span<const double> close, std::int32_t length, std::span<double> t) {
    const std::size_t ahead = static_cast<std::size_t>(length), rows = close.size() - ahead;
    slope_.resize(close.size());
    squares_.resize(close.size());
    window_slope(close, length + 1, slope_);
    window_squares(close, length + 1, squares_);
    const double count = length + 1.0;
    const double times = count * (count * count - 1.0) / 12.0;  // squared deviations of 0 … length
    const double* const slopes = slope_.data() + ahead;
    const double* const squares = squares_.data() + ahead;
    for (std::size_t i = 0; i < rows; ++i) {
      const double all = squares[i], explained = slopes[i] * slopes[i] * times;
      const double residual = std::max(all - explained, kLeastResidual * all);
      const double error = std::sqrt(residual / (count - 2.0) / times);
      t[i] = error > 0 ? slopes[i] / error : 0.0;
    }
  }

 private:
  std::vector<double> slope_, squares_;
};

// Bars [begin, end), each with `most` bars after it.
void scan(std::span<const double> close, const TrendScan& rule, std::size_t begin, std::size_t end, TrendLabels& out) {
  std::vector<double> t(kPiece), best(kPiece);
  Lines lines(kPiece + static_cast<std::size_t>(rule.most));
  for (std::size_t from = begin; from < end; from += kPiece) {
    const std::size_t rows = std::min(kPiece, end - from);
    std::fill_n(best.begin(), rows, 0.0);
    std::fill_n(out.bars.begin() + static_cast<std::ptrdiff_t>(from), rows, rule.least);
    for (std::int32_t length = rule.least; length <= rule.most; ++length) {
      lines.fit(close.subspan(from, rows + static_cast<std::size_t>(length)), length, t);
      for (std::size_t i = 0; i < rows; ++i) {
        const bool steeper = std::fabs(t[i]) > std::fabs(best[i]);
        best[i] = steeper ? t[i] : best[i];
        out.bars[from + i] = steeper ? length : out.bars[from + i];
      }
    }
    for (std::size_t i = 0; i < rows; ++i) {
      const std::size_t row = from + i;
      const auto stored = static_cast<float>(best[i]);  // what a reader can compare with least_t
      out.t_value[row] = stored;
      out.label[row] = static_cast<std::int8_t>(std::fabs(stored) >= rule.least_t ? (stored > 0) - (stored < 0) : 0);
      out.exit_return[row] =
          static_cast<float>(close[row + static_cast<std::size_t>(out.bars[row])] / close[row] - 1.0);
    }
  }
}

}  // namespace

std::int64_t TrendLabels::last_bar(std::size_t i, const TrendScan& rule) const {
  return label[i] == kInvalidLabel ? -1 : static_cast<std::int64_t>(i) + rule.most;
}

TrendLabels trend_scan(std::span<const double> close, const TrendScan& rule, unsigned threads) {
  check(rule);
  const std::size_t n = close.size(), ahead = static_cast<std::size_t>(rule.most), known = n - std::min(n, ahead);
  TrendLabels out{.label = std::vector<std::int8_t>(n, kInvalidLabel),
                  .bars = std::vector<std::int32_t>(n),
                  .t_value = std::vector<float>(n),
                  .exit_return = std::vector<float>(n)};
  const std::size_t parts = std::max(1U, threads);
  for_each_piece(parts, threads,
                 [&](std::size_t part) { scan(close, rule, known * part / parts, known * (part + 1) / parts, out); });
  return out;
}

}  // namespace moola::market
