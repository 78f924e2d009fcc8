#include "work/features/feature_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <optional>

#include "base/error.h"
#include "base/progress.h"
#include "base/thread_count.h"
#include "data/bars/bars_at_timeframe.h"
#include "data/store/content_file.h"
#include "work/features/feature_columns.h"

namespace moola::work {
namespace {

using Clock = std::chrono::steady_clock;

// The symbols to compare with, in the order of their bars.
std::vector<std::string> other_symbols(const FeatureRequest& request) {
  const std::string own = data::find_dataset(request.workspace, request.bars, "bars").name;
  std::vector<std::string> out;
  for (const std::string& bars : request.others) {
    const std::string symbol = data::find_dataset(request.workspace, bars, "bars").name;
    if (symbol == own) {
      throw ConfigError(
          fmt::format("--others {}: {} would be compared with itself; name another symbol.", bars, symbol));
    }
    if (std::find(out.begin(), out.end(), symbol) != out.end()) {
      throw ConfigError(fmt::format("--others names {} twice. Columns compare with one version of a symbol.", symbol));
    }
    out.push_back(symbol);
  }
  return out;
}

void check_all_used(const std::vector<std::string>& compared, const std::vector<market::Feature>& features) {
  for (const std::string& symbol : compared) {
    if (std::any_of(features.begin(), features.end(),
                    [&](const market::Feature& feature) { return feature.column.other == symbol; }))
      continue;
    throw ConfigError(fmt::format(
        "--others names {}, and no column of --features compares with it: add 'cross_*', or leave it out.", symbol));
  }
}

std::vector<data::StoredBars> read_others(const FeatureRequest& request, const data::StoredBars& stored) {
  std::vector<data::StoredBars> out;
  for (const std::string& bars : request.others) {
    out.push_back(data::read_bars_at(request.workspace, bars, request.timeframe));
    if (out.back().info.bar_seconds == stored.info.bar_seconds) continue;
    throw ConfigError(fmt::format(
        "--others {}: its bars are of {}, and those of {} of {}; --timeframe puts both together into bars as long.",
        bars, to_string(Duration::seconds(out.back().info.bar_seconds)), to_string(stored.id),
        to_string(Duration::seconds(stored.info.bar_seconds))));
  }
  return out;
}

}  // namespace

FeatureFile write_features(const FeatureRequest& request) {
  const auto definitions = market::parse_feature_definitions(request.definitions);
  const std::vector<std::string> compared = other_symbols(request);
  std::vector<market::Feature> features = market::parse_features(request.features, definitions, compared);
  check_all_used(compared, features);
  data::ContentFile file(request.out, request.force ? Overwrite::yes : Overwrite::no);
  data::StoredBars stored = data::read_bars_at(request.workspace, request.bars, request.timeframe);
  const std::vector<data::StoredBars> others = read_others(request, stored);
  market::OtherAssets assets{.assets = {}, .max_age = request.max_age.nanoseconds};
  for (std::size_t i = 0; i < others.size(); ++i) assets.assets.push_back({compared[i], &others[i].bars});
  const unsigned threads = thread_count(request.threads);
  const auto began = Clock::now();
  std::optional<Progress> progress;
  if (!request.quiet) progress.emplace("features", static_cast<std::int64_t>(features.size()), "columns");
  const auto count = static_cast<double>(features.size());
  market::FeatureTable table = market::compute_features(
      stored.bars, Duration::seconds(stored.info.bar_seconds).nanoseconds, std::move(features), threads,
      [&](double share) {
        if (progress) progress->update(static_cast<std::int64_t>(share * count));
      },
      assets);
  progress.reset();
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();

  file.manifest()["parameters"] = {{"definitions", request.definitions},
                                   {"timeframe", to_string(Duration::seconds(stored.info.bar_seconds))},
                                   {"float32", request.float32}};
  file.add_parent({stored.id, stored.content_sha256});
  if (!others.empty()) file.manifest()["parameters"]["max_age"] = to_string(request.max_age);
  for (const data::StoredBars& other : others) file.add_parent({other.id, other.content_sha256});
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
      "of longer bars: `rsi_14_15m`, `rsi_14_4h`, `rsi_14_1d`. `{other}` in a name is another symbol, whose bars "
      "`--others` names: `cross_corr_ETHUSD_20`.\n\n"
      "In a table of features row t knows the bars before t and nothing of bar t but its stamp: what is said below of "
      "a bar stands one row later (columns of the kind `temporal` stand where they are). `first` is the first bar with "
      "a value, counted from 0, at the parameters shown; from it on a column has a finite value in every row, and what "
      "that is where the formula has none is said too. Columns beside another symbol count from the first bar at which "
      "both "
      "have bars; what had ended when ours ended is known of the other, and it is too old when it ended earlier than "
      "that by more than `--max-age`. TA-Lib's name stands where the values are TA-Lib's.\n";
  std::string family;
  const auto add = [&](const market::Indicator& indicator) {
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
  };
  for (const market::Indicator& indicator : market::indicators()) add(indicator);
  for (const market::Indicator& indicator : market::cross_asset_indicators()) add(indicator);
  return out;
}

}  // namespace moola::work
