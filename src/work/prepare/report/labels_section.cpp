#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/utc_time.h"
#include "work/labels/label_strategy.h"
#include "work/prepare/report/report_parts.h"
#include "work/prepare/report/report_sections.h"

namespace moola::work {
namespace {

using namespace record;  // NOLINT(google-build-using-namespace): the page is made of its parts

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr Series::Role kRoles[] = {Series::Role::third, Series::Role::second, Series::Role::first};

Html percents(const Json& value) {
  return text(fmt::format("{:.3f} %", percent(value)));
}

// A number of `entry` that not every strategy tells.
Html told(const Json& entry, const char* key, Html (*show)(const Json&)) {
  return entry.contains(key) ? show(entry.at(key)) : cell("–");
}

Html number_cell(const Json& value) {
  return number(value.get<double>());
}

std::int64_t begin_of(const Json& stretch) {
  return parse_utc(stretch.at("from").get<std::string>());
}

// How the search came to its barriers.
Html searches(Workbench& bench, const std::string& table, const Json& barriers) {
  Html out;
  for (const auto& [symbol, found] : barriers.at("symbols").items()) {
    for (const auto& [horizon, entry] : found.at("horizons").items()) {
      if (!entry.contains("best_by_generation")) continue;
      Series best{.label = "best so far", .role = Series::Role::first};
      const auto generations = entry.at("best_by_generation").get<std::vector<double>>();
      for (std::size_t i = 0; i < generations.size(); ++i) {
        best.x.push_back(static_cast<double>(i + 1));
        best.y.push_back(generations[i] > -100 ? generations[i] : kNaN);  // before it found labels to learn from
      }
      out += drawn(bench,
                   {.name = fmt::format("{}_{}_search_{}", table, symbol, horizon),
                    .title = fmt::format("search for the barriers of horizon {}", horizon),
                    .x_label = "generation",
                    .y_label = "fitness",
                    .series = {std::move(best)},
                    .height = 200},
                   fmt::format("{}, horizon {}: the best fitness after each generation, of {} pairs of barriers.",
                               symbol, horizon, entry.at("evaluations").size()));
    }
  }
  return out;
}

Html barrier_rules(Workbench& bench, const std::string& table, const Json& barriers) {
  HtmlTable rules{{"symbol", "horizon", "up", "down", "max bars", "found by", "fitness"},
                  {},
                  {false, true, true, true, true, false, true}};
  for (const auto& [symbol, found] : barriers.at("symbols").items()) {
    for (const auto& [horizon, entry] : found.at("horizons").items()) {
      const Json& rule = entry.at("rule");
      rules.rows.push_back({code(symbol), cell(horizon), number(rule.at("up").get<double>()),
                            number(rule.at("down").get<double>()), number(rule.at("max_bars").get<double>()),
                            cell(entry.at("found_by").get<std::string>()), told(entry, "fitness", number_cell)});
    }
  }
  return paragraph(text(fmt::format("Barriers are multiples of {}.", barriers.at("scale").get<std::string>()))) +
         record::table(rules) + searches(bench, table, barriers);
}

// How any other strategy was set.
Html strategy_settings(const Json& labels) {
  HtmlTable out{{"symbol", "horizon", "settings", "cut at"}, {}, {false, true}};
  for (const auto& [symbol, made] : labels.at("symbols").items()) {
    for (const auto& [horizon, entry] : made.at("horizons").items()) {
      const Json fitted = entry.value("fitted", Json::object());
      std::string cut = "–";
      if (fitted.contains("return_limits")) {
        const Json& limits = fitted.at("return_limits");
        cut = fmt::format("{:.3f} %, {:.3f} %", percent(limits.at("low")), percent(limits.at("high")));
      }
      out.rows.push_back({code(symbol), cell(horizon), text(describe_parameters(entry.at("parameters"))), cell(cut)});
    }
  }
  if (labels.at("strategy") != "regression") {
    out.titles.pop_back();
    for (auto& row : out.rows) row.pop_back();
  }
  return paragraph(text(fmt::format("Labels are of the strategy {}.", labels.at("strategy").get<std::string>()))) +
         record::table(out);
}

Html class_shares(const Json& horizons, const std::vector<std::string>& classes) {
  HtmlTable out{{"horizon", "part", "rows"}, {}, {true, false, true}};
  for (const std::string& name : classes) out.titles.push_back(name);
  out.titles.emplace_back("none");
  out.numeric.resize(out.titles.size(), true);
  for (const auto& [horizon, entry] : horizons.items()) {
    for (const auto& [part, counts] : entry.at("parts").items()) {
      out.rows.push_back({cell(horizon), cell(part), number(counts.at("rows").get<double>())});
      for (const std::string& name : classes) out.rows.back().push_back(share_cell(counts.at(name)));
      out.rows.back().push_back(number(counts.at("none").get<double>()));
    }
  }
  return record::table(out);
}

Html target_summaries(const Json& horizons, double psi) {
  HtmlTable out{{"horizon", "part", "targets", "none", "mean", "deviation", "1 %", "median", "99 %", "PSI", "KS"},
                {},
                {true, false, true, true, true, true, true, true, true, true, true}};
  for (const auto& [horizon, entry] : horizons.items()) {
    for (const auto& [part, summary] : entry.at("parts").items()) {
      const Json drift = entry.at("drift").value(part, Json::object());
      out.rows.push_back({cell(horizon), cell(part)});
      for (const char* key : {"rows", "none", "mean", "deviation", "percentile_1", "median", "percentile_99"})
        out.rows.back().push_back(told(summary, key, number_cell));
      for (const char* key : {"psi", "ks"}) out.rows.back().push_back(told(drift, key, number_cell));
    }
  }
  return record::table(out) +
         paragraph(text(fmt::format(
             "PSI and KS: how far the targets of a part are from those of the train part; above a PSI of {} "
             "they count as of another distribution.",
             psi)));
}

// Numbers of each stretch of time, a line each.
Html over_time(Workbench& bench, const Json& stretches, const std::vector<std::string>& keys, Plot plot, double times,
               const std::string& caption) {
  const TimeAxis axis(begin_of(stretches.front()), begin_of(stretches.back()));
  plot.x_label = axis.label();
  plot.height = 220;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    Series series{.label = keys[i], .role = kRoles[(i + 3 - keys.size()) % 3]};
    std::replace(series.label.begin(), series.label.end(), '_', ' ');
    for (const Json& stretch : stretches) {
      series.x.push_back(axis(begin_of(stretch)));
      const bool none = stretch.at("rows").get<double>() == 0;
      series.y.push_back(none ? kNaN : times * stretch.at(keys[i]).get<double>());
    }
    plot.series.push_back(std::move(series));
  }
  return drawn(bench, std::move(plot), caption);
}

Html trade_outcomes(const Json& horizons) {
  HtmlTable out{{"horizon", "ended by", "trades", "mean bars", "mean return", "mean adverse", "mean favourable"},
                {},
                {true, false, true, true, true, true, true}};
  for (const auto& [horizon, entry] : horizons.items()) {
    const Json& outcomes = entry.at("outcomes");
    const bool by_barrier = outcomes.contains("vertical");
    if (!by_barrier) out.titles[1] = "label";
    for (const auto& [name, outcome] : outcomes.items()) {
      out.rows.push_back({cell(horizon), cell(by_barrier ? name + " barrier" : name),
                          number(outcome.at("trades").get<double>()), number(outcome.at("mean_bars").get<double>()),
                          percents(outcome.at("mean_return")), told(outcome, "mean_adverse", percents),
                          told(outcome, "mean_favourable", percents)});
    }
  }
  return record::table(out);
}

}  // namespace

