#pragma once
// Random walks with a table of features over them, of which one may know the next move: whatever an evaluation says of
// them, the truth is known.
#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numbers>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "data/tables/feature_table_file.h"
#include "tests/work/bars_workspace.h"

namespace moola::test {

struct WalkOptions {
  std::uint64_t seed = 1;
  std::size_t bars = 2500, horizon = 5;
  double right = 0.5;  // how often the next bar goes where the feature "knows" says: up where it is far from 0
};

inline constexpr double kMove = 0.001;  // standard deviation of a bar's log return

/// Bars of five minutes, each of which opens where the last one closed and moves by normal steps.
struct PlantedWalk {
  WalkOptions options;
  market::Bars bars = {};
  std::vector<std::vector<double>> columns = {};  // knows, slow, noise, past

  explicit PlantedWalk(const WalkOptions& given) : options(given) {
    std::mt19937_64 random(options.seed);
    std::normal_distribution<double> normal(0, 1);
    std::uniform_real_distribution<double> uniform(0, 1);
    bars.resize(options.bars);
    columns.assign(4, std::vector<double>(options.bars));
    double level = std::log(100.0), slow = 0, sign = 1;
    for (std::size_t i = 0; i < options.bars; ++i) {
      // What the feature of the bar before says.
      const double move = kMove * std::fabs(normal(random)) * (uniform(random) < options.right ? sign : -sign);
      bars.time[i] = kFirstStamp + static_cast<std::int64_t>(i) * 5 * kMinuteNs;
      bars.open[i] = std::exp(level);
      bars.close[i] = std::exp(level += move);
      bars.high[i] = std::max(bars.open[i], bars.close[i]);
      bars.low[i] = std::min(bars.open[i], bars.close[i]);
      bars.volume[i] = 1000;
      columns[0][i] = 2 * uniform(random) - 1;
      sign = std::fabs(columns[0][i]) > 0.5 ? 1 : -1;
      slow = 0.9 * slow + normal(random);
      columns[1][i] = slow;
      columns[2][i] = normal(random);
      columns[3][i] = i >= 10 ? std::log(bars.close[i] / bars.close[i - 10]) : 0;
    }
  }

  /// As bars/SYM/v1 and feature_table/walk/v1, whose labels say where the price is a horizon later.
  void store(const BarsWorkspace& workspace) const {
    data::TableRows rows;
    data::HorizonColumns labels{.horizon = static_cast<std::int32_t>(options.horizon)};
    for (std::size_t i = 0; i + options.horizon < bars.size(); ++i) {
      rows.time.push_back(bars.time[i]);
      rows.segment.push_back(0);
      labels.label.push_back(bars.close[i + options.horizon] > bars.close[i] ? 1 : -1);
      labels.t1.push_back(bars.time[i + options.horizon]);
    }
    rows.horizons.push_back(std::move(labels));
    workspace.import(bars, "SYM");
    data::DatasetWriter writer(workspace.folder(), {"feature_table", "walk"});
    data::write_feature_table(writer, rows, {.feature_names = {"knows", "slow", "noise", "past"}, .symbols = {"SYM"}},
                              [&](std::uint64_t begin, std::uint64_t count, std::span<double> out) {
                                for (std::size_t i = 0; i < count; ++i) {
                                  for (std::size_t c = 0; c < columns.size(); ++c)
                                    out[i * columns.size() + c] = columns[c][begin + i];
                                }
                              });
    writer.finish();
  }

  /// The Sharpe ratio of a bar of whoever follows "knows", a position a bar: moves are half-normal, and of E|z| =
  /// sqrt(2/pi) of them 2 right - 1 is left.
  static double sharpe_of(double right) {
    const double mean = (2 * right - 1) * std::sqrt(2 / std::numbers::pi);
    return mean / std::sqrt(1 - mean * mean);
  }
};

/// Small and quick models, whose settings `more` adds to.
inline Json evaluate_walk(const BarsWorkspace& workspace, const std::string& job, double cost_percent,
                          const std::vector<std::string>& more) {
  std::vector<std::string> arguments{"--quiet", "--ranks", "1"};
  for (const std::string& each :
       {std::string("data.table=walk/v1"), std::string(R"(backtest.bars=["SYM/v1"])"),
        fmt::format("backtest.costs=[\"SYM={}%\"]", cost_percent), std::string("xgboost.trees=20"),
        std::string(R"(models.names=["prior","logistic","xgboost"])"), std::string("bootstrap.replicates=0"),
        std::string("overfitting.blocks=8"), std::string("run.threads=1")})
    arguments.insert(arguments.end(), {"--set", each});
  for (const std::string& each : more) arguments.insert(arguments.end(), {"--set", each});
  return workspace.answer(job, arguments);
}

/// The 90 % interval of the annual Sharpe ratio, as the report has it.
struct SharpeInterval {
  double low, high;
  bool holds(double value) const { return low <= value && value <= high; }
};
inline SharpeInterval sharpe_interval(const Json& found, const std::string& model) {
  const Json& backtest = found["models"][model]["backtest"];
  const double half =
      1.6448536269514722 * backtest["sharpe_error"].get<double>() * std::sqrt(found["periods_per_year"].get<double>());
  const double sharpe = backtest["annual_sharpe"].get<double>();
  return {sharpe - half, sharpe + half};
}

/// The chance of `count` or more of `n` that come with the chance `p` each.
inline double at_least(std::size_t count, std::size_t n, double p) {
  double out = 0;
  for (std::size_t k = count; k <= n; ++k) {
    const auto a = static_cast<double>(k), b = static_cast<double>(n - k), all = static_cast<double>(n);
    out +=
        std::exp(std::lgamma(all + 1) - std::lgamma(a + 1) - std::lgamma(b + 1) + a * std::log(p) + b * std::log1p(-p));
  }
  return out;
}

/// The fewest of n that come with a chance below 1e-3, and so say that the chance is more than p.
inline std::size_t too_many(std::size_t n, double p) {
  std::size_t out = 0;
  while (at_least(out, n, p) >= 1e-3) ++out;
  return out;
}

}  // namespace moola::test
