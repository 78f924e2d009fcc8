#include "work/validation/pbo_command.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>

#include "base/atomic_file.h"
#include "base/command_line.h"
#include "base/error.h"
#include "base/thread_count.h"
#include "validation/overfitting.h"
#include "work/validation/return_options.h"

namespace moola::work {
namespace {

using validation::Overfitting;

struct Arguments {
  CommonOptions common;
  ReturnSource source;
  validation::OverfittingOptions options;
  std::string metric = "sharpe";
  std::filesystem::path out;
  bool drop_constant = false, force = false;
  unsigned threads = thread_count(0);
};

struct Winner {
  std::size_t column;
  double share;
};

// How often each configuration was chosen, the most often first.
std::vector<Winner> winners(const Overfitting& found) {
  std::vector<std::size_t> count(found.configurations);
  for (const std::uint32_t column : found.winner) ++count[column];
  std::vector<Winner> out;
  for (std::size_t column = 0; column < count.size(); ++column) {
    if (count[column] > 0)
      out.push_back({column, static_cast<double>(count[column]) / static_cast<double>(found.combinations)});
  }
  std::ranges::stable_sort(out, std::greater<>(), &Winner::share);
  return out;
}

std::string verdict(const Overfitting& found, validation::Performance metric) {
  std::string text = fmt::format("choosing the best of {} by {} {}", found.configurations,
                                 validation::to_string(metric), found.verdict());
  if (found.coarse())
    text += fmt::format("; with {} configurations PBO is coarse, 10 or more make it telling", found.configurations);
  return text + ".";
}

Json answer(const Arguments& arguments, const ReturnMatrix& returns, const Overfitting& found) {
  Json out = returns_json(returns);
  out.update({{"pbo", found.pbo},
              {"metric", validation::to_string(arguments.options.performance)},
              {"blocks", arguments.options.blocks},
              {"combinations", found.combinations},
              {"rows_used", found.rows},
              {"rows_dropped", found.dropped},
              {"prob_loss", found.prob_loss},
              {"slope", found.slope},
              {"intercept", found.intercept},
              {"r_squared", found.r_squared},
              {"logit_mean", found.logit_mean},
              {"first_order_dominance", found.first_order},
              {"second_order_dominance", found.second_order},
              {"coarse", found.coarse()},
              {"verdict", verdict(found, arguments.options.performance)}});
  Json chosen = Json::array();
  for (const Winner& winner : winners(found))
    chosen.push_back({{"configuration", returns.names[winner.column]}, {"share", winner.share}});
  out["winners"] = std::move(chosen);
  return out;
}

// All that was found, a number for each combination.
Json details(const ReturnMatrix& returns, const Overfitting& found) {
  Json winner = Json::array();
  for (const std::uint32_t column : found.winner) winner.push_back(returns.names[column]);
  return {{"winner", winner},
          {"inside", found.inside},
          {"outside", found.outside},
          {"logit", found.logit},
          {"dominance", {{"at", found.at}, {"winners_below", found.winners_below}, {"all_below", found.all_below}}}};
}

void print(const ReturnMatrix& returns, const Arguments& arguments, const Overfitting& found) {
  std::string chosen;
  const std::vector<Winner> all = winners(found);
  for (std::size_t i = 0; i < std::min<std::size_t>(3, all.size()); ++i) {
    chosen += fmt::format("{}{} {:.0f} %", i == 0 ? "" : ", ", returns.names[all[i].column], 100 * all[i].share);
  }
  if (all.size() > 3) chosen += fmt::format(", {} others", all.size() - 3);
  std::cout << describe_returns(returns)
            << fmt::format(
                   "  PBO          {:.3f} by {}, over {} ways to choose half of {} blocks of {} rows{}\n"
                   "  logit        {:.3f} on average\n"
                   "  loss         {:.1f} % of the chosen are below {} outside\n"
                   "  degradation  outside = {:.4g} {} {:.4g} x inside, r2 {:.2f}\n"
                   "  dominance    first order {}, second order {}\n"
                   "  chosen       {}\n"
                   "  verdict      {}\n",
                   found.pbo, validation::to_string(arguments.options.performance), found.combinations,
                   arguments.options.blocks, found.rows / arguments.options.blocks,
                   found.dropped > 0 ? fmt::format(" (the first {} rows left over)", found.dropped) : "",
                   found.logit_mean, 100 * found.prob_loss, arguments.options.threshold, found.intercept,
                   found.slope < 0 ? '-' : '+', std::fabs(found.slope), found.r_squared,
                   found.first_order ? "yes" : "no", found.second_order ? "yes" : "no", chosen,
                   verdict(found, arguments.options.performance));
}

// Says it by name; a configuration without any change has no Sharpe ratio.
void take_constant(const Arguments& arguments, ReturnMatrix& returns) {
  if (arguments.options.performance == validation::Performance::mean) return;
  const std::vector<bool> constant = constant_columns(returns);
  const auto first = std::ranges::find(constant, true);
  if (first == constant.end()) return;
  if (arguments.drop_constant) {
    returns.drop_columns(constant, "never changes");
    return;
  }
  const auto count = std::ranges::count(constant, true);
  throw DataError(fmt::format(
      "column '{}' of {} never changes{}: a configuration that does nothing has no {} ratio. Leave such columns out by "
      "--drop-constant, or compare by --metric mean.",
      returns.names[static_cast<std::size_t>(first - constant.begin())], returns.source,
      count > 1 ? fmt::format(", and {} more", count - 1) : "", validation::to_string(arguments.options.performance)));
}

void run(Arguments& arguments) {
  arguments.options.performance = validation::parse_performance(arguments.metric);
  ReturnMatrix returns = read_returns(arguments.source);
  take_constant(arguments, returns);
  if (returns.columns() < 2) {
    throw DataError(fmt::format(
        "{} holds {} configuration{}: overfitting is about choosing the best of many, so expected a column for every "
        "one that was tried. For one alone: moola sharpe {} --trials N.",
        returns.source, returns.columns(), returns.columns() == 1 ? "" : "s", returns.source));
  }
  const Overfitting found =
      validation::backtest_overfitting(returns.values, returns.columns(), arguments.options, arguments.threads);
  const Json json = answer(arguments, returns, found);
  if (!arguments.out.empty()) {
    Json all = json;
    all.update(details(returns, found));
    write_file(arguments.out, json_text(all, 1) + "\n", arguments.force ? Overwrite::yes : Overwrite::no);
  }
  if (arguments.common.json) {
    std::cout << json_text(json, 2) << "\n";
  } else {
    print(returns, arguments, found);
  }
}

}  // namespace

void add_pbo_command(CLI::App& app) {
  app.description(
      "The probability of backtest overfitting: how often the best configuration of one half of the time is no better "
      "than the median on the other half. Give every configuration that was tried, not the winners.");
  app.footer(
      "Examples:\n"
      "  moola pbo returns.csv\n"
      "  moola pbo returns.npy --blocks 12 --metric mean\n"
      "  moola pbo returns.h5 --dataset returns --out pbo.json\n");
  auto arguments = std::make_shared<Arguments>();
  add_return_options(app, arguments->source);
  app.add_option("--blocks", arguments->options.blocks, "of time; even, 2 to 24 (default 16)")->type_name("N");
  app.add_option("--metric", arguments->metric,
                 "what configurations are chosen by: sharpe, mean or sortino "
                 "(default sharpe)")
      ->type_name("NAME");
  app.add_option("--risk-free", arguments->options.risk_free, "return without risk, of a row (default 0)")
      ->type_name("R");
  app.add_option("--threshold", arguments->options.threshold, "what is below it outside counts as a loss (default 0)")
      ->type_name("X");
  app.add_flag("--drop-constant", arguments->drop_constant, "leave out columns that never change");
  app.add_option("--out", arguments->out, "write every combination's numbers to this file (JSON)")->type_name("FILE");
  app.add_flag("--force", arguments->force, "replace the file when it is there");
  app.add_option("--threads", arguments->threads, "how many (default: one per core)")->check(at_least(1));
  add_common_options(app, arguments->common);
  app.callback([arguments] { run(*arguments); });
}

}  // namespace moola::work
