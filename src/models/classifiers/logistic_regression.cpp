#include "models/classifiers/logistic_regression.h"

#include <fmt/format.h>
#include <lbfgs.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>
#include <limits>
#include <memory>
#include <numeric>
#include <stdexcept>

#include "base/error.h"
#include "base/isa.h"
#include "base/parallel_pieces.h"
#include "market/portable_exp.h"
#include "market/portable_log.h"
#include "models/classifiers/classifier_file.h"
#include "models/classifiers/learnable_samples.h"

namespace moola::models {
namespace {

// Sums run in eight lanes, whatever registers there are, and are added up in one order: the same bits on all of them.
constexpr std::size_t kLanes = 8, kRows = 4;  // of a sum; of a step through the rows
constexpr std::size_t kMostPieces = 128, kLeastRowsPerPiece = 256;

struct alignas(64) Block {
  double values[kLanes] = {};
};

std::size_t blocks_of(std::size_t count) {
  return (count + kLanes - 1) / kLanes;
}

// What a register holds, and the floats that it is made of.
struct Two {
  using Doubles = double __attribute__((vector_size(16), may_alias));
  using Floats = float __attribute__((vector_size(8), aligned(4), may_alias));
};
struct Four {
  using Doubles = double __attribute__((vector_size(32), may_alias));
  using Floats = float __attribute__((vector_size(16), aligned(4), may_alias));
};
struct Eight {
  using Doubles = double __attribute__((vector_size(64), may_alias));
  using Floats = float __attribute__((vector_size(32), aligned(4), may_alias));
};

// Reads `count` rows into x (kRows, blocks), zeros behind their last feature, and multiplies all by the coefficients
// (classes, blocks): out (kRows, classes).
template <class Register>
[[gnu::always_inline]] inline void multiply(const float* const* from, std::size_t count, std::size_t features,
                                            const Block* coefficients, std::size_t classes, Block* x, double* out) {
  using Doubles = typename Register::Doubles;
  constexpr std::size_t kHeld = sizeof(Doubles) / sizeof(double), kParts = kLanes / kHeld;
  constexpr std::size_t kAtOnce = std::min<std::size_t>(kParts, 2);  // what registers suffice for
  const std::size_t blocks = blocks_of(features), whole = features / kHeld;
  for (std::size_t row = 0; row < count; ++row) {
    auto* to = reinterpret_cast<Doubles*>(x + row * blocks);
    for (std::size_t i = 0; i < whole; ++i) {
      to[i] =
          __builtin_convertvector(*reinterpret_cast<const typename Register::Floats*>(from[row] + i * kHeld), Doubles);
    }
    for (std::size_t c = whole * kHeld; c < features; ++c)
      x[row * blocks + c / kLanes].values[c % kLanes] = from[row][c];
  }
  for (std::size_t k = 0; k < classes; ++k) {
    alignas(64) double lanes[kRows][kLanes];
    for (std::size_t part = 0; part < kParts; part += kAtOnce) {
      const auto* by = reinterpret_cast<const Doubles*>(coefficients + k * blocks) + part;
      const auto* row = reinterpret_cast<const Doubles*>(x) + part;
      Doubles sums[kRows][kAtOnce] = {};
      for (std::size_t b = 0; b < blocks; ++b) {
#pragma GCC unroll 2
        for (std::size_t i = 0; i < kAtOnce; ++i) {
          const Doubles each = by[b * kParts + i];
#pragma GCC unroll 4
          for (std::size_t r = 0; r < kRows; ++r) sums[r][i] += each * row[(r * blocks + b) * kParts + i];
        }
      }
#pragma GCC unroll 4
      for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
        for (std::size_t i = 0; i < kAtOnce; ++i)
          *reinterpret_cast<Doubles*>(&lanes[r][(part + i) * kHeld]) = sums[r][i];
      }
    }
    for (std::size_t r = 0; r < kRows; ++r) {
      const double* v = lanes[r];
      out[r * classes + k] = ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
    }
  }
}

// Adds each row times its errors (kRows, classes) to the gradient (classes, blocks).
template <class Register>
[[gnu::always_inline]] inline void add(const Block* x, const double* error, std::size_t blocks, std::size_t classes,
                                       Block* gradient) {
  using Doubles = typename Register::Doubles;
  const std::size_t count = blocks * sizeof(Block) / sizeof(Doubles);
  const auto* rows = reinterpret_cast<const Doubles*>(x);
  for (std::size_t k = 0; k < classes; ++k) {
    auto* to = reinterpret_cast<Doubles*>(gradient + k * blocks);
    const double first = error[k], second = error[classes + k], third = error[2 * classes + k],
                 fourth = error[3 * classes + k];
    for (std::size_t i = 0; i < count; ++i) {
      to[i] = (((to[i] + first * rows[i]) + second * rows[count + i]) + third * rows[2 * count + i]) +
              fourth * rows[3 * count + i];
    }
  }
}

[[gnu::target("arch=x86-64-v2")]] void multiply_v2(const float* const* from, std::size_t count, std::size_t features,
                                                   const Block* coefficients, std::size_t classes, Block* x,
                                                   double* out) {
  multiply<Two>(from, count, features, coefficients, classes, x, out);
}
[[gnu::target("arch=x86-64-v3")]] void multiply_v3(const float* const* from, std::size_t count, std::size_t features,
                                                   const Block* coefficients, std::size_t classes, Block* x,
                                                   double* out) {
  multiply<Four>(from, count, features, coefficients, classes, x, out);
}
[[gnu::target("arch=x86-64-v4")]] void multiply_v4(const float* const* from, std::size_t count, std::size_t features,
                                                   const Block* coefficients, std::size_t classes, Block* x,
                                                   double* out) {
  multiply<Eight>(from, count, features, coefficients, classes, x, out);
}
[[gnu::target("arch=x86-64-v2")]] void add_v2(const Block* x, const double* error, std::size_t blocks,
                                              std::size_t classes, Block* gradient) {
  add<Two>(x, error, blocks, classes, gradient);
}
[[gnu::target("arch=x86-64-v3")]] void add_v3(const Block* x, const double* error, std::size_t blocks,
                                              std::size_t classes, Block* gradient) {
  add<Four>(x, error, blocks, classes, gradient);
}
[[gnu::target("arch=x86-64-v4")]] void add_v4(const Block* x, const double* error, std::size_t blocks,
                                              std::size_t classes, Block* gradient) {
  add<Eight>(x, error, blocks, classes, gradient);
}

// One binary for all x86-64.
struct Kernel {
  decltype(&multiply_v2) multiply_rows;
  decltype(&add_v2) add_rows;
};

const Kernel& kernel_of(Isa set) {
  static constexpr Kernel kV2{.multiply_rows = multiply_v2, .add_rows = add_v2};
  static constexpr Kernel kV3{.multiply_rows = multiply_v3, .add_rows = add_v3};
  static constexpr Kernel kV4{.multiply_rows = multiply_v4, .add_rows = add_v4};
  return for_isa(set, kV2, kV3, kV4);
}

// Coefficients and intercepts where the loops want them.
struct Spaced {
  std::size_t classes, features, blocks;
  std::vector<Block> coefficients;  // (classes, blocks)
  std::span<const double> intercepts;

