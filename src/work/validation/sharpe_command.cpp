#include "work/validation/sharpe_command.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <numeric>
#include <optional>

#include "base/command_line.h"
#include "base/error.h"
#include "base/nearest.h"
#include "base/text_table.h"
#include "base/thread_count.h"
#include "market/checks/tail_probabilities.h"
#include "validation/multiple_testing.h"
#include "validation/normal.h"
#include "validation/sharpe.h"
#include "validation/trial_clusters.h"
#include "work/validation/return_options.h"

namespace moola::work {
namespace {

using validation::ReturnMoments;

constexpr double kYear = 365.25 * 86400e9;  // ns
constexpr std::size_t kShown = 20;          // lines of the table for people

struct Arguments {
  CommonOptions common;
  ReturnSource source;
  std::string judged;
  std::optional<double> trials, trial_variance, periods;
  double benchmark = 0, risk_free = 0, confidence = 0.95;
  bool drop_constant = false;
};

struct Line {
  ReturnMoments moments;
  double error = 0;  // standard error of the Sharpe ratio, autocorrelation allowed for
  double psr = 0;
  double chance = 0;  // of such a ratio under the benchmark
  double holm = 0, bh = 0, by = 0;
};

struct Found {
  std::vector<Line> lines;
  std::vector<std::size_t> order;  // of columns, the highest Sharpe ratio first
  std::size_t judged = 0;
  double trials = 1, trial_variance = 0;
  std::string variance_from;
  std::optional<double> periods;  // rows of a year
  double deflation = 0, dsr = 0, min_track_record = 0;
  std::optional<std::size_t> effective;  // clusters of the columns; none for a single one
  double effective_dsr = 0;
  std::optional<double> annual, lo, min_backtest_years;
};

ReturnMoments measure(const ReturnMatrix& returns, std::size_t column, const std::vector<double>& values,
                      double risk_free) {
  try {
    return validation::measure_returns(values, risk_free);
  } catch (const DataError& error) {
    throw DataError(fmt::format("column '{}' of {}: {}", returns.names[column], returns.source, error.what()));
  }
}

void take_constant(const Arguments& arguments, ReturnMatrix& returns) {
  const std::vector<bool> constant = constant_columns(returns);
  if (std::ranges::find(constant, true) == constant.end()) return;
  if (arguments.drop_constant) {
    returns.drop_columns(constant, "never changes");
    if (returns.columns() == 0) throw DataError(returns.source + " has no column that ever changes.");
    return;
  }
  std::vector<std::string> names;
  for (std::size_t c = 0; c < constant.size(); ++c) {
    if (constant[c]) names.push_back(returns.names[c]);
  }
  throw DataError(fmt::format(
      "column{} {} of {} never change{}: what does nothing has no Sharpe ratio. Leave such columns out by "
      "--drop-constant; they still were trials: --trials {}.",
      names.size() == 1 ? "" : "s", fmt::join(std::span(names).first(std::min<std::size_t>(5, names.size())), ", "),
      returns.source, names.size() == 1 ? "s" : "", returns.columns()));
}

std::size_t find_judged(const ReturnMatrix& returns, const Found& found, const std::string& name) {
  if (name.empty()) return found.order.front();
  const auto at = std::ranges::find(returns.names, name);
  if (at == returns.names.end()) {
    throw ConfigError(
        fmt::format("--judge {}: {} has no such column.{}", name, returns.source, did_you_mean(name, returns.names)));
  }
  return static_cast<std::size_t>(at - returns.names.begin());
}

// How much Sharpe ratios of trials differ: as they do here, or as those of one track record without skill would.
void set_trials(const Arguments& arguments, const ReturnMatrix& returns, Found& found) {
  const std::size_t columns = returns.columns();
  found.trials = arguments.trials.value_or(static_cast<double>(columns));
  if (found.trials < static_cast<double>(columns)) {
    throw ConfigError(fmt::format("--trials {}: {} holds {} configurations, so at least as many were tried.",
                                  found.trials, returns.source, columns));
  }
  if (arguments.trial_variance) {
    if (!(*arguments.trial_variance >= 0))
      throw ConfigError(fmt::format("--trial-variance {}: expected 0 or more.", *arguments.trial_variance));
    found.trial_variance = *arguments.trial_variance;
    found.variance_from = "as given";
  } else {
    std::vector<double> sharpes;
    for (const Line& line : found.lines) sharpes.push_back(line.moments.sharpe);
    found.trial_variance = validation::variance_of_trials(sharpes, returns.rows());
    found.variance_from =
        columns >= 2 ? fmt::format("of the {} here", columns) : "as of one record without skill, 1 / (rows - 1)";
  }
}

Found appraise(const Arguments& arguments, const ReturnMatrix& returns) {
  Found found;
  std::vector<double> chances;
  for (std::size_t column = 0; column < returns.columns(); ++column) {
    const std::vector<double> values = returns.column(column);
    Line line{.moments = measure(returns, column, values, arguments.risk_free)};
    line.error = validation::sharpe_standard_error(values, arguments.risk_free);
    line.psr = validation::probabilistic_sharpe(line.moments, arguments.benchmark);
    line.chance = market::normal_cdf(-(line.moments.sharpe - arguments.benchmark) / line.error);
    chances.push_back(line.chance);
    found.lines.push_back(line);
  }
  const auto holm = validation::holm(chances), bh = validation::benjamini_hochberg(chances),
             by = validation::benjamini_yekutieli(chances);
  for (std::size_t c = 0; c < chances.size(); ++c) {
    found.lines[c].holm = holm[c];
    found.lines[c].bh = bh[c];
    found.lines[c].by = by[c];
  }
  found.order.resize(returns.columns());
  std::iota(found.order.begin(), found.order.end(), std::size_t{0});
  std::ranges::stable_sort(found.order, std::greater<>(), [&](std::size_t c) { return found.lines[c].moments.sharpe; });
  found.judged = find_judged(returns, found, arguments.judged);
  set_trials(arguments, returns, found);

  const ReturnMoments& moments = found.lines[found.judged].moments;
  found.deflation = validation::deflation_benchmark(found.trial_variance, found.trials);
  found.dsr = validation::deflated_sharpe(moments, found.trial_variance, found.trials);
  if (returns.columns() > 1) {
    const validation::TrialClusters clusters = validation::cluster_trials(
        returns.values, returns.columns(), {.risk_free = arguments.risk_free}, thread_count(0));
    found.effective = clusters.effective();
    // Of one cluster nothing is known of how trials differ but what they would without skill.
    const double variance =
        clusters.effective() > 1 ? clusters.sharpe_variance : 1.0 / static_cast<double>(returns.rows() - 1);
    found.effective_dsr = validation::deflated_sharpe(moments, variance, static_cast<double>(clusters.effective()));
  }
  found.min_track_record = validation::min_track_record(moments, arguments.benchmark, arguments.confidence);
  if (arguments.periods) {
    found.periods = arguments.periods;
  } else if (returns.time.size() >= 2) {
    found.periods = static_cast<double>(returns.rows() - 1) * kYear /
                    (static_cast<double>(returns.time.back()) - static_cast<double>(returns.time.front()));
  }
  if (found.periods) {
    found.annual = moments.sharpe * std::sqrt(*found.periods);
    const auto rows = static_cast<std::size_t>(std::llround(std::max(1.0, *found.periods)));
    found.lo = validation::annual_sharpe(returns.column(found.judged), rows, arguments.risk_free,
                                         validation::usual_lags(returns.rows()));
    if (*found.annual > 0) found.min_backtest_years = validation::min_backtest_years(found.trials, *found.annual);
  }
  return found;
}

// Half the width of an interval of this confidence, in standard errors.
double half_width(double confidence) {
  return validation::normal_quantile(0.5 + confidence / 2);
}

Json answer(const Arguments& arguments, const ReturnMatrix& returns, const Found& found) {
  const Line& line = found.lines[found.judged];
  const double half = half_width(arguments.confidence) * line.error;
  const auto or_null = [](const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); };
  Json out = returns_json(returns);
  out.update({{"judged", returns.names[found.judged]},
              {"observations", line.moments.observations},
              {"mean", line.moments.mean},
              {"deviation", line.moments.deviation},
              {"skew", line.moments.skew},
              {"kurtosis", line.moments.kurtosis},
              {"sharpe", line.moments.sharpe},
              {"standard_error", line.error},
              {"interval", {line.moments.sharpe - half, line.moments.sharpe + half}},
              {"confidence", arguments.confidence},
              {"benchmark", arguments.benchmark},
              {"psr", line.psr},
              {"trials", found.trials},
              {"trial_variance", found.trial_variance},
              {"expected_maximum", found.deflation},
              {"dsr", found.dsr},
              {"effective_trials", found.effective ? Json(*found.effective) : Json(nullptr)},
              {"effective_dsr", found.effective ? Json(found.effective_dsr) : Json(nullptr)},
              {"min_track_record", found.min_track_record},
              {"periods_per_year", or_null(found.periods)},
              {"annual_sharpe", or_null(found.annual)},
              {"annual_sharpe_lo", or_null(found.lo)},
              {"min_backtest_years", or_null(found.min_backtest_years)}});
  Json all = Json::array();
  for (const std::size_t c : found.order) {
    const Line& each = found.lines[c];
    all.push_back({{"name", returns.names[c]},
                   {"sharpe", each.moments.sharpe},
                   {"standard_error", each.error},
                   {"psr", each.psr},
                   {"p", each.chance},
                   {"p_holm", each.holm},
                   {"p_bh", each.bh},
                   {"p_by", each.by}});
  }
  out["all"] = std::move(all);
  return out;
}

void print(const Arguments& arguments, const ReturnMatrix& returns, const Found& found) {
  const Line& line = found.lines[found.judged];
  const double half = half_width(arguments.confidence) * line.error;
  std::string text = describe_returns(returns);
  if (returns.columns() > 1) {
    text += fmt::format("  judged        {}{}\n", returns.names[found.judged],
                        arguments.judged.empty() ? ", the best by its Sharpe ratio" : "");
  }
  text += fmt::format(
      "  returns       mean {:.4g}, deviation {:.4g}, skew {:.3g}, kurtosis {:.3g} (normal: 3)\n"
      "  Sharpe        {:.4g} a row, {:g} % interval {:.4g} to {:.4g} (autocorrelation allowed for)\n",
      line.moments.mean, line.moments.deviation, line.moments.skew, line.moments.kurtosis, line.moments.sharpe,
      100 * arguments.confidence, line.moments.sharpe - half, line.moments.sharpe + half);
  if (found.annual) {
    text += fmt::format("  a year        {:.3g} of {:.6g} rows; {:.3g} with its autocorrelation (Lo)\n", *found.annual,
                        *found.periods, *found.lo);
  } else {
    text += "  a year        not known without times: --periods-per-year says how many rows it has\n";
  }
  text += fmt::format(
      "  PSR           {:.4f}: how likely the true ratio is above {:g}\n"
      "  DSR           {:.4f}: above {:.4g}, what the best of {:g} trials without skill has (variance {:.3g}, {})\n",
      line.psr, arguments.benchmark, found.dsr, found.deflation, found.trials, found.trial_variance,
      found.variance_from);
  if (found.effective) {
    text += fmt::format("  by clusters   {:.4f}: the DSR where columns that move together are one trial, {} in all\n",
                        found.effective_dsr, *found.effective);
  }
  text += std::isfinite(found.min_track_record)
              ? fmt::format("  track record  {:.0f} rows until PSR is {:g}; there are {}\n",
                            std::ceil(found.min_track_record), arguments.confidence, line.moments.observations)
              : fmt::format("  track record  none is long enough: the ratio is not above {:g}\n", arguments.benchmark);
  if (found.min_backtest_years) {
    text += fmt::format("  backtest      {:.3g} years at least, for {:g} trials without skill to stay below it\n",
                        *found.min_backtest_years, found.trials);
  }
  std::cout << text;
  if (returns.columns() == 1) return;
  TextTable table({{"configuration"},
                   {"Sharpe", Align::right},
                   {"error", Align::right},
                   {"PSR", Align::right},
                   {"p", Align::right},
                   {"Holm", Align::right},
                   {"BH", Align::right},
                   {"BY", Align::right}});
  for (std::size_t i = 0; i < std::min(kShown, found.order.size()); ++i) {
    const Line& each = found.lines[found.order[i]];
    table.row({returns.names[found.order[i]], fmt::format("{:.4g}", each.moments.sharpe),
               fmt::format("{:.4g}", each.error), fmt::format("{:.4f}", each.psr), fmt::format("{:.4f}", each.chance),
               fmt::format("{:.4f}", each.holm), fmt::format("{:.4f}", each.bh), fmt::format("{:.4f}", each.by)});
  }
  std::cout << "\n" << table.text();
  if (found.order.size() > kShown)
    std::cout << fmt::format("and {} more: --json has all\n", found.order.size() - kShown);
}

void run(Arguments& arguments) {
  if (!(arguments.confidence > 0.5 && arguments.confidence < 1)) {
    throw ConfigError(
        fmt::format("--confidence {}: expected above 0.5 and below 1, such as 0.95.", arguments.confidence));
  }
  if (arguments.periods && !(*arguments.periods >= 1 && *arguments.periods <= 1e9)) {
    throw ConfigError(fmt::format("--periods-per-year {}: expected how many rows a year has, such as 252 of days.",
                                  *arguments.periods));
  }
  ReturnMatrix returns = read_returns(arguments.source);
  take_constant(arguments, returns);
  const Found found = appraise(arguments, returns);
  if (arguments.common.json) {
    std::cout << json_text(answer(arguments, returns, found), 2) << "\n";
  } else {
    print(arguments, returns, found);
  }
}

}  // namespace

