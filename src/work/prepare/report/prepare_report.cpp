#include "work/prepare/report/prepare_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/atomic_file.h"
#include "base/duration.h"
#include "base/utc_time.h"
#include "record/html.h"
#include "record/plot.h"
#include "record/report.h"
#include "work/prepare/report/correlation_map.h"
#include "work/prepare/stage.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;
using namespace record;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Where stamps lie on a plot: years, or days where there are less than two years.
class TimeAxis {
 public:
  TimeAxis(std::int64_t first, std::int64_t last) : first_(first), in_days_(last - first < 2 * 365 * kDay) {}
  double operator()(std::int64_t time) const {
    if (in_days_) return static_cast<double>(time - first_) / static_cast<double>(kDay);
    return 1970 + static_cast<double>(time) / (365.2425 * static_cast<double>(kDay));
  }
  std::string label() const { return in_days_ ? fmt::format("days since {:.10}", utc_text(first_)) : "year"; }

 private:
  static constexpr std::int64_t kDay = 86'400'000'000'000;
  std::int64_t first_;
  bool in_days_;
};

double percent(const Json& share) {
  return 100 * share.get<double>();
}

Html cell(const std::string& value) {
  return text(value);
}
Html number(double value) {
  return text(readable(value));
}
Html share_cell(const Json& share) {
  return text(fmt::format("{:.1f} %", percent(share)));
}

std::string plot_name(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

Html drawn(Workbench& bench, Plot plot, const std::string& caption) {
  plot.name = plot_name(plot.name);
  return figure(draw(plot, bench.run() / "plots"), caption);
}

// Closes over time; the line ends at a gap, and the longest of these and all rolls are marked.
Html price(Workbench& bench, std::size_t symbol, const Json& stamps) {
  const market::Bars& bars = bench.bars(symbol);
  const std::string& name = bench.symbols()[symbol].name();
  Series close{.label = "close", .role = Series::Role::first}, rolls{.label = "rolls", .role = Series::Role::third},
      gaps{.label = "longest breaks", .role = Series::Role::second};
  const auto [low, high] = std::minmax_element(bars.close.begin(), bars.close.end());
  const auto mark = [&](Series& series, double x) {
    for (const double y : {*low, *high, kNaN}) {
      series.x.push_back(x);
      series.y.push_back(y);
    }
  };
  const std::int64_t step = bench.bar_nanoseconds();
  const TimeAxis axis(bars.time.front(), bars.time.back());
  for (std::size_t i = 0; i < bars.size(); ++i) {
    if (i > 0 && step > 0 && bars.time[i] - bars.time[i - 1] > 100 * step) {
      close.x.push_back(axis(bars.time[i]));
      close.y.push_back(kNaN);
    }
    close.x.push_back(axis(bars.time[i]));
    close.y.push_back(bars.close[i]);
    if ((bars.flags[i] & market::kRoll) != 0 && rolls.x.size() < 300) mark(rolls, axis(bars.time[i]));
  }
  for (const Json& gap : stamps.at("longest_gaps")) mark(gaps, axis(parse_utc(gap.at("from").get<std::string>())));
  Plot plot{.name = name + "_price",
            .title = "price of " + name,
            .x_label = axis.label(),
            .y_label = "close",
            .log_y = *high > 8 * *low,
            .series = {}};
  if (!gaps.x.empty()) plot.series.push_back(std::move(gaps));
  if (!rolls.x.empty()) plot.series.push_back(std::move(rolls));
  plot.series.push_back(std::move(close));
  return drawn(
      bench, std::move(plot),
      fmt::format("{}: closes of the cleaned bars. There are {} breaks, hours without a session among them; the "
                  "longest are marked.",
                  name, readable(stamps.at("gaps").get<double>())));
}

// Which share of the clock's bars is there.
Html coverage(Workbench& bench, std::size_t symbol) {
  const market::Bars& bars = bench.bars(symbol);
  const std::int64_t step = bench.bar_nanoseconds();
  if (step == 0 || bars.size() < 2) return {};
  constexpr std::size_t kParts = 240;
  const auto first = bars.time.front(), span = bars.time.back() - first + step;
  std::vector<double> there(kParts), filled(kParts);
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const auto part = static_cast<std::size_t>(static_cast<double>(bars.time[i] - first) / static_cast<double>(span) *
                                               static_cast<double>(kParts));
    there[std::min(part, kParts - 1)] += 1;
    if ((bars.flags[i] & market::kFilled) != 0) filled[std::min(part, kParts - 1)] += 1;
  }
  const TimeAxis axis(bars.time.front(), bars.time.back());
  const double expected = static_cast<double>(span) / static_cast<double>(step) / static_cast<double>(kParts);
  Series all{.label = "bars", .role = Series::Role::first},
      made_up{.label = "with filled minutes", .role = Series::Role::second};
  for (std::size_t part = 0; part < kParts; ++part) {
    const double x = axis(first + static_cast<std::int64_t>(static_cast<double>(span) * static_cast<double>(part) /
                                                            static_cast<double>(kParts)));
    all.x.push_back(x);
    made_up.x.push_back(x);
    all.y.push_back(100 * there[part] / expected);
    made_up.y.push_back(100 * filled[part] / expected);
  }
  const std::string& name = bench.symbols()[symbol].name();
  return drawn(bench,
               {.name = name + "_coverage",
                .title = "coverage of " + name,
                .x_label = axis.label(),
                .y_label = "% of the clock's bars",
                .from_zero = true,
                .series = {std::move(all), std::move(made_up)},
                .height = 220},
               fmt::format("{}: how many of the bars that the clock has room for are there, and how many of them hold "
                           "a minute that was filled.",
                           name));
}

