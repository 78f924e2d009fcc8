#include "validation/calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "base/error.h"
#include "base/named_choice.h"
#include "market/portable_exp.h"
#include "market/portable_log.h"

namespace moola::validation {
namespace {

constexpr auto kMethods =
    std::to_array<NamedChoice<CalibrationMethod>>({{"none", CalibrationMethod::none},
                                                   {"temperature", CalibrationMethod::temperature},
                                                   {"sigmoid", CalibrationMethod::sigmoid},
                                                   {"isotonic", CalibrationMethod::isotonic},
                                                   {"auto", CalibrationMethod::automatic}});

constexpr double kLeastProbability = std::numeric_limits<double>::epsilon();  // as the log loss has it
// Models that compute in 32 bits say 0.9999999 and 1 alike; farther out such rows would pull the sigmoid's slope.
constexpr double kLeastOfSigmoid = 1e-6;

double logit(double p) {
  const double inside = std::clamp(p, kLeastOfSigmoid, 1 - kLeastOfSigmoid);
  return market::portable_log(inside) - market::portable_log(1 - inside);
}

// 1 / (1 + e^-x), without the overflow of e^-x.
double sigmoid(double x) {
  const double e = market::portable_exp(-std::fabs(x));
  return (x >= 0 ? 1 : e) / (1 + e);
}

// The logarithms of a row over its largest: what the softmax needs, all 0 or below.
void relative_logs(std::span<const double> p, std::span<double> out) {
  for (std::size_t c = 0; c < p.size(); ++c) out[c] = market::portable_log(std::clamp(p[c], kLeastProbability, 1.0));
  const double most = *std::max_element(out.begin(), out.end());
  for (double& each : out) each -= most;
}

// Rows that count.
struct Sample {
  std::size_t classes = 0;
  std::vector<double> probability, weight;
  std::vector<std::size_t> truth, rows_of_class;
  std::vector<double> weight_of_class;
  double weight_of_all = 0;

  explicit Sample(const Forecasts& forecasts)
      : classes(forecasts.classes), rows_of_class(classes), weight_of_class(classes) {
    for (std::size_t row = 0; row < forecasts.rows(); ++row) {
      const double w = forecasts.weight.empty() ? 1 : forecasts.weight[row];
      if (!(w > 0)) continue;
      const auto p = forecasts.probability.subspan(row * classes, classes);
      probability.insert(probability.end(), p.begin(), p.end());
      weight.push_back(w);
      truth.push_back(static_cast<std::size_t>(forecasts.truth[row]));
      ++rows_of_class[truth.back()];
      weight_of_class[truth.back()] += w;
      weight_of_all += w;
    }
  }
  std::size_t rows() const { return truth.size(); }
};

// The slope of the log loss on 1 / T, and the slope of that, which is never below 0: the loss has one minimum.
class LossOfTemperature {
 public:
  explicit LossOfTemperature(const Sample& sample) : sample_(sample), logs_(sample.probability.size()) {
    const std::size_t k = sample.classes;
    const std::span<const double> p = sample.probability;
    for (std::size_t row = 0; row < sample.rows(); ++row)
      relative_logs(p.subspan(row * k, k), std::span(logs_).subspan(row * k, k));
  }

  struct Slopes {
    double first = 0, second = 0;
  };
  Slopes at(double log_temperature) const {
    const double inverse = market::portable_exp(-log_temperature);
    const std::size_t k = sample_.classes;
    Slopes out;
    for (std::size_t row = 0; row < sample_.rows(); ++row) {
      const double* const logs = logs_.data() + row * k;
      double all = 0, mean = 0, square = 0;
      for (std::size_t c = 0; c < k; ++c) {
        const double e = market::portable_exp(inverse * logs[c]);
        all += e;
        mean += e * logs[c];
        square += e * logs[c] * logs[c];
      }
      mean /= all;
      out.first += sample_.weight[row] * (mean - logs[sample_.truth[row]]);
      out.second += sample_.weight[row] * std::max(0.0, square / all - mean * mean);
    }
    return out;
  }

