#pragma once

namespace moola::market {

// Chances that test statistics are judged by, from plain IEEE operations in a fixed order: the same bits on every
// machine. Relative error below 1e-12 where the result is above 1e-300.

/// Of a standard normal variable at most x.
double normal_cdf(double x);

/// Of a chi-squared variable above x with `degrees` of freedom, which are above 0; 1 for x <= 0.
double chi_squared_survival(double x, double degrees);

/// Of Kolmogorov's limit distribution above x; 1 for x <= 0.
double kolmogorov_survival(double x);

/// log of the gamma function, x > 0.
double log_gamma(double x);

}  // namespace moola::market