Html cleaning(const Json& facts, const StageUnit& table, const Workbench& bench) {
  HtmlTable out{
      {"symbol", "bars given", "outliers", "filled", "gaps left", "longest gap", "bars made", "rolls", "no volume"},
      {},
      {false, true, true, true, true, true, true, true, true}};
  for (const std::size_t symbol : table.symbols) {
    const std::string& name = bench.symbols()[symbol].name();
    const Json& clean = facts.at("clean").at(name);
    const Json& gaps = clean.at("gaps");
    out.rows.push_back(
        {code(name), number(clean.at("bars_given").get<double>()), number(clean.at("outliers_dropped").get<double>()),
         number(gaps.at("filled_bars").get<double>()), number(gaps.at("left").get<double>()),
         cell(readable_seconds(gaps.at("longest_seconds").get<double>())), number(clean.at("bars").get<double>()),
         number(clean.at("bars_with_roll").get<double>()), number(clean.at("bars_without_volume").get<double>())});
  }
  return record::table(out);
}

Html split_timeline(const Json& splits) {
  const auto rows = [&](const char* part) { return splits.at("parts").at(part).at("rows").get<double>(); };
  // Of ranges [begin, end): rows between the first of a part and the first of the next that are in neither.
  const auto first_row = [&](const char* part) { return splits.at(part).front().at(0).get<double>(); };
  const double before_val = first_row("val") - first_row("train") - rows("train");
  const double before_test = first_row("test") - first_row("val") - rows("val");
  HtmlTable out{{"part", "rows", "from", "to"}, {}, {false, true}};
  for (const char* part : {"train", "val", "test"}) {
    const Json& entry = splits.at("parts").at(part);
    out.rows.push_back({cell(part), number(rows(part)), cell(report::moment(entry.at("first").get<std::string>())),
                        cell(report::moment(entry.at("last").get<std::string>()))});
  }
  return share_bar({{"train", rows("train"), Tone::good},
                    {"left out before validation", before_val, Tone::warning},
                    {"validation", rows("val"), Tone::plain},
                    {"left out before test", before_test, Tone::warning},
                    {"test", rows("test"), Tone::bad}}) +
         record::table(out) +
         paragraph(text(fmt::format("Purged {} rows (purge {}), embargoed {} (embargo {}).",
                                    readable(splits.at("purged").get<double>()), splits.at("purge").get<std::string>(),
                                    readable(splits.at("embargoed").get<double>()),
                                    splits.at("embargo").get<std::string>())));
}

