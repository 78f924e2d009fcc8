#include "data/tables/scaler_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace moola::data {
namespace {

constexpr const char* kSchema = "moola.scaler/1";

Json column_json(const market::ColumnScale& scale) {
  Json out = {{"name", scale.name}, {"method", market::to_string(scale.method)}};
  if (scale.method == market::ScaleMethod::none) return out;
  out["logarithm"] = scale.logarithm;
  if (scale.logarithm) out["least"] = scale.least;
  if (scale.method == market::ScaleMethod::quantile) {
    out["knots"] = scale.knots;
  } else {
    out["centre"] = scale.centre;
    out["width"] = scale.width;
  }
  return out;
}

market::ColumnScale column_from(const Json& json) {
  market::ColumnScale scale;
  scale.name = json.at("name").get<std::string>();
  scale.method = market::parse_scale_method(json.at("method").get<std::string>());
  if (scale.method == market::ScaleMethod::none) return scale;
  scale.logarithm = json.at("logarithm").get<bool>();
  if (scale.logarithm) scale.least = json.at("least").get<double>();
  if (scale.method == market::ScaleMethod::quantile) {
    scale.knots = json.at("knots").get<std::vector<double>>();
  } else {
    scale.centre = json.at("centre").get<double>();
    scale.width = json.at("width").get<double>();
  }
  return scale;
}

// A scale that would make of a finite value one that is not, or none at all.
void check_scale(const market::ColumnScale& scale, const std::string& where) {
  const auto fail = [&](const char* what) {
    throw DataError(
        fmt::format("{}: the scale of the column {} has {}. It was damaged or changed by hand; make it "
                    "again.",
                    where, scale.name, what));
  };
  if (scale.logarithm && !(scale.least > -1 && std::isfinite(scale.least))) fail("a logarithm of what may be below 0");
  if (!std::isfinite(scale.centre)) fail("a centre that is no number");
  if (!(scale.width > 0 && std::isfinite(scale.width))) fail("a width that is not above 0");
  if (scale.method != market::ScaleMethod::quantile) return;
  if (scale.knots.size() < 2) fail("fewer than two knots");
  if (!std::ranges::all_of(scale.knots, [](double knot) { return std::isfinite(knot); }) ||
      !std::ranges::is_sorted(scale.knots))
    fail("knots that do not increase");
}

}  // namespace

Json to_json(const TableScaler& scaler) {
  Json rows = Json::array(), columns = Json::array();
  for (const TableScaler::Rows& range : scaler.fitted_on) rows.push_back({range.begin, range.end});
  for (const market::ColumnScale& column : scaler.columns) columns.push_back(column_json(column));
  return {{"schema", kSchema},
          {"table", scaler.table},
          {"content_sha256", scaler.table_sha256},
          {"split", scaler.split},
          {"fitted_on", {{"rows", rows}, {"first", scaler.first}, {"last", scaler.last}}},
          {"clip", scaler.clip},
          {"columns", columns}};
}

TableScaler scaler_from_json(const Json& json, const std::string& where) {
  try {
    if (const auto schema = json.at("schema").get<std::string>(); schema != kSchema)
      throw DataError(fmt::format("{} has the schema '{}'; expected '{}'.", where, schema, kSchema));
    TableScaler out{.table = json.at("table").get<std::string>(),
                    .table_sha256 = json.at("content_sha256").get<std::string>(),
                    .split = json.at("split").get<std::string>(),
                    .fitted_on = {},
                    .first = json.at("fitted_on").at("first").get<std::int64_t>(),
                    .last = json.at("fitted_on").at("last").get<std::int64_t>(),
                    .clip = json.at("clip").get<double>(),
                    .columns = {}};
    for (const Json& range : json.at("fitted_on").at("rows"))
      out.fitted_on.push_back({range.at(0).get<std::size_t>(), range.at(1).get<std::size_t>()});
    for (const Json& column : json.at("columns")) {
      out.columns.push_back(column_from(column));
      check_scale(out.columns.back(), where);
    }
    if (!(out.clip >= 0)) throw DataError(fmt::format("{}: clip is {}; expected 0 or above.", where, out.clip));
    return out;
  } catch (const ConfigError& error) {  // a method that is none
    throw DataError(fmt::format("{}: {}", where, error.what()));
  } catch (const Json::exception& error) {
    throw DataError(fmt::format("{} is no scaler: {}. It was written by another program or damaged; make it again.",
                                where, error.what()));
  }
}

TableScaler read_scaler(const std::filesystem::path& file) {
  return scaler_from_json(read_json(file), file.string());
}

}  // namespace moola::data
