#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace moola::validation {

/// What a configuration is chosen by. Of rows x: sharpe (mean(x) - r) / sd(x) with n - 1; sortino
/// (mean(x) - r) / sqrt(mean(min(x - r, 0)^2)); both per row, not per year. Where there is no risk: 0 without a gain,
/// else infinity with its sign.
enum class Performance : std::uint8_t { sharpe, mean, sortino };
Performance parse_performance(const std::string& name);
std::string_view to_string(Performance performance);

struct OverfittingOptions {
  std::size_t blocks = 16;  // of time; even, 2 to 24
  Performance performance = Performance::sharpe;
  double risk_free = 0;  // r, per row
  double threshold = 0;  // a result below it is a loss
};

/// What the winner of half of the blocks did on the other half, over all choices of half of them.
struct Overfitting {
  std::size_t rows = 0, dropped = 0;  // used; left out at the beginning, so that blocks are of one length
  std::size_t configurations = 0;
  std::uint64_t combinations = 0;

  double pbo = 0;        // share of logits at or below 0: the winner is no better than the median outside
  double prob_loss = 0;  // share of winners below the threshold outside
  double slope = 0, intercept = 0, r_squared = 0;  // of outside on inside; NaN where all winners were equal inside
  double logit_mean = 0;
  bool first_order = false,
       second_order = false;  // winners' results outside dominate all configurations' stochastically

  /// With so few a rank says little: the logit has no more values than there are configurations.
  bool coarse() const { return configurations < 10; }
  /// What the choice is worth: "is no better than drawing lots; …" from a half on, "holds outside" up to 0.05.
  std::string_view verdict() const;

  // Per combination, in lexicographic order of the blocks that choose.
  std::vector<std::uint32_t> winner;
  std::vector<double> inside, outside, logit;

  // Distributions of results outside, at up to 200 of the winners' results: shares at or below.
  std::vector<double> at, winners_below, all_below;
};

/// The probability of backtest overfitting, by combinatorially symmetric cross-validation. `returns` (rows, columns)
/// row by row: rows in order of time, a column for every configuration that was tried. The winner inside is the first
/// best; its rank r outside among N (ties share the mean rank) makes omega = r / (N + 1) and the logit
/// ln(omega / (1 - omega)).
///
/// Sums of both halves of the blocks are put together from all their subsets, so that each combination costs O(columns)
/// and rounds the same whatever came before; the same result on any number of threads. Memory 2^(blocks/2) x columns x
/// 32 bytes. Throws ConfigError for a number of blocks that cannot be, DataError for fewer rows than 2 per block or
/// than 2 columns, for a value that is not finite, and for a column that never changes (but for `mean`), each named.
/// Source: Bailey, Borwein, Lopez de Prado, Zhu, The probability of backtest overfitting (2017).
Overfitting backtest_overfitting(std::span<const double> returns, std::size_t columns,
                                 const OverfittingOptions& options = {}, unsigned threads = 1);

}  // namespace moola::validation