Html labels_section(Workbench& bench, const std::string& table, const Json& labels, const Json& barriers) {
  Html out;
  HtmlTable shares{
      {"horizon", "part", "rows", "up", "down", "neutral", "none"}, {}, {true, false, true, true, true, true, true}};
  HtmlTable outcomes{{"horizon", "ended by", "trades", "mean bars", "mean return", "mean adverse", "mean favourable"},
                     {},
                     {true, false, true, true, true, true, true}};
  const auto permille = [](const Json& value) { return text(fmt::format("{:.3f} %", 100 * value.get<double>())); };
  for (const auto& [horizon, entry] : labels.items()) {
    for (const auto& [part, counts] : entry.at("parts").items()) {
      shares.rows.push_back({cell(horizon), cell(part), number(counts.at("rows").get<double>()),
                             share_cell(counts.at("up")), share_cell(counts.at("down")),
                             share_cell(counts.at("neutral")), number(counts.at("none").get<double>())});
    }
    for (const auto& [barrier, outcome] : entry.at("outcomes").items()) {
      outcomes.rows.push_back({cell(horizon), cell(barrier + " barrier"), number(outcome.at("trades").get<double>()),
                               number(outcome.at("mean_bars").get<double>()), permille(outcome.at("mean_return")),
                               permille(outcome.at("mean_adverse")), permille(outcome.at("mean_favourable"))});
    }
  }
  HtmlTable rules{{"symbol", "horizon", "up", "down", "max bars", "found by", "fitness"},
                  {},
                  {false, true, true, true, true, false, true}};
  for (const auto& [symbol, found] : barriers.at("symbols").items()) {
    for (const auto& [horizon, entry] : found.at("horizons").items()) {
      const Json& rule = entry.at("rule");
      rules.rows.push_back({code(symbol), cell(horizon), number(rule.at("up").get<double>()),
                            number(rule.at("down").get<double>()), number(rule.at("max_bars").get<double>()),
                            cell(entry.at("found_by").get<std::string>()),
                            entry.contains("fitness") ? number(entry.at("fitness").get<double>()) : cell("–")});
    }
  }
  out += paragraph(text(fmt::format("Barriers are multiples of {}.", barriers.at("scale").get<std::string>()))) +
         record::table(rules);
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
  out += record::table(shares);
  const auto begin_of = [](const Json& stretch) { return parse_utc(stretch.at("from").get<std::string>()); };
  for (const auto& [horizon, entry] : labels.items()) {
    const Json& stretches = entry.at("over_time");
    const TimeAxis axis(begin_of(stretches.front()), begin_of(stretches.back()));
    Series up{.label = "up", .role = Series::Role::third}, down{.label = "down", .role = Series::Role::second},
        neutral{.label = "neutral", .role = Series::Role::first};
    for (const Json& stretch : stretches) {
      const double x = axis(begin_of(stretch));
      const bool none = stretch.at("rows").get<double>() == 0;
      for (const auto& [series, key] :
           {std::pair(&up, "up"), std::pair(&down, "down"), std::pair(&neutral, "neutral")}) {
        series->x.push_back(x);
        series->y.push_back(none ? kNaN : percent(stretch.at(key)));
      }
    }
    out += drawn(bench,
                 {.name = fmt::format("{}_classes_{}", table, horizon),
                  .title = fmt::format("classes of horizon {} over time", horizon),
                  .x_label = axis.label(),
                  .y_label = "% of the labels",
                  .from_zero = true,
                  .series = {std::move(up), std::move(down), std::move(neutral)},
                  .height = 220},
                 fmt::format("Horizon {}: shares of the classes over time.", horizon));
  }
  return out + record::table(outcomes);
}

Html drift_section(const Json& drift) {
  std::vector<Json> columns = drift.at("columns").get<std::vector<Json>>();
  const auto worst = [](const Json& column) {
    return std::max(column.at("val").at("psi").get<double>(), column.at("test").at("psi").get<double>());
  };
  std::stable_sort(columns.begin(), columns.end(), [&](const Json& a, const Json& b) { return worst(a) > worst(b); });
  HtmlTable out{{"column", "PSI validation", "PSI test", "KS validation", "KS test", "moved by (test)"},
                {},
                {false, true, true, true, true, true}};
  for (std::size_t i = 0; i < std::min<std::size_t>(20, columns.size()); ++i) {
    const Json &val = columns[i].at("val"), &test = columns[i].at("test");
    out.rows.push_back({text(columns[i].at("name").get<std::string>()), number(val.at("psi").get<double>()),
                        number(test.at("psi").get<double>()), number(val.at("ks").get<double>()),
                        number(test.at("ks").get<double>()), number(test.at("wasserstein_scaled").get<double>())});
  }
  return paragraph(text(fmt::format(
             "{} of {} columns have drifted from the train part (population stability index above "
             "{}). The furthest come first; “moved by” is in interquartile ranges of the train part.",
             drift.at("drifted").get<std::size_t>(), columns.size(), drift.at("psi_limit").get<double>()))) +
         record::table(out);
}

