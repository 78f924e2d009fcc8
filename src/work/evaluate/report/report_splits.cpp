#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "work/evaluate/report/report_sections.h"
#include "work/pages/report_chart.h"

namespace moola::work {
namespace {

using namespace record;  // NOLINT(google-build-using-namespace): the page is made of its parts
using validation::RowRange;
using validation::Split;

constexpr std::size_t kMostSplits = 40;
constexpr std::int64_t kDay = 86'400'000'000'000;

// Ranges that lie in the data, whatever they say.
std::optional<RowRange> within(const RowRange& range, std::size_t n) {
  const RowRange out{std::min(range.begin, n), std::min(range.end, n)};
  return out.begin < out.end ? std::optional(out) : std::nullopt;
}

Html stretches(const EvaluationData& data, const std::vector<RowRange>& ranges, bool with_clock) {
  Html out;
  std::size_t shown = 0;
  for (const RowRange& range : ranges) {
    const auto rows = within(range, data.size());
    if (!rows) continue;
    if (!out.markup.empty()) out += Html{"<br>"};
    if (shown++ == 6) return out + muted("and more");
    out +=
        Html{"<span style=\"white-space:nowrap\">"} +
        text(date_text(data.time[rows->begin], with_clock) + " – " + date_text(data.time[rows->end - 1], with_clock)) +
        Html{"</span>"};
  }
  return out.markup.empty() ? text("–") : out;
}

// "BTCUSD 1.52 up, 1.31 down, 54 bars"
Html barriers_text(const Json& found) {
  Html out;
  if (found.is_null()) return text("–");
  for (const auto& [symbol, each] : found.items()) {
    const Json& rule = each.at("rule");
    if (!out.markup.empty()) out += Html{"<br>"};
    out += text(fmt::format("{} {:.2f} up, {:.2f} down, {} bars", symbol, rule.at("up").get<double>(),
                            rule.at("down").get<double>(), rule.at("max_bars").get<int>()));
    if (each.at("found_by") != "search") out += Html{" "} + muted(each.at("found_by").get<std::string>());
  }
  return out;
}

// Its name, and from when to when it was trained; of several stretches the first ones.
Html encoder_text(const Json& told) {
  if (told.is_null()) return text("–");
  constexpr std::size_t kDate = 10, kMost = 3;  // letters, stretches
  Html out = code(told.at("name").get<std::string>());
  std::size_t shown = 0;
  for (const Json& seen : told.at("seen")) {
    if (seen.at("part") != "encoder") continue;
    if (shown++ == kMost) return out + Html{"<br>"} + muted("and more");
    out += Html{"<br>"} + muted(fmt::format("{} – {}", seen.at("first").get<std::string>().substr(0, kDate),
                                            seen.at("last").get<std::string>().substr(0, kDate)));
  }
  return out;
}

// Of what every split has made anew: a title, and a cell for each of them.
struct RefittedColumn {
  const char* title;
  std::vector<Html> cells;
};
std::vector<RefittedColumn> refitted_columns(const EvaluationResults& results) {
  std::vector<RefittedColumn> out;
  const auto add = [&](const char* title, const std::vector<Json>& found, Html (*shown)(const Json&)) {
    if (found.empty()) return;
    out.push_back({title, {}});
    for (const Json& each : found) out.back().cells.push_back(shown(each));
  };
  add("encoder", results.refitted_encoders, encoder_text);
  add("barriers", results.refitted_barriers, barriers_text);
  return out;
}

Html split_table(const ReportSource& source, bool with_clock) {
  HtmlTable out{{"split", "tests", "test rows", "train rows", "purged", "embargoed", "notes"},
                {},
                {true, false, true, true, true, true, false}};
  const std::vector<RefittedColumn> refitted = refitted_columns(source.results);
  for (const RefittedColumn& column : refitted) {
    out.titles.insert(out.titles.begin() + 2, column.title);
    out.numeric.insert(out.numeric.begin() + 2, false);
  }
  const auto rows = [](const std::vector<RowRange>& ranges) {
    return text(figure_text(static_cast<double>(validation::count_rows(ranges))));
  };
  const std::vector<Split>& splits = source.splits.splits;
  for (std::size_t s = 0; s < std::min(splits.size(), kMostSplits); ++s) {
    const Split& split = splits[s];
    Html notes;
    if (!split.fault.empty()) notes += Html{"<b>"} + text("not used: " + split.fault) + Html{"</b>"};
    if (!split.warning.empty()) notes += (notes.markup.empty() ? Html{} : Html{"<br>"}) + text(split.warning);
    out.rows.push_back({text(std::to_string(s)), stretches(source.data, split.test, with_clock), rows(split.test),
                        rows(split.train), rows(split.purged), rows(split.embargoed), notes});
    std::vector<Html>& cells = out.rows.back();
    for (const RefittedColumn& column : refitted) cells.insert(cells.begin() + 2, column.cells.at(s));
  }
  return table(out);
}

// What part of a split a moment belongs to; of several in a column of the drawing the last wins, so that a purged row
// among thousands is seen.
enum class Role : std::uint8_t { none, train, test, embargoed, purged };
constexpr std::array kInkOf{ChartInk::grey, ChartInk::pale, ChartInk::first, ChartInk::third, ChartInk::second};

std::vector<RowChart::Piece> pieces_of(const EvaluationData& data, const Split& split, const ChartAxis& axis) {
  constexpr std::size_t kColumns = 720;
  const double per_column = (axis.high - axis.low) / kColumns;
  std::array<Role, kColumns> column{};
  const auto paint = [&](const std::vector<RowRange>& ranges, Role role) {
    const auto column_of = [&](std::size_t row) {
      const double at = (static_cast<double>(data.time[row]) - axis.low) / per_column;
      return static_cast<std::size_t>(std::clamp(at, 0.0, static_cast<double>(kColumns - 1)));
    };
    for (const RowRange& range : ranges) {
      const auto rows = within(range, data.size());
      if (!rows) continue;
      const std::size_t end = column_of(rows->end - 1) + 1;
      for (std::size_t c = column_of(rows->begin); c < end; ++c) column[c] = std::max(column[c], role);
    }
  };
  paint(split.train, Role::train);
  paint(split.test, Role::test);
  paint(split.embargoed, Role::embargoed);
  paint(split.purged, Role::purged);
  std::vector<RowChart::Piece> out;
  for (std::size_t begin = 0; begin < kColumns;) {
    std::size_t end = begin + 1;
    while (end < kColumns && column[end] == column[begin]) ++end;
    if (column[begin] != Role::none) {
      out.push_back({.from = axis.low + per_column * static_cast<double>(begin),
                     .to = axis.low + per_column * static_cast<double>(end),
                     .ink = kInkOf[static_cast<std::size_t>(column[begin])]});
    }
    begin = end;
  }
  return out;
}

Html timeline(const ReportSource& source) {
  const EvaluationData& data = source.data;
  RowChart chart{.title = "train and test parts of each split over time",
                 .x = time_axis(static_cast<double>(data.time.front()), static_cast<double>(data.time.back())),
                 .row_height = 15};
  const std::vector<Split>& splits = source.splits.splits;
  for (std::size_t s = 0; s < std::min(splits.size(), kMostSplits); ++s)
    chart.rows.push_back({.label = fmt::format("split {}", s), .pieces = pieces_of(data, splits[s], chart.x)});
  return row_chart_figure(
      chart,
      {{ChartInk::pale, "trains"},
       {ChartInk::first, "tests"},
       {ChartInk::second, "purged"},
       {ChartInk::third, "embargoed"}},
      "A line for each split. Purged: rows whose labels reach into a test part, or a test part’s into "
      "them. Embargoed: rows right after a test part, which remember it. Both train nothing, so that "
      "no model has seen what it is asked; they are drawn wider than they are where they would "
      "not be seen.");
}

// The baseline that forecasts best, for every split to be held against.
const ConfigurationResult* reference(const ReportSource& source) {
  const ConfigurationResult* out = nullptr;
  for (const ConfigurationResult& each : source.results.configurations) {
    if (!source.is_baseline(each) || !each.scores || each.by_split.size() != source.splits.splits.size()) continue;
    if (out == nullptr || each.scores->log_loss < out->scores->log_loss) out = &each;
  }
  return out;
}

Html fold_table(const ReportSource& source) {
  const ConfigurationResult* const best = source.best();
  const std::size_t count = source.splits.splits.size();
  if (best == nullptr || best->by_split.size() != count) return {};
  const ConfigurationResult* const baseline = reference(source);
  HtmlTable out{{"split", "rows", "accuracy", "log-loss"}, {}, {true, true, true, true}};
  if (baseline != nullptr) {
    out.titles.insert(out.titles.end(), {source.name(*baseline) + ": accuracy", "log-loss", "gain in log-loss"});
    out.numeric.resize(out.titles.size(), true);
  }
  const bool synthetic = best->synthetic_rows.size() == count;
  if (synthetic) {
    out.titles.emplace_back("synthetic rows learnt from");
    out.numeric.push_back(true);
  }
  std::size_t better = 0, told = 0;
  for (std::size_t s = 0; s < std::min(count, kMostSplits); ++s) {
    const FoldScore& score = best->by_split[s];
    std::vector<Html> row{text(std::to_string(s)), text(figure_text(static_cast<double>(score.rows))),
                          text(share_text(score.accuracy)), text(fixed_text(score.log_loss, 4))};
    if (baseline != nullptr) {
      const FoldScore& beside = baseline->by_split[s];
      const double gain = beside.log_loss - score.log_loss;
      told += std::isfinite(gain) ? 1 : 0;
      better += gain > 0 ? 1 : 0;
      row.insert(row.end(),
                 {text(share_text(beside.accuracy)), text(fixed_text(beside.log_loss, 4)),
                  gain > 0 ? Html{"<b>"} + text(fixed_text(gain, 4)) + Html{"</b>"} : text(fixed_text(gain, 4))});
    }
    if (synthetic) row.push_back(text(figure_text(static_cast<double>(best->synthetic_rows[s]))));
    out.rows.push_back(std::move(row));
  }
  std::string words = fmt::format("What {} forecast on each split.", source.name(*best));
  if (told > 0)
    words += fmt::format(" It forecast better than {} on {} of {} (bold).", source.name(*baseline), better, told);
  return Html{"<h3>Split by split</h3>"} + paragraph(text(words)) + table(out);
}

}  // namespace

Html splits_part(const ReportSource& source) {
  const std::vector<Split>& splits = source.splits.splits;
  const EvaluationData& data = source.data;
  if (splits.empty() || data.size() == 0) return {};
  const bool with_clock = data.time.back() - data.time.front() < 60 * kDay;
  std::string words = count_text(splits.size(), "split", "splits");
  if (source.splits.paths.size() > 1) words += fmt::format(", which make {} paths", source.splits.paths.size());
  const EvaluateConfig::Splits& asked = source.config.values.splits;
  words += fmt::format("; purge {}, embargo {}.", asked.purge, asked.embargo);
  if (splits.size() > kMostSplits) words += fmt::format(" The first {} are shown.", kMostSplits);
  return paragraph(text(words)) + timeline(source) + split_table(source, with_clock) +
         paragraph(muted("Of configurations that look at one row; those that look at windows of rows are purged by so "
                         "much more.")) +
         fold_table(source);
}

}  // namespace moola::work