  Spaced(std::span<const double> values, std::size_t of_classes, std::size_t of_features)
      : classes(of_classes),
        features(of_features),
        blocks(blocks_of(of_features)),
        coefficients(classes * blocks),
        intercepts(values.last(classes)) {
    for (std::size_t k = 0; k < classes; ++k) {
      for (std::size_t c = 0; c < features; ++c)
        coefficients[k * blocks + c / kLanes].values[c % kLanes] = values[k * features + c];
    }
  }
};

// Steps through rows, kRows at a time: `x` their features, `values` what the classes' linear functions say of a row.
class Step {
 public:
  Step(const Spaced& spaced, Isa set)
      : spaced_(spaced), kernel_(kernel_of(set)), x_(kRows * spaced.blocks), values_(kRows * spaced.classes) {}

  void go(const Samples& samples, std::span<const std::size_t> at) {
    std::array<const float*, kRows> from{};
    for (std::size_t i = 0; i < at.size(); ++i) from[i] = samples.sample(at[i]).data();
    kernel_.multiply_rows(from.data(), at.size(), spaced_.features, spaced_.coefficients.data(), spaced_.classes,
                          x_.data(), values_.data());
    for (std::size_t i = 0; i < at.size(); ++i) {
      for (std::size_t k = 0; k < spaced_.classes; ++k) values_[i * spaced_.classes + k] += spaced_.intercepts[k];
    }
  }
  std::span<double> values(std::size_t i) { return std::span(values_).subspan(i * spaced_.classes, spaced_.classes); }