Html labels_section(Workbench& bench, const Json& facts, const std::string& table) {
  const Json &horizons = facts.at("validation").at(table).at("labels"), &made = facts.at("labels").at(table);
  Html out = made.at("strategy") == "triple_barrier" ? barrier_rules(bench, table, facts.at("barriers").at(table))
                                                     : strategy_settings(made);
  const auto classes = horizons.front().at("classes").get<std::vector<std::string>>();
  if (classes.empty()) {
    out += target_summaries(horizons, bench.config().validation.psi);
    for (const auto& [horizon, entry] : horizons.items()) {
      out += over_time(bench, entry.at("over_time"), {"quartile_1", "quartile_3", "median"},
                       {.name = fmt::format("{}_targets_{}", table, horizon),
                        .title = fmt::format("targets of horizon {} over time", horizon),
                        .x_label = {},
                        .y_label = "target",
                        .series = {}},
                       1, fmt::format("Horizon {}: median and quartiles of the targets over time.", horizon));
    }
    return out;
  }
  out += class_shares(horizons, classes);
  for (const auto& [horizon, entry] : horizons.items()) {
    out += over_time(bench, entry.at("over_time"), classes,
                     {.name = fmt::format("{}_classes_{}", table, horizon),
                      .title = fmt::format("classes of horizon {} over time", horizon),
                      .x_label = {},
                      .y_label = "% of the labels",
                      .from_zero = true,
                      .series = {}},
                     100, fmt::format("Horizon {}: shares of the classes over time.", horizon));
  }
  return out + trade_outcomes(horizons);
}

}  // namespace moola::work
