#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "base/duration.h"
#include "base/utc_time.h"
#include "record/report.h"
#include "work/prepare/report/report_parts.h"
#include "work/prepare/report/report_sections.h"

namespace moola::work {
namespace {

using namespace record;  // NOLINT(google-build-using-namespace): the page is made of its parts

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

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

// The symbols of a table, and after them those that they are compared with.
std::vector<std::size_t> with_compared(const StageUnit& table, const Workbench& bench) {
  std::vector<std::size_t> out = table.symbols;
  for (const std::size_t symbol : table.symbols) {
    for (const std::size_t other : bench.compared(symbol)) {
      if (std::find(out.begin(), out.end(), other) == out.end()) out.push_back(other);
    }
  }
  return out;
}

Html cleaning(const Json& facts, const StageUnit& table, const Workbench& bench) {
  HtmlTable out{{"symbol", "calendar", "bars given", "outliers", "filled", "gaps left", "longest gap", "bars made",
                 "rolls", "no volume"},
                {},
                {false, false, true, true, true, true, true, true, true, true}};
  for (const std::size_t symbol : with_compared(table, bench)) {
    const std::string& name = bench.symbols()[symbol].name();
    const Json& clean = facts.at("clean").at(name);
    const Json& gaps = clean.at("gaps");
    out.rows.push_back(
        {code(name), cell(clean.at("calendar").get<std::string>()), number(clean.at("bars_given").get<double>()),
         number(clean.at("outliers_dropped").get<double>()), number(gaps.at("filled_bars").get<double>()),
         number(gaps.at("left").get<double>()), cell(readable_seconds(gaps.at("longest_seconds").get<double>())),
         number(clean.at("bars").get<double>()), number(clean.at("bars_with_roll").get<double>()),
         number(clean.at("bars_without_volume").get<double>())});
  }
  return record::table(out);
}

// What stands beside the bars of the table's symbols, how much of them it covers, and how old it is.
Html comparison(const Json& facts, const StageUnit& table, const Workbench& bench) {
  HtmlTable out{{"symbol", "compared with", "its bars", "from", "to", "beside", "too old", "before its first",
                 "median age", "greatest age"},
                {},
                {false, false, true, false, false, true, true, true, true, true}};
  for (const std::size_t symbol : table.symbols) {
    const std::string& name = bench.symbols()[symbol].name();
    for (const auto& [other, entry] : facts.at("features").at(name).at("compared").items()) {
      const Json& beside = entry.at("beside");
      const double bars = std::max(1.0, beside.at("bars").get<double>());
      const auto share = [&](const char* key) { return share_cell(beside.at(key).get<double>() / bars); };
      const auto age = [&](const char* key) { return cell(readable_seconds(beside.at(key).get<double>())); };
      out.rows.push_back({code(name), code(other), number(entry.at("bars").get<double>()),
                          cell(report::moment(entry.at("first").get<std::string>())),
                          cell(report::moment(entry.at("last").get<std::string>())), share("fresh"), share("too_old"),
                          share("before_first"), age("median_age_seconds"), age("most_age_seconds")});
    }
  }
  if (out.rows.empty()) return {};
  return paragraph(text(fmt::format(
             "Columns that compare know of the other symbol its last bar that had ended when theirs ended. It counts "
             "as beside when it ended at most {} before (cross_asset.max_age).",
             to_string(bench.config().cross_asset.max_age)))) +
         record::table(out);
}

}  // namespace

Html bars_section(Workbench& bench, const Json& facts, const StageUnit& table, const Json& stamps) {
  Html plots;
  for (const std::size_t symbol : with_compared(table, bench)) {
    const std::string& name = bench.symbols()[symbol].name();
    if (stamps.contains(name)) plots += price(bench, symbol, stamps.at(name));
    plots += coverage(bench, symbol);
  }
  return cleaning(facts, table, bench) + comparison(facts, table, bench) + plots;
}

}  // namespace moola::work