  /// Adds the rows times `error` (kRows, classes), 0 for those that were not there, to `gradient` (classes, blocks).
  void add(const std::vector<double>& error, Block* gradient) const {
    kernel_.add_rows(x_.data(), error.data(), spaced_.blocks, spaced_.classes, gradient);
  }

 private:
  const Spaced& spaced_;
  const Kernel& kernel_;
  std::vector<Block> x_;
  std::vector<double> values_;
};

std::size_t rows_per_piece(std::size_t rows) {
  return std::max(kLeastRowsPerPiece, (rows + kMostPieces - 1) / kMostPieces);
}

double total(std::span<const double> weights) {
  return std::accumulate(weights.begin(), weights.end(), 0.0);
}

double largest(std::span<const double> values) {
  double out = 0;
  for (const double value : values) out = std::max(out, std::fabs(value));
  return out;
}

double penalty_strength(const LogisticRows& rows, double c) {
  // Coefficients of two classes are each other's negatives, each half of the difference: half of its square in sum.
  return (rows.classes == 2 ? 2.0 : 1.0) / (c * total(rows.weight));
}

}  // namespace

double logistic_loss(const LogisticRows& rows, double strength, std::span<const double> values,
                     std::span<double> gradient, unsigned threads, Isa set) {
  const std::size_t n = rows.rows(), classes = rows.classes, features = rows.features();
  if (values.size() != classes * (features + 1) || gradient.size() != values.size() || rows.truth.size() != n ||
      rows.weight.size() != n)
    throw std::invalid_argument("rows, values and gradients of sizes that do not fit");
  const Spaced spaced(values, classes, features);
  const std::size_t blocks = spaced.blocks, size = rows_per_piece(n), pieces = (n + size - 1) / size;
  std::vector<Block> sums(pieces * classes * blocks);
  std::vector<double> intercepts(pieces * classes), losses(pieces);
  for_each_piece(pieces, threads, [&](std::size_t piece) {
    Step step(spaced, set);
    std::vector<double> error(kRows * classes);
    const std::size_t end = std::min(n, (piece + 1) * size);
    for (std::size_t begin = piece * size; begin < end; begin += kRows) {
      const std::size_t count = std::min(kRows, end - begin);
      step.go(rows.samples, rows.at.subspan(begin, count));
      std::fill(error.begin(), error.end(), 0.0);
      for (std::size_t i = 0; i < count; ++i) {
        const std::span<double> p = step.values(i);
        const auto truth = static_cast<std::size_t>(rows.truth[begin + i]);
        const double weight = rows.weight[begin + i], most = *std::max_element(p.begin(), p.end());
        const double of_truth = p[truth] - most;
        double sum = 0;
        for (double& each : p) {
          each = market::portable_exp(each - most);
          sum += each;
        }
        losses[piece] += weight * (market::portable_log(sum) - of_truth);
        for (std::size_t k = 0; k < classes; ++k) {
          error[i * classes + k] = weight * (p[k] / sum - (k == truth ? 1.0 : 0.0));
          intercepts[piece * classes + k] += error[i * classes + k];
        }
      }
      step.add(error, &sums[piece * classes * blocks]);
    }
  });
  std::fill(gradient.begin(), gradient.end(), 0.0);
  double loss = 0;
  for (std::size_t piece = 0; piece < pieces; ++piece) {
    loss += losses[piece];
    for (std::size_t k = 0; k < classes; ++k) {
      const Block* from = &sums[(piece * classes + k) * blocks];
      for (std::size_t c = 0; c < features; ++c) gradient[k * features + c] += from[c / kLanes].values[c % kLanes];
      gradient[classes * features + k] += intercepts[piece * classes + k];
    }
  }
  const double all = total(rows.weight);
  for (double& each : gradient) each /= all;
  double squares = 0;
  for (std::size_t i = 0; i < classes * features; ++i) {
    squares += values[i] * values[i];
    gradient[i] += strength * values[i];
  }
  return loss / all + strength / 2 * squares;
}

