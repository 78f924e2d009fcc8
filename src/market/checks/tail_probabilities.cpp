#include "market/checks/tail_probabilities.h"

#include <cmath>
#include <numbers>

#include "market/portable_exp.h"
#include "market/portable_log.h"

namespace moola::market {
namespace {

// The share of a normal variable above x >= 3, by Laplace's continued fraction from its far end.
double normal_tail(double x) {
  double fraction = x;
  for (int k = 80; k >= 1; --k) fraction = x + k / fraction;
  return portable_exp(-0.5 * x * x) / (fraction * std::sqrt(2 * std::numbers::pi));
}

// x^a e^-x / gamma(a), the factor of both forms of the incomplete gamma function.
double gamma_density(double a, double x) {
  const double power = a * portable_log(x) - x - log_gamma(a);
  return power < 700 ? portable_exp(power) : HUGE_VAL;
}

// The lower incomplete gamma function over the whole one, by its series.
double gamma_below(double a, double x) {
  double term = 1 / a, sum = term;
  for (int k = 1; k < 100000 && term > sum * 1e-17; ++k) sum += term *= x / (a + k);
  return sum * gamma_density(a, x);
}

// The upper one, by its continued fraction (Lentz).
double gamma_above(double a, double x) {
  constexpr double kTiny = 1e-300;
  double b = x + 1 - a, c = 1 / kTiny, d = 1 / b, value = d;
  for (int k = 1; k < 100000; ++k) {
    const double an = -k * (k - a);
    b += 2;
    d = an * d + b;
    if (std::fabs(d) < kTiny) d = kTiny;
    c = b + an / c;
    if (std::fabs(c) < kTiny) c = kTiny;
    d = 1 / d;
    value *= d * c;
    if (std::fabs(d * c - 1) < 1e-16) break;
  }
  return value * gamma_density(a, x);
}

}  // namespace

double normal_cdf(double x) {
  if (std::isnan(x)) return x;
  if (x < -3) return x < -38 ? 0.0 : normal_tail(-x);
  if (x > 3) return x > 38 ? 1.0 : 1 - normal_tail(x);
  // 1/2 + density(x) (x + x^3 / 3 + x^5 / 15 + ...)
  double term = x, sum = x;
  for (int k = 3; std::fabs(term) > 1e-18; k += 2) sum += term *= x * x / k;
  return 0.5 + sum * portable_exp(-0.5 * x * x) / std::sqrt(2 * std::numbers::pi);
}

double log_gamma(double x) {
  // Stirling's series from 16 on, where 8 terms leave less than a double's last digit.
  double product = 1;
  for (; x < 16; x += 1) product *= x;
  const double z = 1 / (x * x);
  double series = -3617.0 / 122400;
  series = series * z + 1.0 / 156;
  series = series * z - 691.0 / 360360;
  series = series * z + 1.0 / 1188;
  series = series * z - 1.0 / 1680;
  series = series * z + 1.0 / 1260;
  series = series * z - 1.0 / 360;
  series = series * z + 1.0 / 12;
  return (x - 0.5) * portable_log(x) - x + 0.5 * portable_log(2 * std::numbers::pi) + series / x -
         portable_log(product);
}

double chi_squared_survival(double x, double degrees) {
  if (std::isnan(x)) return x;
  if (!(x > 0)) return 1;
  if (std::isinf(x)) return 0;
  const double a = degrees / 2, half = x / 2;
  return half < a + 1 ? 1 - gamma_below(a, half) : gamma_above(a, half);
}

double kolmogorov_survival(double x) {
  if (std::isnan(x)) return x;
  if (!(x > 0.04)) return 1;  // what is missing to 1 is below 1e-300
  if (x > 19) return 0;
  double sum = 0;
  if (x < 0.8) {
    const double pi_over_x = std::numbers::pi / x;
    for (int k = 1; k <= 9; k += 2) sum += portable_exp(-k * k * pi_over_x * pi_over_x / 8);
    return 1 - sum * std::sqrt(2 * std::numbers::pi) / x;
  }
  double sign = 1;
  for (int k = 1; k <= 12; ++k, sign = -sign) sum += sign * portable_exp(-2.0 * k * k * x * x);
  return 2 * sum;
}

}  // namespace moola::market
