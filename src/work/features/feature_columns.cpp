#include "work/features/feature_columns.h"

#include <fmt/format.h>

#include <cstring>

#include "base/duration.h"
#include "base/error.h"

namespace moola::work {
namespace {

Json description(const market::FeatureTable& table, std::size_t i) {
  const market::Feature& feature = table.features()[i];
  const market::Indicator& indicator = *feature.column.indicator;
  Json parameters = Json::object();
  for (std::size_t k = 0; k < indicator.parameters.size(); ++k)
    parameters[indicator.parameters[k].name] = feature.column.values.number(k);
  Json out = {{"name", feature.name},
              {"indicator", indicator.name},
              {"parameters", parameters},
              {"timeframe", feature.timeframe == 0 ? Json(nullptr) : Json(to_string(Duration{feature.timeframe}))},
              {"kind", market::to_string(feature.column.kind())},
              {"shift", feature.shift()},
              {"first_row", table.first_row(i)},
              {"undefined", table.undefined(i)}};
  if (!feature.column.other.empty()) out["other"] = feature.column.other;
  return out;
}

// The rows of X as they are written; of float32, rounded.
data::Column table_column(const market::FeatureTable& table, bool float32) {
  const std::size_t columns = table.features().size();
  const auto rows = [&table, columns, float32](std::uint64_t begin, std::uint64_t count, std::span<std::byte> out) {
    std::vector<double> values(count * columns);
    table.copy_rows(begin, begin + count, values);
    if (!float32) {
      std::memcpy(out.data(), values.data(), out.size());
      return;
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto rounded = static_cast<float>(values[i]);
      std::memcpy(out.data() + i * sizeof rounded, &rounded, sizeof rounded);
    }
  };
  return {"X", float32 ? data::hdf5::Type::float32 : data::hdf5::Type::float64, {table.rows(), columns}, rows};
}

}  // namespace

void write_feature_columns(data::ContentFile& file, const market::FeatureTable& table, bool float32,
                           std::vector<data::Column> more) {
  std::vector<std::string> names;
  Json descriptions = Json::array();
  for (std::size_t i = 0; i < table.features().size(); ++i) {
    names.push_back(table.features()[i].name);
    descriptions.push_back(description(table, i));
  }
  file.manifest()["features"] = descriptions;
  file.manifest()["first_complete_row"] = table.first_complete_row();
  more.push_back(table_column(table, float32));
  file.write(std::move(more));
  file.file().set_attribute("feature_names", names);
}

market::FeatureTable read_feature_columns(const std::filesystem::path& file, std::vector<market::Feature> features) {
  const data::hdf5::File opened = data::open_content(file, "features");
  std::vector<std::string> names;
  for (const market::Feature& feature : features) names.push_back(feature.name);
  const data::hdf5::Dataset x = opened.dataset("X");
  if (opened.list_attribute("feature_names") != names) {
    throw DataError(fmt::format("{} holds other features than the configuration names; make it again.", file.string()));
  }
  const Json manifest = parse_json(opened.text_attribute("manifest"), file.string());
  market::FeatureTable table(std::move(features), x.rows());
  constexpr std::uint64_t kRows = 4096;
  std::vector<double> rows;
  for (std::uint64_t begin = 0; begin < x.rows(); begin += kRows) {
    const std::uint64_t count = std::min(kRows, x.rows() - begin);
    rows.resize(count * names.size());
    x.read_rows<double>(begin, count, rows);
    table.set_rows(begin, begin + count, rows);
  }
  for (std::size_t i = 0; i < names.size(); ++i)
    table.set_undefined(i, manifest.at("features").at(i).at("undefined").get<std::int64_t>());
  return table;
}

}  // namespace moola::work
