#include "work/prepare/prepared_tables.h"

#include <algorithm>

#include "base/duration.h"
#include "data/store/dataset.h"
#include "work/prepare/compared_symbols.h"
#include "work/prepare/foreseen_refusals.h"

namespace moola::work {
namespace {

std::string base_name(const PrepareConfig& config) {
  if (!config.output.name.empty()) return config.output.name;
  std::string symbols;
  for (const std::string& text : config.data.bars)
    symbols += (symbols.empty() ? "" : "+") + data::parse_dataset_id(text, "bars").name;
  return symbols + "-" + (config.clean.sampling == "time" ? to_string(config.clean.timeframe) : config.clean.sampling);
}

}  // namespace

std::vector<PreparedSymbol> find_symbols(const std::filesystem::path& workspace, const PrepareConfig& config) {
  std::vector<PreparedSymbol> out;
  std::vector<BarsExtent> extents;
  const auto add = [&](const std::vector<std::string>& bars) {
    for (const std::string& text : bars) {
      const data::DatasetId id = data::find_dataset(workspace, text, "bars");
      const data::DatasetReader reader(workspace, id);
      out.push_back({id, reader.content_sha256()});
      extents.push_back(extent_of(config, out.back(), reader));
    }
  };
  add(config.data.bars);
  add(bars_for_comparison(config));
  check_extents(config, out, extents, prepared_tables(config));
  return out;
}

std::vector<StageUnit> prepared_tables(const PrepareConfig& config) {
  std::vector<StageUnit> out;
  if (config.data.multi_symbol || config.data.bars.size() == 1) {
    out.push_back({base_name(config), {}});
    for (std::size_t symbol = 0; symbol < config.data.bars.size(); ++symbol) out[0].symbols.push_back(symbol);
    return out;
  }
  for (std::size_t symbol = 0; symbol < config.data.bars.size(); ++symbol) {
    PrepareConfig one = config;
    one.data.bars = {config.data.bars[symbol]};
    const std::string name = data::parse_dataset_id(config.data.bars[symbol], "bars").name;
    out.push_back({config.output.name.empty() ? base_name(one) : config.output.name + "-" + name, {symbol}});
  }
  return out;
}

// A folder's name takes fewer letters than a data set's.
std::string prepare_run_name(const PrepareConfig& config) {
  std::string name = base_name(config);
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '+' || c == '='; }, '_');
  return name;
}

}  // namespace moola::work
