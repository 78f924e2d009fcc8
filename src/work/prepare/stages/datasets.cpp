#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/atomic_file.h"
#include "data/tables/feature_table_file.h"
#include "data/tables/scaler_file.h"
#include "data/tables/split_file.h"
#include "data/tables/table_segments.h"
#include "work/prepare/split_ranges.h"
#include "work/prepare/stages/stages.h"
#include "work/prepare/table_layout.h"

namespace moola::work::stages {
namespace {

namespace fs = std::filesystem;

// Everything but the features.
data::TableRows rows_of(Workbench& bench, const TableLayout& layout) {
  const PrepareConfig& config = bench.config();
  data::TableRows rows{.time = layout.time, .symbol = layout.symbol, .segment = {}, .horizons = {}};
  std::vector<std::uint8_t> rolls(layout.size());
  for (std::size_t row = 0; row < layout.size(); ++row) {
    const std::uint8_t flags = bench.bars(layout.symbols[layout.symbol_of(row)]).flags[layout.bar[row]];
    rolls[row] = (flags & market::kRoll) != 0;
  }
  std::optional<std::int64_t> max_gap;
  if (const std::int64_t step = bench.bar_nanoseconds(); step > 0)
    max_gap = std::max(step, config.table.max_gap.nanoseconds);
  // Steps of the price that no back-adjustment has taken out are no returns.
  if (config.clean.back_adjust != "none") rolls.clear();
  rows.segment = data::segments_of(rows.time, rows.symbol, max_gap, rolls);
  for (std::size_t h = 0; h < config.labels.horizons.size(); ++h) {
    data::HorizonColumns out{.horizon = static_cast<std::int32_t>(config.labels.horizons[h])};
    for (std::size_t row = 0; row < layout.size(); ++row) {
      const HorizonLabels& from = bench.labels(layout.symbols[layout.symbol_of(row)])[h];
      const std::uint32_t bar = layout.bar[row];
      if (!from.labels.label.empty()) out.label.push_back(from.labels.label[bar]);
      if (!from.target.empty()) out.target.push_back(from.target[bar]);
      out.t1.push_back(from.t1[bar]);
      out.weight.push_back(from.weight[bar]);
      if (!from.quality.quality.empty()) out.quality.push_back(from.quality.quality[bar]);
    }
    rows.horizons.push_back(std::move(out));
  }
  return rows;
}

// The features of rows as the table has them, which lie with their symbols. The rows of a symbol within a block are
// neighbours there.
data::FeatureRows feature_rows(Workbench& bench, const TableLayout& layout) {
  std::vector<const market::FeatureTable*> tables;
  for (const std::size_t symbol : layout.symbols) tables.push_back(&bench.features(symbol));
  return [tables, &layout](std::uint64_t begin, std::uint64_t count, std::span<double> out) {
    if (tables.size() == 1) {
      tables[0]->copy_rows(layout.bar[begin], layout.bar[begin] + count, out);
      return;
    }
    const std::size_t columns = tables[0]->features().size();
    std::vector<double> own;
    for (std::size_t s = 0; s < tables.size(); ++s) {
      std::size_t first = SIZE_MAX, rows = 0;
      for (std::uint64_t row = begin; row < begin + count; ++row) {
        if (layout.symbol_of(row) != s) continue;
        if (first == SIZE_MAX) first = layout.bar[row];
        ++rows;
      }
      if (rows == 0) continue;
      own.resize(rows * columns);
      tables[s]->copy_rows(first, first + rows, own);
      auto from = own.begin();
      for (std::uint64_t row = begin; row < begin + count; ++row) {
        if (layout.symbol_of(row) != s) continue;
        std::copy_n(from, columns, out.begin() + static_cast<std::ptrdiff_t>((row - begin) * columns));
        from += static_cast<std::ptrdiff_t>(columns);
      }
    }
  };
}

// What was fitted to the data that the table is made of, and the times it has seen.
std::vector<data::FittedPart> fitted_parts(const Json& barriers, const Json& labels) {
  data::FittedPart searched{.name = "barriers"}, quality{.name = "quality"}, weights{.name = "weights"},
      limits{.name = "return_limits"};
  const auto add = [](data::FittedPart& part, const Json& seen) {
    const data::FittedPart::Seen range{seen.at("first").get<std::int64_t>(), seen.at("last").get<std::int64_t>()};
    if (std::find(part.seen.begin(), part.seen.end(), range) == part.seen.end()) part.seen.push_back(range);
  };
  for (const auto& [symbol, entry] : barriers.at("symbols").items()) {
    for (const auto& [horizon, found] : entry.at("horizons").items()) {
      if (found.contains("seen")) add(searched, found.at("seen"));
    }
  }
  for (const auto& [symbol, entry] : labels.at("symbols").items()) {
    for (const auto& [horizon, found] : entry.at("horizons").items()) {
      if (found.contains("quality")) add(quality, found.at("quality").at("seen"));
      if (!found.contains("fitted")) continue;
      for (data::FittedPart* part : {&weights, &limits}) {
        if (found.at("fitted").contains(part->name)) add(*part, found.at("fitted").at(part->name).at("seen"));
      }
    }
  }
  std::vector<data::FittedPart> out;
  for (data::FittedPart* part : {&searched, &quality, &weights, &limits}) {
    if (!part->seen.empty()) out.push_back(std::move(*part));
  }
  return out;
}

Json separation_of(const Json& splits, const char* key) {
  return data::separation_json(validation::parse_separation(splits.at(key).get<std::string>(), key));
}

// The first of NAME, NAME-2, NAME-3 … whose file is not there yet, or holds the same: what was published stays as it
// is. describe(name): the file, and what it should hold.
template <class Describe>
std::string free_or_same(const std::string& name, Describe&& describe) {
  for (int n = 1;; ++n) {
    std::string candidate = n == 1 ? name : fmt::format("{}-{}", name, n);
    const auto [file, wanted] = describe(candidate);
    if (!fs::exists(file)) return candidate;
    Json found = read_json(file);
    for (const char* circumstance : {"created_by", "created_at"}) found.erase(circumstance);
    if (json_text(found) == json_text(wanted)) return candidate;
  }
}

}  // namespace

void datasets(StageRun& stage) {
  Workbench& bench = stage.bench();
  const std::string& name = stage.unit().name;
  const TableLayout layout = layout_of(bench, stage.unit());
  const Json barriers = bench.json("barriers", name), labels = bench.json("labels", name),
             splits = bench.json("splits", name);
  const validation::ChronologicalSplit split = split_ranges(splits);

  data::FeatureTableInfo info{.feature_names = {}, .symbols = {}, .fitted = fitted_parts(barriers, labels)};
  for (const market::Feature& feature : bench.feature_list(layout.symbols.front()))
    info.feature_names.push_back(feature.name);
  data::DatasetWriter writer(bench.workspace(), {.kind = "feature_table", .name = name});
  Json parameters = Json::object();
  for (const char* table : {"data", "clean", "features", "cross_asset", "labels", "barriers", "weights", "table"})
    parameters[table] = bench.loaded().tables.at(table);
  writer.manifest()["parameters"] = parameters;
  writer.manifest()["profile"] = stage.config().output.profile;
  if (stage.config().labels.strategy == "triple_barrier")
    writer.manifest()["barriers_of_train_rows_alone"] = stage.config().barriers.safe;
  std::set<std::size_t> parents;
  for (const std::size_t symbol : layout.symbols) {
    info.symbols.push_back(bench.symbols()[symbol].name());
    parents.insert(symbol);
    for (const std::size_t other : bench.compared(symbol)) parents.insert(other);
  }
  for (const std::size_t symbol : parents)
    writer.add_parent({bench.symbols()[symbol].id, bench.symbols()[symbol].content_sha256});
  const data::TableRows rows = rows_of(bench, layout);
  data::write_feature_table(
      writer, rows, info, feature_rows(bench, layout),
      stage.config().table.float32 ? data::FeaturePrecision::float32 : data::FeaturePrecision::float64);
  // The same content under other marks is another table: an exploration's is not to be taken for a final one.
  const std::string hash = writer.finish_unless_known({"profile", "barriers_of_train_rows_alone"});
  const data::DatasetId id = writer.id();
  stage.add_output(data::dataset_file(bench.workspace(), id));

  data::SplitRecord record{.name = {},
                           .data = {id, hash},
                           .strategy = "chronological",
                           .purge = separation_of(splits, "purge"),
                           .embargo = separation_of(splits, "embargo"),
                           .splits = {{.train = split.train,
                                       .val = split.val,
                                       .test = split.test,
                                       .purged = split.purged,
                                       .embargoed = split.embargoed}},
                           .notes = {}};
  const std::string tied = free_or_same(fmt::format("{}-v{}", name, id.version), [&](const std::string& candidate) {
    record.name = candidate;
    return std::pair(data::split_path(bench.workspace(), candidate), data::to_json(record));
  });
  record.name = tied;
  const fs::path split_file = data::split_path(bench.workspace(), tied);
  if (!fs::exists(split_file)) data::write_split(bench.workspace(), record);
  stage.add_output(split_file);

  data::TableScaler scaler = data::read_scaler(bench.file("scaling", name, "json"));
  scaler.table = to_string(id);
  scaler.table_sha256 = hash;
  scaler.split = tied;
  const fs::path scalers = bench.workspace() / "data" / "scalers";
  const std::string scale = free_or_same(tied, [&](const std::string& candidate) {
    return std::pair(scalers / (candidate + ".json"), data::to_json(scaler));
  });
  const fs::path scaler_file = scalers / (scale + ".json");
  if (!fs::exists(scaler_file)) write_file(scaler_file, json_text(data::to_json(scaler), 1) + "\n");
  stage.add_output(scaler_file);

  stage.write_json(
      "json", {{"table", name},
               {"id", to_string(id)},
               {"content_sha256", hash},
               {"rows", layout.size()},
               {"features", info.feature_names.size()},
               {"segments", rows.segment.empty() ? 0 : 1 + *std::max_element(rows.segment.begin(), rows.segment.end())},
               {"split", "data/splits/" + tied + ".json"},
               {"scaler", "data/scalers/" + scale + ".json"}});
  stage.say(fmt::format("{}: {} rows of {} features", to_string(id), layout.size(), info.feature_names.size()));
}

}  // namespace moola::work::stages
