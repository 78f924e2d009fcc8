#pragma once
#include <cstddef>
#include <span>

namespace moola::validation {

/// Returns of one strategy, per observation: nothing here is annualised unless it says so.
struct ReturnMoments {
  std::size_t observations = 0;
  double mean = 0, deviation = 0;  // n - 1
  double skew = 0, kurtosis = 3;   // of the sample itself, not corrected for its size; a normal variable's is 3
  double sharpe = 0;               // (mean - risk_free) / deviation
};
/// Throws DataError for fewer than 3 returns, one that is not finite, and returns that are all the same.
ReturnMoments measure_returns(std::span<const double> returns, double risk_free = 0);

/// How likely the true Sharpe ratio is above `benchmark`: Phi((SR - b) sqrt(T - 1) / sqrt(1 - g3 SR + (g4 - 1)/4
/// SR^2)). Source: Bailey and Lopez de Prado, The Sharpe ratio efficient frontier (2012).
double probabilistic_sharpe(const ReturnMoments& returns, double benchmark = 0);

/// What the best of `trials` independent Sharpe ratios of variance 1 and mean 0 is on average; 0 for one. Need not be
/// whole. Throws ConfigError below 1.
double expected_maximum(double trials);

/// The variance (n - 1) of trials' Sharpe ratios; of one alone that of an estimate without skill from so many
/// observations, 1 / (observations - 1).
double variance_of_trials(std::span<const double> sharpes, std::size_t observations);

/// The Sharpe ratio that the best of so many trials without skill has on average: the benchmark of the deflated one.
double deflation_benchmark(double variance_of_trials, double trials);
/// probabilistic_sharpe against it. Source: Bailey and Lopez de Prado, The deflated Sharpe ratio (2014).
double deflated_sharpe(const ReturnMoments& returns, double variance_of_trials, double trials);

/// How many observations it takes until the Sharpe ratio is above `benchmark` with this confidence; infinite where it
/// is not. Source: as probabilistic_sharpe.
double min_track_record(const ReturnMoments& returns, double benchmark = 0, double confidence = 0.95);

/// How many years of backtest keep the best of `trials` without skill below `annual_sharpe` on average. Source: Bailey
/// et al., Pseudo-mathematics and financial charlatanism (2014).
double min_backtest_years(double trials, double annual_sharpe);

/// The Sharpe ratio over `periods` observations, as autocorrelation makes it: SR q / sqrt(q + 2 sum over k < q of
/// (q - k) rho_k). Lags beyond `lags` (or T - 2) count as 0: over many periods the noise of far ones would outweigh
/// what is there. Throws ConfigError for periods below 1, and DataError where the autocorrelations leave no variance.
/// Cost O(n min(q, lags)). Source: Lo, The statistics of Sharpe ratios (2002).
double annual_sharpe(std::span<const double> returns, std::size_t periods, double risk_free = 0,
                     std::size_t lags = static_cast<std::size_t>(-1));

/// How many lags of autocorrelation so many returns tell of: floor(4 (T/100)^(2/9)). Source: Newey and West (1994).
std::size_t usual_lags(std::size_t observations);

/// The standard error of the Sharpe ratio, allowing for autocorrelation and other than normal returns: Newey and West's
/// variance of its influence (x - m)/s - SR/2 ((x - m)^2/s^2 - 1), with Bartlett weights over `lags`; no lags: the
/// usual ones.
double sharpe_standard_error(std::span<const double> returns, double risk_free = 0);
double sharpe_standard_error(std::span<const double> returns, double risk_free, std::size_t lags);

}  // namespace moola::validation
