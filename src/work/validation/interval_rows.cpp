#include "work/validation/interval_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "base/nearest.h"
#include "base/utc_time.h"
#include "data/tables/labelled_horizon.h"
#include "data/tables/source_table.h"

namespace moola::work {
namespace {

// Epochs are longer, whatever their unit.
constexpr double kMostBars = 1e8;

std::size_t find_column(const data::SourceTable& table, const std::string& name, const char* option) {
  if (const auto found = table.find(name)) return *found;
  throw ConfigError(fmt::format("{} has no column '{}'.{} {} names the one that is meant.", table.file(), name,
                                did_you_mean(name, table.names()), option));
}

bool counts_bars(const data::SourceTable& table, std::size_t column) {
  if (table.type(column) != data::ColumnType::number) return false;
  const std::vector<double> values = table.numbers(column);
  return std::ranges::all_of(values, [](double x) { return !(std::fabs(x) >= kMostBars); });
}

std::vector<std::int64_t> positions(const data::SourceTable& table, std::size_t column) {
  const std::vector<double> values = table.numbers(column);
  std::vector<std::int64_t> out;
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (values[row] != std::floor(values[row])) {  // NaN is not equal to itself: no label
      if (!std::isnan(values[row])) {
        throw DataError(fmt::format("row {} of {} has {} in column '{}': expected a whole number of bars, or a time.",
                                    row + 1, table.file(), values[row], table.names()[column]));
      }
      out.push_back(kNoTime);
    } else {
      out.push_back(static_cast<std::int64_t>(values[row]));
    }
  }
  return out;
}

void check_order(const IntervalRows& rows) {
  const auto shown = [&](std::int64_t time) { return rows.counted ? std::to_string(time) : utc_text(time); };
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (rows.t0[row] == kNoTime)
      throw DataError(fmt::format("row {} of {} has no t0: every row is of some time.", row + 1, rows.source));
    if (row > 0 && rows.t0[row] < rows.t0[row - 1]) {
      throw DataError(fmt::format("row {} of {} is of {}, before row {} ({}): rows must be in order of t0. Sort them.",
                                  row + 1, rows.source, shown(rows.t0[row]), row, shown(rows.t0[row - 1])));
    }
    if (rows.t1[row] != kNoTime && rows.t1[row] < rows.t0[row]) {
      throw DataError(fmt::format("row {} of {} begins at {} and its label is known before that, at {}.", row + 1,
                                  rows.source, shown(rows.t0[row]), shown(rows.t1[row])));
    }
  }
  if (rows.t0.empty()) throw DataError(rows.source + " has no rows to split.");
}

// Classes by the texts of their values, sorted; numbers by their size.
void name_classes(const std::vector<std::string>& texts, IntervalRows& rows) {
  const auto before = [](const std::string& a, const std::string& b) {
    char *end_a = nullptr, *end_b = nullptr;
    const double x = std::strtod(a.c_str(), &end_a), y = std::strtod(b.c_str(), &end_b);
    return *end_a == 0 && *end_b == 0 && x != y ? x < y : a < b;
  };
  std::map<std::string, std::int32_t, decltype(before)> numbers(before);
  for (const std::string& text : texts) {
    if (!text.empty() && text != std::to_string(data::kInvalidLabel)) numbers.emplace(text, 0);
  }
  for (auto& [text, number] : numbers) {
    number = static_cast<std::int32_t>(rows.class_names.size());
    rows.class_names.push_back(text);
  }
  for (const std::string& text : texts) {
    const auto found = numbers.find(text);
    rows.classes.push_back(found == numbers.end() ? -1 : found->second);
  }
}

IntervalRows of_table(const std::filesystem::path& workspace, const data::DatasetId& id,
                      std::optional<std::int32_t> horizon) {
  const data::FeatureTableFile table(workspace, id);
  const data::HorizonColumns& columns = data::labelled_horizon(table, horizon, "--horizon");
  IntervalRows out{.source = to_string(id),
                   .t0 = table.rows().time,
                   .t1 = columns.t1,
                   .data = data::Parent{id, table.content_sha256()}};
  if (columns.label.empty()) return out;
  std::vector<std::string> texts;
  for (const std::int8_t label : columns.label) texts.push_back(std::to_string(label));
  name_classes(texts, out);
  return out;
}

IntervalRows of_windows(const std::filesystem::path& workspace, const data::DatasetId& id) {
  const data::DatasetReader reader(workspace, id);
  const data::hdf5::File& file = reader.file();
  if (!file.has_dataset("t0") || !file.has_dataset("t1")) {
    throw DataError(fmt::format(
        "{} does not say of what time its windows are (t0 and t1): windows that may overlap unseen cannot be split "
        "without a leak. Import them with their times.",
        to_string(id)));
  }
  IntervalRows out{.source = to_string(id),
                   .t0 = reader.read<std::int64_t>("t0"),
                   .t1 = reader.read<std::int64_t>("t1"),
                   .data = data::Parent{id, reader.content_sha256()}};
  if (file.has_dataset("y")) {
    out.classes = reader.read<std::int32_t>("y");
    out.class_names = file.list_attribute("label_names");
  }
  return out;
}

}  // namespace

IntervalRows read_interval_file(const std::filesystem::path& file, const IntervalColumns& columns) {
  const data::SourceTable table(file);
  const std::size_t t0 = find_column(table, columns.t0, "--t0"), t1 = find_column(table, columns.t1, "--t1");
  IntervalRows out{.source = file.string()};
  out.counted = counts_bars(table, t0) && (table.rows() == 0 || counts_bars(table, t1));
  if (out.counted) {
    out.t0 = positions(table, t0);
    out.t1 = positions(table, t1);
  } else {
    const data::TimeZone utc("UTC");
    out.t0 = table.stamps(t0, utc);
    out.t1 = table.stamps(t1, utc);
  }
  if (!columns.label.empty()) name_classes(table.texts(find_column(table, columns.label, "--label")), out);
  check_order(out);
  return out;
}

IntervalRows read_interval_dataset(const std::filesystem::path& workspace, const data::DatasetId& id,
                                   std::optional<std::int32_t> horizon) {
  IntervalRows out;
  if (id.kind == "feature_table") {
    out = of_table(workspace, id, horizon);
  } else if (id.kind == "labeled_windows") {
    if (horizon) throw ConfigError(fmt::format("--horizon {}: {} has one label a window.", *horizon, to_string(id)));
    out = of_windows(workspace, id);
  } else {
    throw ConfigError(
        fmt::format("{} has no labels to purge by: expected a feature_table or labeled_windows.", to_string(id)));
  }
  check_order(out);
  return out;
}

}  // namespace moola::work
