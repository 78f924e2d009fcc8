#include "market/checks/return_correlation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

#include "base/parallel_pieces.h"

namespace moola::market {
namespace {

// The column's value and the three returns.
using Quad = std::array<double, 4>;

void for_each_quad(std::span<const double> column, std::span<const Rows> rows, std::span<const double> returns,
                   const auto& look) {
  for (const Rows& range : rows) {
    const std::size_t begin = std::max<std::size_t>(range.begin, 1), end = std::min(range.end, column.size() - 1);
    for (std::size_t row = begin; row < end; ++row) {
      const Quad quad{column[row], returns[row - 1], returns[row], returns[row + 1]};
      // One that is not finite makes the sum so, and finite ones this large are no returns.
      if (std::isfinite((quad[0] + quad[1]) + (quad[2] + quad[3]))) look(quad);
    }
  }
}

ReturnCorrelation correlate_column(std::span<const double> column, std::span<const Rows> rows,
                                   std::span<const double> returns) {
  if (column.empty()) return {};
  Quad near{}, means{};
  double n = 0;
  for_each_quad(column, rows, returns, [&](const Quad& quad) {
    if (n == 0) near = quad;
    for (std::size_t k = 0; k < 4; ++k) means[k] += quad[k] - near[k];
    n += 1;
  });
  if (n == 0) return {};
  for (std::size_t k = 0; k < 4; ++k) means[k] = near[k] + means[k] / n;
  Quad squares{}, products{};
  for_each_quad(column, rows, returns, [&](const Quad& quad) {
    const double away = quad[0] - means[0];
    for (std::size_t k = 0; k < 4; ++k) {
      const double other = quad[k] - means[k];
      squares[k] += other * other;
      products[k] += away * other;
    }
  });
  const auto correlation = [&](std::size_t k) {
    const double scale = std::sqrt(squares[0] * squares[k]);
    return scale > 0 ? std::clamp(products[k] / scale, -1.0, 1.0) : 0.0;
  };
  return {.known = correlation(1), .next = correlation(2), .later = correlation(3)};
}

}  // namespace

std::vector<ReturnCorrelation> return_correlations(std::span<const std::span<const double>> columns,
                                                   std::span<const Rows> rows, std::span<const double> returns,
                                                   unsigned threads) {
  static_cast<void>(count_rows(rows, returns.size()));
  for (const auto& column : columns) {
    if (column.size() != returns.size()) throw std::invalid_argument("returns of other rows than the columns");
  }
  std::vector<ReturnCorrelation> out(columns.size());
  for_each_piece(columns.size(), threads, [&](std::size_t c) { out[c] = correlate_column(columns[c], rows, returns); });
  return out;
}

CheckResult check_future_returns(std::span<const ReturnCorrelation> correlations, std::span<const std::string> names,
                                 double limit) {
  if (names.size() != correlations.size()) throw std::invalid_argument("names of other columns than the correlations");
  CheckResult out{.name = "future_returns"};
  std::size_t column = 0, above = 0;
  for (std::size_t c = 0; c < correlations.size(); ++c) {
    const double most = std::max(std::fabs(correlations[c].next), std::fabs(correlations[c].later));
    above += most > limit ? 1 : 0;
    if (most <= out.worst) continue;
    out.worst = most;
    column = c;
  }
  out.passed = above == 0;
  if (correlations.empty()) {
    out.detail = "There are no columns.";
  } else if (out.passed) {
    out.detail = fmt::format("No column's correlation with a return to come is above {}; the largest is {:.3f}, of {}.",
                             limit, out.worst, names[column]);
  } else {
    out.detail = fmt::format(
        "{} of {} columns go together with a return to come by more than {}, {} by {:.3f}: they know "
        "prices that they should not.",
        above, names.size(), limit, names[column], out.worst);
  }
  return out;
}

}  // namespace moola::market