// What columns tell alone, and which of them wander.
Html relevance_section(const Json& validation) {
  const Json& relevance = validation.at("relevance");
  HtmlTable best{{"horizon", "column", "information, nats", "AUC of up", "rank correlation", "t"},
                 {},
                 {true, false, true, true, true, true}};
  for (const auto& [horizon, ranked] : relevance.at("horizons").items()) {
    for (std::size_t i = 0; i < std::min<std::size_t>(5, ranked.size()); ++i) {
      const Json& column = ranked.at(i);
      best.rows.push_back({cell(horizon), text(column.at("name").get<std::string>()),
                           number(column.at("information").get<double>()), number(column.at("auc").get<double>()),
                           number(column.at("rank_correlation").get<double>()),
                           number(column.at("rank_t").get<double>())});
    }
  }
  Html out = paragraph(text(fmt::format("The five columns that tell most of each label alone, by {} train rows.",
                                        readable(relevance.at("rows").get<double>())))) +
             record::table(best);
  for (const auto& [symbol, columns] : validation.at("stationarity").items()) {
    std::string wandering;
    std::size_t count = 0;
    for (const Json& column : columns) {
      if (!column.contains("adf_p") || column.at("adf_p").get<double>() <= 0.05) continue;
      wandering += (count++ == 0 ? "" : ", ") + column.at("name").get<std::string>();
    }
    out += paragraph(
        text(fmt::format("{}: the augmented Dickey-Fuller test cannot rule out a unit root (5 %) in {} of {} columns{}",
                         symbol, count, columns.size(), count == 0 ? "." : ": " + wandering + ".")));
  }
  return out;
}

Html columns_section(const Json& validation) {
  std::vector<std::string> names;
  for (const Json& column : validation.at("columns")) names.push_back(column.at("name").get<std::string>());
  const Json& correlation = validation.at("correlation");
  Html out = correlation_map(names, correlation.at("hundredths"));
  HtmlTable groups{{"kept", "strongest", "columns that say the same"}, {}, {false, true}};
  for (const Json& group : correlation.at("groups")) {
    std::string others;
    for (const Json& column : group.at("columns")) {
      if (column != group.at("kept")) others += (others.empty() ? "" : ", ") + column.get<std::string>();
    }
    groups.rows.push_back(
        {text(group.at("kept").get<std::string>()), number(group.at("strongest").get<double>()), text(others)});
  }
  out +=
      paragraph(text(fmt::format("{} groups of columns correlate by more than {}; with one of each, {} of {} columns "
                                 "are left.",
                                 groups.rows.size(), correlation.at("limit").get<double>(),
                                 validation.at("selection").at("columns").size(), names.size())));
  if (!groups.rows.empty()) out += record::table(groups);
  HtmlTable undefined{{"column", "bars", "what stands there"}, {}, {false, true}};
  for (const Json& each : validation.at("undefined")) {
    undefined.rows.push_back({text(each.at("name").get<std::string>()), number(each.at("bars").get<double>()),
                              text(each.at("stated").get<std::string>())});
  }
  if (undefined.rows.empty()) {
    return out + paragraph(text("Every column is defined on every bar."));
  }
  return out +
         paragraph(text("Columns whose formula has no value on some bars; rows are left out for warm-up alone.")) +
         record::table(undefined);
}

Html leakage_section(const Json& checks) {
  HtmlTable out{{"check", "outcome", "what was looked at"}, {}, {}};
  for (const Json& check : checks) {
    out.rows.push_back({text(check.at("name").get<std::string>()),
                        cell(check.at("passed").get<bool>() ? "passed" : "FAILED"),
                        text(check.at("detail").get<std::string>())});
  }
  return record::table(out);
}

Html facts_of_table(const Json& datasets) {
  return record::facts({{"table", code(datasets.at("id").get<std::string>())},
                        {"content", hash(datasets.at("content_sha256").get<std::string>())},
                        {"split", code(datasets.at("split").get<std::string>())},
                        {"scaler", code(datasets.at("scaler").get<std::string>())}});
}