namespace {

struct FreeNumbers {
  void operator()(lbfgsfloatval_t* numbers) const { lbfgs_free(numbers); }
};

// What liblbfgs calls back. It is C: an exception waits here until it is back.
class Minimisation {
 public:
  Minimisation(const LogisticRows& rows, const LogisticOptions& options, unsigned threads,
               const std::function<void()>& check_stop)
      : rows_(rows),
        options_(options),
        threads_(threads),
        check_stop_(check_stop),
        strength_(penalty_strength(rows, options.c)) {}

  LogisticFit run() {
    const std::size_t size = rows_.classes * (rows_.features() + 1);
    if (size > kMostNumbers) {
      throw ConfigError(fmt::format("{} features for {} classes are more than logistic regression takes.",
                                    rows_.features(), rows_.classes));
    }
    const int n = static_cast<int>(size);
    const std::unique_ptr<lbfgsfloatval_t, FreeNumbers> x(lbfgs_malloc(n));
    if (x == nullptr) throw std::bad_alloc();
    const std::span<double> values(x.get(), size);
    start(values);
    lbfgs_parameter_t parameters;
    lbfgs_parameter_init(&parameters);
    parameters.m = 10;
    parameters.epsilon = 0;  // the gradient is judged by `progress`
    parameters.max_iterations = options_.max_iterations;
    const int status = lbfgs(n, x.get(), nullptr, evaluate, progress, this, &parameters);
    if (failed_) std::rethrow_exception(failed_);
    std::vector<double> gradient(size);
    LogisticFit out{.classes = rows_.classes, .features = rows_.features(), .values = {values.begin(), values.end()}};
    out.iterations = iterations_;
    out.loss = logistic_loss(rows_, strength_, values, gradient, threads_);
    for (const double coefficient : out.coefficients()) out.loss -= strength_ / 2 * coefficient * coefficient;
    out.gradient = largest(gradient);
    if (!std::isfinite(out.loss) || !std::isfinite(out.gradient)) {
      throw DataError(
          "the loss of logistic regression is no number: features are too large. Scale them, or leave out the "
          "column that is.");
    }
    out.converged = out.gradient <= options_.tolerance;
    out.ended = out.converged                         ? "the gradient is within the tolerance"
                : status == LBFGSERR_MAXIMUMITERATION ? "max_iterations"
                                                      : "no step makes the loss smaller";
    return out;
  }

 private:
  static constexpr std::size_t kMostNumbers = std::size_t{1} << 30;

  const LogisticRows& rows_;
  const LogisticOptions& options_;
  unsigned threads_;
  const std::function<void()>& check_stop_;
  double strength_;
  int iterations_ = 0;
  std::exception_ptr failed_;

  // No coefficients, and the classes' shares: half of the way where they are unequal.
  void start(std::span<double> values) const {
    std::fill(values.begin(), values.end(), 0.0);
    std::vector<double> shares(rows_.classes);
    for (std::size_t i = 0; i < rows_.rows(); ++i) shares[static_cast<std::size_t>(rows_.truth[i])] += rows_.weight[i];
    double mean = 0;
    for (double& share : shares) {
      share = market::portable_log(share);
      mean += share / static_cast<double>(rows_.classes);
    }
    for (std::size_t k = 0; k < rows_.classes; ++k) values.last(rows_.classes)[k] = shares[k] - mean;
  }

