#include "work/labels/label_signal.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "base/nearest.h"
#include "base/utc_time.h"
#include "data/store/content_file.h"
#include "data/store/hdf5.h"

namespace moola::work {
namespace {

using data::hdf5::Dataset;
using data::hdf5::Type;

template <class T>
std::vector<double> as_doubles(const Dataset& column) {
  const std::vector<T> values = column.read<T>();
  return {values.begin(), values.end()};
}

std::vector<double> numbers(const Dataset& column) {
  switch (column.type()) {
    case Type::int8:
      return as_doubles<std::int8_t>(column);
    case Type::int16:
      return as_doubles<std::int16_t>(column);
    case Type::int32:
      return as_doubles<std::int32_t>(column);
    case Type::int64:
      return as_doubles<std::int64_t>(column);
    case Type::uint8:
      return as_doubles<std::uint8_t>(column);
    case Type::float32:
      return as_doubles<float>(column);
    case Type::float64:
      return column.read<double>();
  }
  throw std::logic_error("a type of numbers that is none");
}

// Column `index` of the table X.
std::vector<double> table_column(const data::hdf5::File& file, std::size_t index, std::size_t width) {
  const Dataset table = file.dataset("X");
  if (table.shape().size() != 2 || table.shape()[1] != width) {
    throw DataError(
        fmt::format("{}: X must be (rows, {}), as many columns as feature_names has.", file.path().string(), width));
  }
  const std::vector<double> all = numbers(table);
  std::vector<double> out(table.rows());
  for (std::size_t row = 0; row < out.size(); ++row) out[row] = all[row * width + index];
  return out;
}

std::vector<double> named_column(const data::hdf5::File& file, const std::string& name) {
  std::vector<std::string> known;
  if (file.has_dataset("X") && file.attribute("feature_names")) {
    known = file.list_attribute("feature_names");
    const auto found = std::find(known.begin(), known.end(), name);
    if (found != known.end()) return table_column(file, static_cast<std::size_t>(found - known.begin()), known.size());
  }
  if (name != "time" && name != "X" && file.has_dataset(name)) {
    const Dataset column = file.dataset(name);
    if (column.shape().size() != 1)
      throw DataError(fmt::format("{}: {} must be one number per row.", file.path().string(), name));
    return numbers(column);
  }
  for (const std::string& other : file.dataset_names()) {
    if (other != "time" && other != "X") known.push_back(other);
  }
  throw DataError(fmt::format("{} holds no column '{}'; there are {}.{}", file.path().string(), name,
                              fmt::join(known, ", "), did_you_mean(name, known)));
}

}  // namespace

std::vector<std::int8_t> sides_of_file(const std::filesystem::path& path, const std::string& name,
                                       const market::Bars& bars) {
  const auto file = data::hdf5::File::open(path);
  const auto schema = file.attribute("schema");
  if (schema && *schema == data::hdf5::Attribute(data::schema_of("labels"))) {
    throw DataError(
        fmt::format("{} holds labels, which know what came after their bar: a side must be known at its close. Give "
                    "the predictions of a model or a column of 'moola features'.",
                    path.string()));
  }
  const auto time = file.read<std::int64_t>("time");
  const std::vector<double> values = named_column(file, name);
  if (values.size() != time.size()) {
    throw DataError(
        fmt::format("{}: {} has {} rows and time has {}.", path.string(), name, values.size(), time.size()));
  }
  std::vector<std::int8_t> out(bars.size());
  auto bar = bars.time.begin();
  for (std::size_t row = 0; row < time.size(); ++row) {
    if (row > 0 && time[row] <= time[row - 1])
      throw DataError(fmt::format("{}: time does not increase at row {}.", path.string(), row));
    bar = std::lower_bound(bar, bars.time.end(), time[row]);
    if (bar == bars.time.end() || *bar != time[row]) {
      throw DataError(
          fmt::format("{}: row {} is of {}, when no bar begins. Its rows must be bars of those labelled: "
                      "of the same symbol, version and timeframe.",
                      path.string(), row, utc_text(time[row])));
    }
    out[static_cast<std::size_t>(bar - bars.time.begin())] =
        static_cast<std::int8_t>((values[row] > 0) - (values[row] < 0));
  }
  return out;
}

}  // namespace moola::work
