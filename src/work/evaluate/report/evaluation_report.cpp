#include "work/evaluate/report/evaluation_report.h"

#include <fmt/format.h>

#include "work/evaluate/report/report_sections.h"

namespace moola::work {
namespace {

using namespace record;  // NOLINT(google-build-using-namespace): the page is made of its parts

const char* way_of(SplitStrategy strategy) {
  switch (strategy) {
    case SplitStrategy::purged_k_fold:
      return "Purged cross-validation";
    case SplitStrategy::walk_forward:
      return "Walk-forward evaluation";
    case SplitStrategy::combinatorial:
      return "Combinatorial purged cross-validation";
    case SplitStrategy::chronological:
      return "Training";
  }
  return "Evaluation";
}

// Nothing where the part has nothing to show.
Html section_of(const char* id, const char* title, const Html& content) {
  return content.markup.empty() ? Html{} : section(id, title, content);
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

std::string cost_text(const market::TradeCost& cost) {
  std::string out;
  if (cost.share > 0 || cost.price <= 0) out = figure_text(100 * cost.share) + " %";
  if (cost.price > 0) out += (out.empty() ? "" : " and ") + figure_text(cost.price) + " in price";
  return out;
}

Html price_sources(const Prices& prices) {
  HtmlTable out{{"symbol", "bars", "content", "cost of a round trip"}, {}, {false, false, false, true}};
  for (const Prices::Symbol& symbol : prices.symbols) {
    out.rows.push_back({text(symbol.name), code(to_string(symbol.source.id)), hash(symbol.source.content_sha256),
                        text(cost_text(symbol.cost))});
  }
  return table(out);
}

// How far labels of a table reach, or how long windows are.
std::string extent_text(const EvaluationData& data) {
  const std::size_t bars = data.holds_windows() ? data.window.steps : static_cast<std::size_t>(data.horizon);
  return count_text(bars, "bar", "bars");
}

}  // namespace

Html lineage_part(const ReportSource& source, const std::string& run) {
  const EvaluationData& data = source.data;
  std::vector<std::pair<std::string, Html>> rows{
      {"run", code(run)},
      {data.holds_windows() ? "windows" : "table", code(to_string(data.table.id))},
      {"content", hash(data.table.content_sha256)},
      {data.holds_windows() ? "length" : "horizon", text(extent_text(data))},
      {"rows", text(figure_text(static_cast<double>(data.size())))},
      {"features", text(figure_text(static_cast<double>(data.features.size())))},
      {"classes", text(joined(data.class_names))},
      {"symbols", text(joined(data.symbols))}};
  if (data.size() > 0) {
    rows.insert(rows.begin() + 5, {"time", text(date_text(data.time.front(), true) + " to " +
                                                date_text(data.time.back(), true) + " UTC")});
  }
  if (data.embedded) {
    rows.emplace_back("embeddings", code(to_string(data.embedded->source.id)));
    rows.emplace_back("their content", hash(data.embedded->source.content_sha256));
    rows.emplace_back("encoder", text(fmt::format("{}, the {} of each window's bars", data.embedded->encoder,
                                                  data.embedded->pooling)));
    rows.emplace_back("its content", hash(data.embedded->encoder_sha256));
  }
  if (source.prices) rows.emplace_back("timeframe", text(source.prices->timeframe));
  Html out = facts(rows);
  if (source.prices && !source.prices->symbols.empty()) out += price_sources(*source.prices);
  return out;
}

std::string evaluation_report(const LoadedEvaluateConfig& config, const EvaluationData& data,
                              const std::optional<Prices>& prices, const EvaluationSplits& splits,
                              const EvaluationResults& results, const std::string& run) {
  const ReportSource source(config, data, prices, splits, results);
  // The tables of configurations have more columns than a sheet of paper is wide.
  Html body = verdict_part(source);
  body += Html{"<style>@media print { .wide th, .wide td { font-size: 7.5pt; padding-right: 7px; } }</style>\n"};
  body += section_of("configurations", "What was tried", configurations_part(source));
  body += section_of("equity", "What it would have earned", equity_part(source));
  body += section_of("paths", "Sharpe ratios over paths", paths_part(source));
  body += section_of("costs", "What costs leave of it", costs_part(source));
  body += section_of("overfitting", "Is the choice luck?", overfitting_part(source));
  body += section_of("classes", "What the best forecasts", classes_part(source));
  body += section_of("reliability", "How sure it may be", reliability_part(source));
  body += section_of("splits", "How time was cut", splits_part(source));
  body += section_of("importance", "What it looks at", importance_part(source));
  body += section_of("drawdown", "Drawdown of the best", drawdown_part(source));
  body += section_of("lineage", "What it was made from", lineage_part(source, run));
  if (!config.resolved.empty()) body += section("configuration", "Configuration", listing_in_columns(config.resolved));
  return page(
      {.title = run,
       .kicker = config.saved ? "A trained model on rows that it has not seen" : way_of(config.strategy),
       .subtitle = fmt::format("{}, {} {}", to_string(data.table.id), data.holds_windows() ? "windows of" : "horizon",
                               data.holds_windows() ? extent_text(data) : std::to_string(data.horizon)),
       .footer = fmt::format("moola {}", config.saved ? "evaluate" : job_name(config.strategy)),
       .body = std::move(body)});
}

}  // namespace moola::work
