#include "work/evaluate/rows/prices.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/toml.h"
#include "data/bars/bars_at_timeframe.h"
#include "work/labels/configured_costs.h"
#include "work/labels/symbol_file.h"

namespace moola::work {
namespace {

constexpr double kYear = 365.25 * 86400e9;  // ns

// What the table's manifest says of the bars it was made from: [clean] as TOML.
struct TableBars {
  std::string timeframe, sampling;
};

TableBars table_bars(const EvaluationData& data) {
  const Json& parameters = data.manifest.value("parameters", Json::object());
  if (!parameters.contains("clean")) return {};
  const toml::table clean = parse_toml(parameters["clean"].get<std::string>(), to_string(data.table.id));
  return {.timeframe = clean["timeframe"].value_or(std::string()),
          .sampling = clean["sampling"].value_or(std::string())};
}

std::map<std::string, std::string> bars_of_symbols(const EvaluateConfig& config, const EvaluationData& data) {
  std::map<std::string, std::string> out;
  const auto add = [&](const std::string& text) {
    const data::DatasetId id = data::parse_dataset_id(text, "bars");
    out[id.name] = to_string(id);
  };
  if (config.backtest.bars.empty()) {
    for (const Json& parent : data.manifest.value("parents", Json::array())) {
      const std::string id = parent.at("id").get<std::string>();
      if (id.starts_with("bars/")) add(id);
    }
  } else {
    for (const std::string& text : config.backtest.bars) naming_key("backtest.bars", [&] { add(text); });
  }
  return out;
}

}  // namespace

std::optional<Prices> read_prices(const std::filesystem::path& workspace, const LoadedEvaluateConfig& loaded,
                                  const EvaluationData& data) {
  const EvaluateConfig& config = loaded.values;
  if (config.backtest.bars == std::vector<std::string>{"none"}) return std::nullopt;
  const TableBars made = table_bars(data);
  if (config.backtest.bars.empty() && made.sampling != "time" && !made.sampling.empty()) {
    throw ConfigError(fmt::format(
        "{} is of bars by {}, which cannot be made again from the clock. Name bars of its own in backtest.bars, or "
        "\"none\" for no backtest.",
        to_string(data.table.id), made.sampling));
  }
  Prices out{.timeframe = config.backtest.timeframe.empty() ? made.timeframe : config.backtest.timeframe};
  const std::map<std::string, std::string> bars = bars_of_symbols(config, data);
  std::vector<market::SymbolCosts> own;
  if (!config.backtest.symbols.empty())
    own = read_symbol_file(config.backtest.symbols, std::string(job_name(loaded.strategy)));
  for (const std::string& symbol : data.symbols) {
    const auto found = bars.find(symbol);
    if (found == bars.end()) {
      throw ConfigError(
          fmt::format("the prices of {} are not known: {} does not say which bars it was made from. Name them, "
                      "backtest.bars = [\"{}/v1\"], or \"none\" for no backtest.",
                      symbol, to_string(data.table.id), symbol));
    }
    data::StoredBars stored = data::read_bars_at(workspace, found->second,
                                                 out.timeframe.empty() ? Duration{} : parse_duration(out.timeframe));
    out.symbols.push_back({.name = symbol,
                           .source = {stored.id, stored.content_sha256},
                           .bars = std::move(stored.bars),
                           .cost = round_trip_cost(symbol, config.backtest.costs, "backtest.costs", own)});
    const std::vector<std::int64_t>& time = out.symbols.back().bars.time;
    if (time.size() > 1) {
      out.periods_per_year =
          std::max(out.periods_per_year, static_cast<double>(time.size() - 1) * kYear /
                                             (static_cast<double>(time.back()) - static_cast<double>(time.front())));
    }
  }
  out.bar.resize(data.size(), -1);
  std::vector<std::size_t> next(out.symbols.size());
  std::size_t missing = 0;
  for (std::size_t row = 0; row < data.size(); ++row) {
    const auto s = static_cast<std::size_t>(data.symbol[row]);
    const std::vector<std::int64_t>& time = out.symbols[s].bars.time;
    while (next[s] < time.size() && time[next[s]] < data.time[row]) ++next[s];
    if (next[s] < time.size() && time[next[s]] == data.time[row]) {
      out.bar[row] = static_cast<std::int64_t>(next[s]);
    } else {
      ++missing;
    }
  }
  if (2 * missing > data.size()) {
    throw DataError(fmt::format(
        "{} of {} rows of {} have no bar of their time among the prices ({}): are backtest.bars and "
        "backtest.timeframe those of the table?",
        missing, data.size(), to_string(data.table.id), out.timeframe.empty() ? "as they are" : out.timeframe));
  }
  return out;
}

std::vector<float> last_returns(const EvaluationData& data, const Prices& prices) {
  std::vector<float> out(data.size());
  for (std::size_t row = 0; row < data.size(); ++row) {
    const std::int64_t bar = prices.bar[row];
    if (bar < 2) continue;
    const std::vector<double>& close = prices.symbols[static_cast<std::size_t>(data.symbol[row])].bars.close;
    const auto known = static_cast<std::size_t>(bar) - 1;
    out[data.position[row]] = static_cast<float>(close[known] / close[known - 1] - 1);
  }
  return out;
}

}  // namespace moola::work
