#pragma once
#include <span>
#include <string>
#include <vector>

#include "market/checks/check_result.h"
#include "market/checks/rows.h"

namespace moola::market {

/// How a column goes together with returns of bars around its rows. Row t knows bars up to t - 1.
struct ReturnCorrelation {
  double known = 0;  // with the return of bar t - 1
  double next = 0;   // with that of bar t, the first that the row must not know
  double later = 0;  // with that of bar t + 1
};

/// Pearson's, of rows where the column and all three returns are finite; 0 where either does not move. `returns`: one
/// per row, bar t over bar t - 1. The same bits on any number of threads. Cost: about 3 ns a value. Throws
/// std::invalid_argument for rows that there are not and columns of another length than the returns.
std::vector<ReturnCorrelation> return_correlations(std::span<const std::span<const double>> columns,
                                                   std::span<const Rows> rows, std::span<const double> returns,
                                                   unsigned threads);

/// The check "future_returns": no column's |next| or |later| is above `limit`. Nothing that is known beforehand goes
/// together with a bar's return half as well; a column that does has seen it. `worst` is the largest of them.
CheckResult check_future_returns(std::span<const ReturnCorrelation> correlations, std::span<const std::string> names,
                                 double limit = 0.5);

}  // namespace moola::market