void add_sharpe_command(CLI::App& app) {
  app.description(
      "The Sharpe ratio of returns and how far to believe it: its error, the probabilistic and the deflated ratio, the "
      "record it takes, and what many trials do to it. With several columns the best is judged as the best of them.");
  app.footer(
      "Examples:\n"
      "  moola sharpe returns.csv\n"
      "  moola sharpe returns.csv --trials 200 --periods-per-year 252\n"
      "  moola sharpe all.parquet --judge xgb-3 --json\n");
  auto arguments = std::make_shared<Arguments>();
  add_return_options(app, arguments->source);
  app.add_option("--trials", arguments->trials,
                 "how many configurations were tried in all, of which this is the best (default: the columns)")
      ->type_name("N");
  app.add_option("--trial-variance", arguments->trial_variance,
                 "variance of the trials' Sharpe ratios, of a row (default: of the columns')")
      ->type_name("V");
  app.add_option("--judge", arguments->judged, "the configuration to judge (default: the best)")->type_name("NAME");
  app.add_option("--periods-per-year", arguments->periods, "rows of a year (default: by the times of the rows)")
      ->type_name("N");
  app.add_option("--benchmark", arguments->benchmark, "the ratio to be above, of a row (default 0)")->type_name("SR");
  app.add_option("--risk-free", arguments->risk_free, "return without risk, of a row (default 0)")->type_name("R");
  app.add_option("--confidence", arguments->confidence, "of the interval and the track record (default 0.95)")
      ->type_name("P");
  app.add_flag("--drop-constant", arguments->drop_constant, "leave out columns that never change");
  add_common_options(app, arguments->common);
  app.callback([arguments] { run(*arguments); });
}

}  // namespace moola::work