  static lbfgsfloatval_t evaluate(void* self, const lbfgsfloatval_t* x, lbfgsfloatval_t* gradient, int n,
                                  lbfgsfloatval_t /*step*/) {
    auto& minimisation = *static_cast<Minimisation*>(self);
    const auto size = static_cast<std::size_t>(n);
    try {
      if (!minimisation.failed_) {
        return logistic_loss(minimisation.rows_, minimisation.strength_, {x, size}, {gradient, size},
                             minimisation.threads_);
      }
    } catch (...) {
      minimisation.failed_ = std::current_exception();
    }
    // Nothing is lower: the search along this line ends, and `progress` ends the rest.
    std::fill_n(gradient, size, 0.0);
    return -std::numeric_limits<double>::infinity();
  }

  static int progress(void* self, const lbfgsfloatval_t* /*x*/, const lbfgsfloatval_t* gradient,
                      lbfgsfloatval_t /*loss*/, lbfgsfloatval_t /*length*/, lbfgsfloatval_t /*gradient_length*/,
                      lbfgsfloatval_t /*step*/, int n, int iteration, int /*evaluations*/) {
    auto& minimisation = *static_cast<Minimisation*>(self);
    try {
      if (minimisation.failed_) return 1;
      minimisation.iterations_ = iteration;
      minimisation.check_stop_();
      return largest({gradient, static_cast<std::size_t>(n)}) <= minimisation.options_.tolerance ? 1 : 0;
    } catch (...) {
      minimisation.failed_ = std::current_exception();
      return 1;
    }
  }
};

}  // namespace

LogisticFit fit_logistic(const LogisticRows& rows, const LogisticOptions& options, unsigned threads,
                         const std::function<void()>& check_stop) {
  if (rows.classes < 2 || rows.rows() == 0 || rows.features() == 0 || !(options.c > 0) || !(options.tolerance > 0) ||
      options.max_iterations < 1)
    throw std::invalid_argument("logistic regression of fewer than two classes, no rows, or options below their least");
  return Minimisation(rows, options, threads, check_stop).run();
}

std::vector<double> logistic_probabilities(const LogisticFit& fit, const Samples& samples, unsigned threads) {
  if (samples.steps * samples.channels != fit.features || fit.values.size() != fit.classes * (fit.features + 1))
    throw std::invalid_argument("samples of other features than the logistic regression has");
  const std::size_t n = samples.size(), size = kLeastRowsPerPiece;
  const Spaced spaced(fit.values, fit.classes, fit.features);
  std::vector<double> out(n * fit.classes);
  for_each_piece((n + size - 1) / size, threads, [&](std::size_t piece) {
    Step step(spaced, isa());
    const std::size_t end = std::min(n, (piece + 1) * size);
    for (std::size_t begin = piece * size; begin < end; begin += kRows) {
      std::array<std::size_t, kRows> at{};
      const std::size_t count = std::min(kRows, end - begin);
      std::iota(at.begin(), at.end(), begin);
      step.go(samples, std::span(at).first(count));
      for (std::size_t i = 0; i < count; ++i) {
        softmax(step.values(i));
        std::ranges::copy(step.values(i), &out[(begin + i) * fit.classes]);
      }
    }
  });
  return out;
}

Json told_of(const LogisticFit& fit) {
  return {{"converged", fit.converged},
          {"iterations", fit.iterations},
          {"gradient", fit.gradient},
          {"loss", fit.loss},
          {"ended", fit.ended}};
}

namespace {

constexpr const char* kName = "logistic";

class LogisticRegression final : public Classifier {
 public:
  explicit LogisticRegression(Json parameters) : parameters_(std::move(parameters)) {}

