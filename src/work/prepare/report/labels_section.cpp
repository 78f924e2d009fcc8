#include <fmt/format.h>

#include <limits>

#include "base/utc_time.h"
#include "work/prepare/report/report_parts.h"
#include "work/prepare/report/report_sections.h"

namespace moola::work {
namespace {

using namespace record;  // NOLINT(google-build-using-namespace): the page is made of its parts

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// The classes of each part.
Html classes_table(const Json& labels) {
  HtmlTable out{
      {"horizon", "part", "rows", "up", "down", "neutral", "none"}, {}, {true, false, true, true, true, true, true}};
  for (const auto& [horizon, entry] : labels.items()) {
    for (const auto& [part, counts] : entry.at("parts").items()) {
      out.rows.push_back({cell(horizon), cell(part), number(counts.at("rows").get<double>()),
                          share_cell(counts.at("up")), share_cell(counts.at("down")), share_cell(counts.at("neutral")),
                          number(counts.at("none").get<double>())});
    }
  }
  return record::table(out);
}

// What trades came to, by the barrier that ended them.
Html outcomes_table(const Json& labels) {
  HtmlTable out{{"horizon", "ended by", "trades", "mean bars", "mean return", "mean adverse", "mean favourable"},
                {},
                {true, false, true, true, true, true, true}};
  const auto fine_percent = [](const Json& value) { return text(fmt::format("{:.3f} %", percent(value))); };
  for (const auto& [horizon, entry] : labels.items()) {
    for (const auto& [barrier, outcome] : entry.at("outcomes").items()) {
      out.rows.push_back({cell(horizon), cell(barrier + " barrier"), number(outcome.at("trades").get<double>()),
                          number(outcome.at("mean_bars").get<double>()), fine_percent(outcome.at("mean_return")),
                          fine_percent(outcome.at("mean_adverse")), fine_percent(outcome.at("mean_favourable"))});
    }
  }
  return record::table(out);
}

Html rules_table(const Json& barriers) {
  HtmlTable out{{"symbol", "horizon", "up", "down", "max bars", "found by", "fitness"},
                {},
                {false, true, true, true, true, false, true}};
  for (const auto& [symbol, found] : barriers.at("symbols").items()) {
    for (const auto& [horizon, entry] : found.at("horizons").items()) {
      const Json& rule = entry.at("rule");
      out.rows.push_back({code(symbol), cell(horizon), number(rule.at("up").get<double>()),
                          number(rule.at("down").get<double>()), number(rule.at("max_bars").get<double>()),
                          cell(entry.at("found_by").get<std::string>()),
                          entry.contains("fitness") ? number(entry.at("fitness").get<double>()) : cell("–")});
    }
  }
  return record::table(out);
}

// The best fitness after each generation.
Html search_plot(Workbench& bench, const std::string& table, const std::string& symbol, const std::string& horizon,
                 const Json& search) {
  Series best{.label = "best so far", .role = Series::Role::first};
  const auto generations = search.at("best_by_generation").get<std::vector<double>>();
  for (std::size_t i = 0; i < generations.size(); ++i) {
    best.x.push_back(static_cast<double>(i + 1));
    best.y.push_back(generations[i] > -100 ? generations[i] : kNaN);  // before it found labels to learn from
  }
  return drawn(bench,
               {.name = fmt::format("{}_{}_search_{}", table, symbol, horizon),
                .title = fmt::format("search for the barriers of horizon {}", horizon),
                .x_label = "generation",
                .y_label = "fitness",
                .series = {std::move(best)},
                .height = 200},
               fmt::format("{}, horizon {}: the best fitness after each generation, of {} pairs of barriers.", symbol,
                           horizon, search.at("evaluations").size()));
}

// Shares of the classes in stretches of time, one after the other.
Html classes_plot(Workbench& bench, const std::string& table, const std::string& horizon, const Json& stretches) {
  const auto begin_of = [](const Json& stretch) { return parse_utc(stretch.at("from").get<std::string>()); };
  const TimeAxis axis(begin_of(stretches.front()), begin_of(stretches.back()));
  Series up{.label = "up", .role = Series::Role::third}, down{.label = "down", .role = Series::Role::second},
      neutral{.label = "neutral", .role = Series::Role::first};
  for (const Json& stretch : stretches) {
    const double x = axis(begin_of(stretch));
    const bool none = stretch.at("rows").get<double>() == 0;
    for (const auto& [series, key] : {std::pair(&up, "up"), std::pair(&down, "down"), std::pair(&neutral, "neutral")}) {
      series->x.push_back(x);
      series->y.push_back(none ? kNaN : percent(stretch.at(key)));
    }
  }
  return drawn(bench,
               {.name = fmt::format("{}_classes_{}", table, horizon),
                .title = fmt::format("classes of horizon {} over time", horizon),
                .x_label = axis.label(),
                .y_label = "% of the labels",
                .from_zero = true,
                .series = {std::move(up), std::move(down), std::move(neutral)},
                .height = 220},
               fmt::format("Horizon {}: shares of the classes over time.", horizon));
}

}  // namespace

Html labels_section(Workbench& bench, const std::string& table, const Json& labels, const Json& barriers) {
  Html out = paragraph(text(fmt::format("Barriers are multiples of {}.", barriers.at("scale").get<std::string>()))) +
             rules_table(barriers);
  for (const auto& [symbol, found] : barriers.at("symbols").items()) {
    for (const auto& [horizon, entry] : found.at("horizons").items()) {
      if (entry.contains("best_by_generation")) out += search_plot(bench, table, symbol, horizon, entry);
    }
  }
  out += classes_table(labels);
  for (const auto& [horizon, entry] : labels.items()) out += classes_plot(bench, table, horizon, entry.at("over_time"));
  return out + outcomes_table(labels);
}

}  // namespace moola::work
