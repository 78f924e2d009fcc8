#include "work/prepare/feature_file.h"

#include <fmt/format.h>

#include <cctype>
#include <chrono>
#include <optional>
#include <thread>

#include "base/error.h"
#include "base/progress.h"
#include "data/store/content_file.h"
#include "work/prepare/feature_columns.h"
#include "work/prepare/timeframe.h"

namespace moola::work {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

FeatureFile write_features(const FeatureRequest& request) {
  const auto definitions = market::parse_feature_definitions(request.definitions);
  std::vector<market::Feature> features = market::parse_features(request.features, definitions);
  data::ContentFile file(request.out, request.force ? Overwrite::yes : Overwrite::no);
  data::StoredBars stored = read_bars(request.workspace, request.bars, request.timeframe);
  const unsigned threads = request.threads > 0 ? request.threads : std::max(1U, std::thread::hardware_concurrency());
  const auto began = Clock::now();
  std::optional<Progress> progress;
  if (!request.quiet) progress.emplace("features", static_cast<std::int64_t>(features.size()), "columns");
  const auto count = static_cast<double>(features.size());
  market::FeatureTable table =
      market::compute_features(stored.bars, Duration::seconds(stored.info.bar_seconds).nanoseconds, std::move(features),
                               threads, [&](double share) {
                                 if (progress) progress->update(static_cast<std::int64_t>(share * count));
                               });
  progress.reset();
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();

  file.manifest()["parameters"] = {{"definitions", request.definitions},
                                   {"timeframe", to_string(Duration::seconds(stored.info.bar_seconds))},
                                   {"float32", request.float32}};
  file.add_parent({stored.id, stored.content_sha256});
  write_feature_columns(file, table, request.float32, {{"time", std::span<const std::int64_t>(stored.bars.time)}});
  file.file().set_attribute("symbol", stored.info.symbol);
  file.file().set_attribute("bar_seconds", stored.info.bar_seconds);
  std::string hash = file.seal("features");
  file.commit();
  return {.bars = std::move(stored), .table = std::move(table), .content_sha256 = std::move(hash), .seconds = seconds};
}

std::string indicator_reference() {
  std::string out =
      "# Indicators and features\n\n"
      "Every column that `moola features` can make, as `moola features --reference` prints it. "
      "Numbers in a name are parameters: `sma_20` and `sma_77` are columns of one indicator. A time at the end is that "
      "of longer bars: `rsi_14_15m`, `rsi_14_4h`, `rsi_14_1d`.\n\n"
      "In a table of features row t knows the bars before t and nothing of bar t but its stamp: what is said below of "
      "a bar stands one row later (columns of the kind `temporal` stand where they are). `first` is the first bar with "
      "a value, counted from 0, at the parameters shown; from it on a column has a finite value in every row, and what "
      "that is where the formula has none is said too. TA-Lib's name stands where the values are TA-Lib's.\n";
  std::string family;
  for (const market::Indicator& indicator : market::indicators()) {
    if (indicator.family != family) {
      family = indicator.family;
      std::string title = family;
      title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(title[0])));
      out += fmt::format("\n## {}\n", title);
    }
    out += fmt::format("\n### {}\n\n{}. Computed from: {}.", indicator.title, indicator.definition, indicator.inputs);
    for (const market::IndicatorParameter& parameter : indicator.parameters) {
      out += fmt::format(" `{}`: {}{}, from {} to {}.", parameter.name, parameter.usual,
                         parameter.whole ? "" : " (may have decimals)", parameter.least, parameter.most);
    }
    out += "\n\n| column | what | kind | first | TA-Lib |\n|---|---|---|---|---|\n";
    const market::ParameterValues usual = market::usual_values(indicator);
    for (const market::IndicatorOutput& column : indicator.outputs) {
      std::string patterns;
      for (const std::string& pattern : column.names) patterns += (patterns.empty() ? "`" : ", `") + pattern + "`";
      out += fmt::format("| {} | {}{} | {} | {} | {} |\n", patterns, column.help,
                         column.undefined.empty() ? "" : "; " + column.undefined, market::to_string(column.kind),
                         column.warm_up(usual), column.talib);
    }
  }
  return out;
}

}  // namespace moola::work