  Json fit(const LabelledSamples& train, const FitOptions& options) override {
    const LearnableSamples rows = learnable_samples(train, parameters_.at("class_weight") == "balanced");
    fit_ = fit_logistic({.samples = train.samples,
                         .at = rows.at,
                         .truth = rows.number,
                         .weight = rows.weight,
                         .classes = rows.classes.size()},
                        {.c = parameters_.at("c").get<double>(),
                         .tolerance = parameters_.at("tolerance").get<double>(),
                         .max_iterations = parameters_.at("max_iterations").get<int>()},
                        options.threads, options.check_stop);
    classes_ = rows.classes;
    on_ = {.classes = train.classes, .channels = train.samples.channels, .steps = train.samples.steps};
    Json told = told_of(fit_);
    told["classes"] = classes_;
    return told;
  }

  std::vector<double> predict(const Samples& samples, unsigned threads) const override {
    on_.check(samples, kName);
    check_finite(samples);
    return spread(logistic_probabilities(fit_, samples, threads), classes_, on_.classes);
  }

  std::vector<double> importance() const override {
    std::vector<double> out(fit_.features);
    double all = 0;
    for (std::size_t i = 0; i < fit_.classes * fit_.features; ++i) {
      out[i % fit_.features] += std::fabs(fit_.values[i]);
      all += std::fabs(fit_.values[i]);
    }
    if (!(all > 0)) return {};
    for (double& each : out) each /= all;
    return out;
  }

  void save(const std::filesystem::path& folder) const override {
    if (on_.classes == 0) throw std::logic_error("logistic is saved before it was fitted or loaded");
    const auto classes = static_cast<std::int64_t>(fit_.classes), features = static_cast<std::int64_t>(fit_.features);
    const std::vector<double> coefficients(fit_.coefficients().begin(), fit_.coefficients().end());
    const std::vector<double> intercepts(fit_.intercepts().begin(), fit_.intercepts().end());
    write_arrays(folder, kName, on_,
                 {array_of("coefficients", data::ElementType::f64, coefficients, {classes, features}),
                  array_of("intercepts", data::ElementType::f64, intercepts, {classes})});
    write_classifier(folder, {.model = kName, .on = on_, .parameters = parameters_, .fitted = {{"classes", classes_}}},
                     {kArraysFile});
  }

  void load(const std::filesystem::path& folder) override {
    const ClassifierFile file = read_classifier(folder, kName, {kArraysFile});
    const ModelArrays arrays(folder, kName, file.on);
    std::vector<std::size_t> classes = classes_that_came(folder, file);
    LogisticFit fit{.classes = classes.size(), .features = file.on.features()};
    fit.values = arrays.doubles("coefficients", fit.classes * fit.features);
    const std::vector<double> intercepts = arrays.doubles("intercepts", fit.classes);
    fit.values.insert(fit.values.end(), intercepts.begin(), intercepts.end());
    fit_ = std::move(fit);
    classes_ = std::move(classes);
    on_ = file.on;
    parameters_ = file.parameters;
  }

 private:
  Json parameters_;
  FittedOn on_;
  std::vector<std::size_t> classes_;  // that came
  LogisticFit fit_;
};

}  // namespace

ModelKind logistic_regression_model() {
  return {
      .name = kName,
      .role = "linear",
      .takes = Takes::rows,
      .wants_scaling = true,
      .help = "Softmax regression with a penalty on squares, by L-BFGS.",
      .keys = {{.name = "c", .fallback = 1.0, .low = 1e-9, .high = 1e9, .help = "inverse of the penalty's strength"},
               {.name = "class_weight",
                .fallback = "none",
                .choices = {"none", "balanced"},
                .help = "`balanced`: classes count the same, however often they come; probabilities then are no "
                        "longer those of the data"},
               {.name = "max_iterations", .fallback = 500, .low = 1, .high = 1e6, .help = "of L-BFGS"},
               {.name = "tolerance",
                .fallback = 1e-6,
                .low = 1e-12,
                .high = 1,
                .help = "largest part of the gradient of the mean loss at which the fit is done"}},
      .make = [](const Json& parameters) -> std::unique_ptr<Classifier> {
        return std::make_unique<LogisticRegression>(parameters);
      }};
}

}  // namespace moola::models
