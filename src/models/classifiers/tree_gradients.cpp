#include "models/classifiers/tree_gradients.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "base/parallel_pieces.h"
#include "market/portable_exp.h"

namespace moola::models {
namespace {

constexpr std::size_t kRowsPerPiece = 1024;
constexpr std::size_t kLanes = 64;
using Lanes = std::array<double, kLanes>;  // a number for each of several rows

// `p`: a class each.
void softmax_of_lanes(std::span<Lanes> p) {
  Lanes most = p[0], sum{};
  for (const Lanes& each : p.subspan(1)) {
    for (std::size_t i = 0; i < kLanes; ++i) most[i] = each[i] > most[i] ? each[i] : most[i];
  }
  for (Lanes& each : p) {
    // The same as portable_exp, without its branch, which would have rows go one by one: at -709 the scale is 0.
    Lanes x{}, power{};
    for (std::size_t i = 0; i < kLanes; ++i) x[i] = each[i] - most[i] > -708.0 ? each[i] - most[i] : -709.0;
    for (std::size_t i = 0; i < kLanes; ++i) {
      const auto [scale, part] = market::scaled_exp(x[i]);
      power[i] = (1.0 + part) * scale;
    }
    for (std::size_t i = 0; i < kLanes; ++i) sum[i] += power[i];
    each = power;
  }
  for (Lanes& each : p) {
    for (std::size_t i = 0; i < kLanes; ++i) each[i] /= sum[i];
  }
}

}  // namespace

double gradient_step(std::span<const double> weight) {
  const double all = std::accumulate(weight.begin(), weight.end(), 0.0);
  return std::ldexp(1.0, std::ilogb(all) + 2 - 52);
}

TreeGradients tree_gradients(std::span<const float> margin, std::span<const std::int32_t> truth,
                             std::span<const double> weight, std::size_t classes, unsigned threads) {
  const std::size_t n = truth.size(), outputs = outputs_of(classes);
  if (margin.size() != n * outputs || weight.size() != n)
    throw std::invalid_argument("margins, truths and weights of unequal number");
  // Adding so much leaves no room for less than a step.
  const double shift = gradient_step(weight) * 0x1.8p52;
  const auto rounded = [shift](double value) {
    return static_cast<float>((static_cast<double>(static_cast<float>(value)) + shift) - shift);
  };
  TreeGradients out{.first = std::vector<float>(margin.size()), .second = std::vector<float>(margin.size())};
  // XGBoost doubles the second derivative where there are more than two classes.
  const double doubled = outputs == 1 ? 1.0 : 2.0;
  // As `probabilities`, of rows side by side, which processors take several of at once.
  for_each_piece((n + kRowsPerPiece - 1) / kRowsPerPiece, threads, [&](std::size_t piece) {
    std::vector<Lanes> p(classes), is(classes);
    Lanes w{};
    std::array<float, kLanes> first{}, second{};
    const std::size_t end = std::min(n, (piece + 1) * kRowsPerPiece);
    for (std::size_t begin = piece * kRowsPerPiece; begin < end; begin += kLanes) {
      const std::size_t rows = std::min(kLanes, end - begin), first_class = classes - outputs;
      p[0] = {};
      for (std::size_t k = 0; k < outputs; ++k) {
        for (std::size_t i = 0; i < rows; ++i) p[first_class + k][i] = margin[(begin + i) * outputs + k];
      }
      softmax_of_lanes(p);
      std::ranges::fill(is, Lanes{});
      for (std::size_t i = 0; i < rows; ++i) {
        is[static_cast<std::size_t>(truth[begin + i])][i] = 1;
        w[i] = weight[begin + i];
      }
      for (std::size_t k = 0; k < outputs; ++k) {
        const Lanes &of = p[first_class + k], &truly = is[first_class + k];
        for (std::size_t i = 0; i < kLanes; ++i) {
          first[i] = rounded((of[i] - truly[i]) * w[i]);
          second[i] = rounded(doubled * of[i] * (1 - of[i]) * w[i]);
        }
        for (std::size_t i = 0; i < rows; ++i) {
          out.first[(begin + i) * outputs + k] = first[i];
          out.second[(begin + i) * outputs + k] = second[i];
        }
      }
    }
  });
  return out;
}

}  // namespace moola::models