 private:
  const Sample& sample_;
  std::vector<double> logs_;
};

// Newton's steps on log T, and halves of what is left where a step leads out of it or gets no shorter.
void fit_temperature(const Sample& sample, Calibrator& out) {
  const LossOfTemperature loss(sample);
  double at = 0;
  LossOfTemperature::Slopes here = loss.at(at);
  // Already there; or every class is as likely in every row, and no temperature changes that.
  if (here.first == 0) return;
  double low = market::portable_log(kLeastTemperature), high = market::portable_log(kMostTemperature);
  const double end = here.first < 0 ? low : high;  // towards which the loss falls
  const double slope_there = loss.at(end).first;
  if (end == low ? slope_there <= 0 : slope_there >= 0) {
    out.temperature = end == low ? kLeastTemperature : kMostTemperature;
    out.at_bound = true;
    return;
  }
  double last = high - low;
  constexpr int kMostSteps = 200;  // halving alone takes fifty
  for (int step = 0; step < kMostSteps && std::fabs(last) > 1e-13; ++step) {
    (here.first > 0 ? low : high) = at;
    double next = at + here.first * market::portable_exp(at) / here.second;
    if (!(next > low && next < high) || std::fabs(next - at) > std::fabs(last) / 2) next = low + (high - low) / 2;
    last = next - at;
    at = next;
    here = loss.at(at);
    if (here.first == 0) break;
  }
  out.temperature = std::clamp(market::portable_exp(at), kLeastTemperature, kMostTemperature);
}

// Of one class against the rest.
SigmoidCurve fit_sigmoid(const Sample& sample, std::size_t of_class) {
  const std::size_t n = sample.rows();
  std::vector<double> z(n), target(n);
  const double came = sample.weight_of_class[of_class], rest = sample.weight_of_all - came;
  double centre = 0;
  for (std::size_t row = 0; row < n; ++row) {
    z[row] = logit(sample.probability[row * sample.classes + of_class]);
    target[row] = sample.truth[row] == of_class ? (came + 1) / (came + 2) : 1 / (rest + 2);
    centre += sample.weight[row] * z[row];
  }
  centre /= sample.weight_of_all;
  // Where all are the same there is no slope, and it stays exactly 0.
  if (std::all_of(z.begin(), z.end(), [&](double each) { return each == z[0]; })) centre = z[0];
  for (double& each : z) each -= centre;

  double slope = 0, intercept = market::portable_log((came + 1) / (rest + 1));
  const auto loss = [&](double a, double b) {
    double out = 0;
    for (std::size_t row = 0; row < n; ++row) {
      const double x = a * z[row] + b;
      const double off = x >= 0 ? (1 - target[row]) * x : -target[row] * x;
      out += sample.weight[row] * (off + market::portable_log1p(market::portable_exp(-std::fabs(x))));
    }
    return out / sample.weight_of_all;
  };
  double here = loss(slope, intercept);
  // The loss is convex and its targets lie inside 0 to 1, so that there is a minimum and the steps reach it.
  constexpr int kMostSteps = 100;
  for (int step = 0; step < kMostSteps; ++step) {
    double slope_down = 0, intercept_down = 0;  // the way the loss falls
    double of_slopes = 1e-12 * sample.weight_of_all, of_both = 0,
           of_intercepts = of_slopes;  // curvatures; never singular
    for (std::size_t row = 0; row < n; ++row) {
      const double p = sigmoid(slope * z[row] + intercept);
      const double off = sample.weight[row] * (target[row] - p), curved = sample.weight[row] * p * (1 - p);
      slope_down += off * z[row];
      intercept_down += off;
      of_slopes += curved * z[row] * z[row];
      of_both += curved * z[row];
      of_intercepts += curved;
    }
    const double determinant = of_slopes * of_intercepts - of_both * of_both;
    const double to_slope = (of_intercepts * slope_down - of_both * intercept_down) / determinant;
    const double to_intercept = (of_slopes * intercept_down - of_both * slope_down) / determinant;
    const double gain = (slope_down * to_slope + intercept_down * to_intercept) / sample.weight_of_all;
    // So near, Newton's steps square the distance: this one is the last. No comparison of losses could tell.
    const bool last = gain <= 1e-18;
    double length = 1, there = loss(slope + to_slope, intercept + to_intercept);
    while (!last && there > here - 1e-4 * length * gain + 1e-13 * here && length > 1e-10) {
      length /= 2;
      there = loss(slope + length * to_slope, intercept + length * to_intercept);
    }
    slope += length * to_slope;
    intercept += length * to_intercept;
    here = there;
    if (last) break;
  }
  return {.slope = slope, .intercept = intercept - slope * centre};
}

IsotonicCurve fit_isotonic(const Sample& sample, std::size_t of_class) {
  struct Pool {
    double first, last, weight, came;
    double share() const { return came / weight; }
  };
  // A row may sum to a little more than 1.
  const auto given = [&](std::size_t row) {
    return std::min(1.0, sample.probability[row * sample.classes + of_class]);
  };
  std::vector<std::size_t> rows(sample.rows());
  std::iota(rows.begin(), rows.end(), 0);
  std::stable_sort(rows.begin(), rows.end(), [&](std::size_t a, std::size_t b) { return given(a) < given(b); });
  std::vector<Pool> pools;
  for (std::size_t i = 0; i < rows.size();) {
    Pool here{.first = given(rows[i]), .last = given(rows[i]), .weight = 0, .came = 0};
    for (; i < rows.size() && given(rows[i]) == here.first; ++i) {
      here.weight += sample.weight[rows[i]];
      here.came += sample.truth[rows[i]] == of_class ? sample.weight[rows[i]] : 0;
    }
    for (; !pools.empty() && pools.back().share() >= here.share(); pools.pop_back()) {
      here.first = pools.back().first;
      here.weight += pools.back().weight;
      here.came += pools.back().came;
    }
    pools.push_back(here);
  }
  IsotonicCurve out;
  for (const Pool& pool : pools) {
    out.at.push_back(pool.first);
    out.share.push_back(pool.share());
    if (pool.last == pool.first) continue;
    out.at.push_back(pool.last);
    out.share.push_back(pool.share());
  }
  return out;
}

double value_at(const IsotonicCurve& curve, double p) {
  const auto after = std::upper_bound(curve.at.begin(), curve.at.end(), p);
  if (after == curve.at.begin()) return curve.share.front();
  if (after == curve.at.end()) return curve.share.back();
  const auto i = static_cast<std::size_t>(after - curve.at.begin());
  const double part = (p - curve.at[i - 1]) / (curve.at[i] - curve.at[i - 1]);
  return curve.share[i - 1] + part * (curve.share[i] - curve.share[i - 1]);
}

void calibrate_row(const Calibrator& calibrator, std::span<const double> p, std::span<double> out) {
  const std::size_t classes = p.size();
  if (calibrator.method == CalibrationMethod::temperature) {
    relative_logs(p, out);
    for (double& each : out) each = market::portable_exp(each / calibrator.temperature);
  } else if (calibrator.method == CalibrationMethod::sigmoid) {
    for (std::size_t c = 0; c < classes; ++c)
      out[c] = sigmoid(calibrator.sigmoid[c].slope * logit(p[c]) + calibrator.sigmoid[c].intercept);
  } else {
    for (std::size_t c = 0; c < classes; ++c) out[c] = value_at(calibrator.isotonic[c], p[c]);
  }
  const double sum = std::accumulate(out.begin(), out.end(), 0.0);
  for (std::size_t c = 0; c < classes; ++c) out[c] = sum > 0 ? out[c] / sum : calibrator.prior[c];
}

}  // namespace

CalibrationMethod parse_calibration_method(const std::string& name) {
  return parse_choice("calibration =", name, kMethods);
}

std::string_view to_string(CalibrationMethod method) {
  return name_of(method, kMethods);
}

Calibrator fit_calibrator(CalibrationMethod method, const Forecasts& held_out) {
  check_forecasts(held_out);
  Calibrator out{.method = method, .classes = held_out.classes};
  if (method == CalibrationMethod::none) return out;
  const Sample sample(held_out);
  for (std::size_t c = 0; c < sample.classes; ++c) {
    if (sample.rows_of_class[c] == 0) {
      throw DataError(fmt::format(
          "class {} came in none of {} rows that calibrate: nothing is known of its probabilities. Hold out "
          "rows in which every class came, or calibrate by 'none'.",
          c, sample.rows()));
    }
    out.prior.push_back(sample.weight_of_class[c] / sample.weight_of_all);
  }
  const auto rarest = std::min_element(sample.rows_of_class.begin(), sample.rows_of_class.end());
  if (method == CalibrationMethod::automatic)
    out.method = *rarest >= kAutomaticIsotonicRows ? CalibrationMethod::isotonic : CalibrationMethod::temperature;
  if (out.method == CalibrationMethod::isotonic && *rarest < kIsotonicRows) {
    throw ConfigError(fmt::format(
        "isotonic calibration asks for {} rows of each class, and class {} came in {}: it would fit chance. Calibrate "
        "by 'temperature' or 'sigmoid', or hold out more rows.",
        kIsotonicRows, rarest - sample.rows_of_class.begin(), *rarest));
  }
  if (out.method == CalibrationMethod::temperature) fit_temperature(sample, out);
  for (std::size_t c = 0; c < sample.classes; ++c) {
    if (out.method == CalibrationMethod::sigmoid) out.sigmoid.push_back(fit_sigmoid(sample, c));
    if (out.method == CalibrationMethod::isotonic) out.isotonic.push_back(fit_isotonic(sample, c));
  }
  return out;
}

void check_calibrator(const Calibrator& calibrator) {
  const std::size_t classes = calibrator.classes;
  const auto refuse = [&](const std::string& what) {
    throw DataError(fmt::format("a calibrator of {} classes by '{}' {}. No fit makes that: fit it again.", classes,
                                to_string(calibrator.method), what));
  };
  const auto is_share = [](double each) { return each >= 0 && each <= 1; };
  const auto rises = [](const std::vector<double>& values) {
    return std::adjacent_find(values.begin(), values.end(), std::greater_equal<>()) == values.end();
  };
  switch (calibrator.method) {
    case CalibrationMethod::none:
      if (classes == 0) refuse("has no classes");
      return;
    case CalibrationMethod::temperature:
      if (!(calibrator.temperature >= kLeastTemperature && calibrator.temperature <= kMostTemperature))
        refuse(fmt::format("has the temperature {}; expected {} to {}", calibrator.temperature, kLeastTemperature,
                           kMostTemperature));
      break;
    case CalibrationMethod::sigmoid:
      if (calibrator.sigmoid.size() != classes) refuse(fmt::format("has {} curves", calibrator.sigmoid.size()));
      for (const SigmoidCurve& curve : calibrator.sigmoid) {
        if (!std::isfinite(curve.slope) || !std::isfinite(curve.intercept))
          refuse(fmt::format("has a curve of slope {} and intercept {}", curve.slope, curve.intercept));
      }
      break;
    case CalibrationMethod::isotonic:
      if (calibrator.isotonic.size() != classes) refuse(fmt::format("has {} curves", calibrator.isotonic.size()));
      for (const IsotonicCurve& curve : calibrator.isotonic) {
        if (curve.at.empty() || curve.at.size() != curve.share.size())
          refuse(fmt::format("has a curve of {} places and {} shares", curve.at.size(), curve.share.size()));
        if (!std::all_of(curve.at.begin(), curve.at.end(), is_share) ||
            !std::all_of(curve.share.begin(), curve.share.end(), is_share))
          refuse("has a curve beyond 0 to 1");
        if (!rises(curve.at) || !std::is_sorted(curve.share.begin(), curve.share.end()))
          refuse("has a curve that does not rise");
      }
      break;
    case CalibrationMethod::automatic:
    default:
      refuse("has chosen no method");
  }
  const std::vector<double>& prior = calibrator.prior;
  if (classes == 0 || prior.size() != classes || !std::all_of(prior.begin(), prior.end(), is_share) ||
      std::fabs(std::accumulate(prior.begin(), prior.end(), 0.0) - 1) > 1e-6)
    refuse("has priors that are no shares of its classes");
}

std::vector<double> calibrate(const Calibrator& calibrator, std::span<const double> probability) {
  check_calibrator(calibrator);
  const std::size_t classes = calibrator.classes;
  if (probability.size() % classes != 0) throw std::invalid_argument("probabilities that fill no rows");
  if (probability.empty()) return {};
  // What is asked of probabilities does not depend on what came.
  check_forecasts({.classes = classes,
                   .probability = probability,
                   .truth = std::vector<std::int32_t>(probability.size() / classes)});
  std::vector<double> out(probability.begin(), probability.end());
  if (calibrator.method == CalibrationMethod::none) return out;
  for (std::size_t at = 0; at < out.size(); at += classes)
    calibrate_row(calibrator, probability.subspan(at, classes), std::span(out).subspan(at, classes));
  return out;
}

}  // namespace moola::validation
