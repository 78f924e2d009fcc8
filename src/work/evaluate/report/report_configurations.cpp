#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "work/evaluate/report/report_sections.h"

namespace moola::work {
namespace {

using namespace record;  // NOLINT(google-build-using-namespace): the page is made of its parts

constexpr std::size_t kMostRows = 60;

// The first of the ranking, and every baseline there is room for: what they are there for is to be compared with.
std::vector<const ConfigurationResult*> shown_rows(const ReportSource& source) {
  const auto& ranking = source.ranking();
  const auto baselines = static_cast<std::size_t>(
      std::ranges::count_if(ranking, [&](const ConfigurationResult* each) { return source.is_baseline(*each); }));
  std::size_t room_for_baselines = std::min(baselines, kMostRows / 2), room_for_others = kMostRows - room_for_baselines;
  std::vector<const ConfigurationResult*> out;
  for (const ConfigurationResult* const each : ranking) {
    std::size_t& room = source.is_baseline(*each) ? room_for_baselines : room_for_others;
    if (room == 0) continue;
    --room;
    out.push_back(each);
  }
  return out;
}

Html name_cell(const ReportSource& source, const ConfigurationResult& result) {
  const bool best = source.best() == &result;
  Html out = best ? Html{"<b>"} + text(source.name(result)) + Html{"</b>"} : text(source.name(result));
  if (source.is_baseline(result)) out += muted(" baseline");
  if (result.missing > 0) {
    out += Html{"<br><small>"} + muted(count_text(result.missing, "fold", "folds") + " missing") + Html{"</small>"};
  }
  return out;
}

struct Column {
  std::string title;
  bool interval = false;
};

// A line for each configuration. Columns of intervals are left out where nothing has one; what is empty is a dash.
class Lines {
 public:
  explicit Lines(std::vector<Column> columns) : columns_(std::move(columns)) {}

  void add(const Html& name, std::vector<std::string> values) {
    values.resize(columns_.size());
    for (std::size_t i = 0; i < values.size(); ++i)
      has_intervals_ = has_intervals_ || (columns_[i].interval && !values[i].empty());
    names_.push_back(name);
    values_.push_back(std::move(values));
  }

  Html html() const {
    HtmlTable out{{"configuration"}, {}, {false}};
    for (const Html& name : names_) out.rows.push_back({name});
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const bool interval = columns_[i].interval;
      if (interval && !has_intervals_) continue;
      out.titles.push_back(columns_[i].title);
      out.numeric.push_back(true);
      for (std::size_t row = 0; row < values_.size(); ++row) {
        const std::string value = values_[row][i].empty() ? "–" : values_[row][i];
        out.rows[row].push_back(interval ? muted(value) : text(value));
      }
    }
    return Html{"<div class=\"wide\">"} + table(out) + Html{"</div>\n"};
  }

 private:
  std::vector<Column> columns_;
  std::vector<Html> names_ = {};
  std::vector<std::vector<std::string>> values_ = {};
  bool has_intervals_ = false;
};

Column interval_column(double level) {
  return {.title = fmt::format("{:.3g} % interval", 100 * level), .interval = true};
}

Html forecasts(const ReportSource& source, const std::vector<const ConfigurationResult*>& rows) {
  const Column interval = interval_column(source.config.values.bootstrap.level);
  Lines out({{"accuracy"}, interval, {"log-loss"}, interval, {"macro F1"}, {"MCC"}, {"ECE"}});
  for (const ConfigurationResult* const each : rows) {
    if (!each->scores) {
      out.add(name_cell(source, *each), {});
      continue;
    }
    const validation::Interval* const accuracy = find_interval(*each, "accuracy");
    const validation::Interval* const log_loss = find_interval(*each, "log_loss");
    const validation::ForecastScores& scores = *each->scores;
    out.add(name_cell(source, *each),
            {share_text(scores.accuracy), accuracy != nullptr ? between_shares_text(accuracy->low, accuracy->high) : "",
             fixed_text(scores.log_loss, 4), log_loss != nullptr ? between_text(log_loss->low, log_loss->high, 4) : "",
             fixed_text(scores.macro_f1, 3), fixed_text(scores.mcc, 3), fixed_text(scores.ece_width, 3)});
  }
  return out.html();
}

Html returns(const ReportSource& source, const std::vector<const ConfigurationResult*>& rows) {
  Lines out({{"Sharpe"},
             interval_column(0.9),
             {"total"},
             {"drawdown"},
             {"hit rate"},
             {"trades"},
             {"break-even"},
             {"PSR"},
             {"DSR"}});
  bool hold_told = !source.results.hold;
  const auto tell_hold = [&] {
    const validation::PathSummary& hold = *source.results.hold;
    out.add(text("buy and hold") + muted(" baseline"),
            {fixed_text(source.annual_sharpe(hold), 2), "", share_text(hold.total), share_text(hold.drawdown.depth)});
    hold_told = true;
  };
  for (const ConfigurationResult* const each : rows) {
    const validation::PathSummary& path = each->median_path;
    const double sharpe = source.annual_sharpe(path);
    if (!hold_told && (each->paths.empty() || !(sharpe >= source.annual_sharpe(*source.results.hold)))) tell_hold();
    if (each->paths.empty()) {
      out.add(name_cell(source, *each), {});
      continue;
    }
    const auto interval = source.sharpe_interval(*each);
    const bool traded = each->trades > 0, breaks_even = traded && !std::isnan(each->break_even_cost);
    out.add(name_cell(source, *each),
            {fixed_text(sharpe, 2), interval ? between_text(interval->first, interval->second, 2) : "",
             share_text(path.total), share_text(path.drawdown.depth), traded ? share_text(each->hit_rate) : "",
             figure_text(static_cast<double>(each->trades)),
             breaks_even ? figure_text(100 * each->break_even_cost) + " %" : "", interval ? chance_text(each->psr) : "",
             interval ? chance_text(each->dsr) : ""});
  }
  if (!hold_told) tell_hold();
  return out.html();
}

}  // namespace

Html configurations_part(const ReportSource& source) {
  if (source.results.configurations.empty()) return {};
  const std::vector<const ConfigurationResult*> rows = shown_rows(source);
  const std::size_t all = source.results.configurations.size();
  std::string words =
      fmt::format("{}, by {}: the best first, baselines marked.", count_text(all, "configuration", "configurations"),
                  source.prices ? "Sharpe ratio" : "log-loss");
  if (rows.size() < all)
    words += fmt::format(" {} of them are shown; results.json has the other {}.", rows.size(), all - rows.size());
  Html out = paragraph(text(words));
  if (source.prices) {
    out += Html{"<h3>What they earned</h3>"} + returns(source, rows);
    out += paragraph(muted(
        "Net of costs, of each configuration’s median path: of the ways in which time was put together, the one "
        "whose Sharpe ratio is the (lower) median. Sharpe: of a year; 90 of 100 such intervals hold the true one. "
        "Break-even: what a round trip may cost before nothing is left, as a share of the price. PSR: the chance "
        "that the true Sharpe ratio is above 0; DSR: that it is above what the best of so many tries has by "
        "luck."));
    out += Html{"<h3>What they forecast</h3>"};
  }
  out += forecasts(source, rows);
  return out + paragraph(muted(
                   "Means over paths; intervals by drawing blocks of rows again. Log-loss and ECE are better when "
                   "smaller. MCC: 0 is no better than chance, 1 is perfect. ECE: how far probabilities are from what "
                   "comes true."));
}

}  // namespace moola::work