Html table_section(Workbench& bench, const Json& facts, const StageUnit& unit) {
  const Json &validation = facts.at("validation").at(unit.name), &datasets = facts.at("datasets").at(unit.name);
  std::vector<Card> list{{readable(datasets.at("rows").get<double>()), "rows", ""},
                         {readable(datasets.at("features").get<double>()), "columns", ""},
                         {readable(datasets.at("segments").get<double>()), "segments", "without a gap"}};
  const std::size_t warnings = validation.at("warnings").size();
  list.push_back({std::to_string(warnings), warnings == 1 ? "warning" : "warnings", "",
                  warnings == 0 ? Tone::good : Tone::warning});
  Html out = cards(list);
  out += facts_of_table(datasets);
  if (warnings > 0) {
    Html all{"<ul>"};
    for (const Json& warning : validation.at("warnings"))
      all += Html{"<li>"} + text(warning.get<std::string>()) + Html{"</li>"};
    out += section(unit.name + "-warnings", "Warnings", all + Html{"</ul>"});
  }
  Html prices;
  for (const std::size_t symbol : unit.symbols) {
    prices +=
        price(bench, symbol, validation.at("stamps").at(bench.symbols()[symbol].name())) + coverage(bench, symbol);
  }
  out += section(unit.name + "-bars", "Bars", cleaning(facts, unit, bench) + prices);
  out += section(unit.name + "-split", "Parts", split_timeline(facts.at("splits").at(unit.name)));
  out += section(unit.name + "-labels", "Labels",
                 labels_section(bench, unit.name, validation.at("labels"), facts.at("barriers").at(unit.name)));
  out += section(unit.name + "-drift", "Drift", drift_section(facts.at("drift").at(unit.name)));
  out += section(unit.name + "-relevance", "What columns tell", relevance_section(validation));
  out += section(unit.name + "-columns", "Columns", columns_section(validation));
  return out + section(unit.name + "-leakage", "Leakage suite", leakage_section(validation.at("leakage")));
}

Html timings(const fs::path& run) {
  HtmlTable out{{"stage", "state", "time", "outputs"}, {}, {false, false, true, true}};
  const Json state = read_json(run / "state.json");
  for (const Json& stage : state.at("stages")) {
    if (!stage.contains("seconds")) continue;
    out.rows.push_back({cell(stage.at("name").get<std::string>()), cell(stage.at("state").get<std::string>()),
                        cell(readable_seconds(stage.at("seconds").get<double>())),
                        number(static_cast<double>(stage.at("outputs").size()))});
  }
  return record::table(out);
}

}  // namespace

Json prepare_facts(Workbench& bench) {
  Json facts = Json::object();
  for (const Stage& stage : prepare_stages()) {
    if (stage.scope == StageScope::run) continue;
    Json& entry = facts[std::string(stage.name)];
    if (stage.scope == StageScope::table) {
      for (const StageUnit& table : bench.tables()) entry[table.name] = bench.json(stage.name, table.name);
    } else {
      const std::size_t count = stage.scope == StageScope::symbol ? bench.prepared() : bench.symbols().size();
      for (std::size_t symbol = 0; symbol < count; ++symbol) {
        const std::string& name = bench.symbols()[symbol].name();
        entry[name] = bench.json(stage.name, name);
      }
    }
  }
  return facts;
}

fs::path write_prepare_report(Workbench& bench, const Json& facts) {
  const report::Source source = report::read_source(bench.run());
  std::size_t warnings = 0, checks = 0;
  for (const StageUnit& table : bench.tables()) {
    warnings += facts.at("validation").at(table.name).at("warnings").size();
    checks += facts.at("validation").at(table.name).at("leakage").size();
  }
  Html body =
      callout(warnings == 0 ? Tone::good : Tone::warning,
              text(fmt::format("{} checks for leaks passed. {}", checks,
                               warnings == 0 ? "Nothing else gave reason to warn."
                                             : fmt::format("{} warning{} to read before trusting {}.", warnings,
                                                           warnings == 1 ? "" : "s",
                                                           bench.tables().size() == 1 ? "the table" : "the tables"))));
  for (const StageUnit& table : bench.tables()) {
    const std::string id = facts.at("datasets").at(table.name).at("id").get<std::string>();
    body += bench.tables().size() == 1 ? table_section(bench, facts, table)
                                       : section(table.name, id, table_section(bench, facts, table));
    bench.keep_only({});
  }
  body += section("stages", "Stages", timings(bench.run()));
  body += section("lineage", "What it was made from", report::lineage(source));
  body += section("configuration", "Configuration", report::configuration(source));
  body += section("environment", "Code and machine", report::environment(source));
  const fs::path file = bench.run() / "report.html";
  write_file(file, page({.title = source.manifest.name,
                         .kicker = bench.tables().size() == 1 ? "Prepared table" : "Prepared tables",
                         .subtitle = source.manifest.run,
                         .footer = "moola prepare",
                         .body = std::move(body)}));
  return file;
}

}  // namespace moola::work
