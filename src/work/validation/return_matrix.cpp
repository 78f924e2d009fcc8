#include "work/validation/return_matrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "base/nearest.h"
#include "base/utc_time.h"
#include "data/files/mapped_file.h"
#include "data/files/npy.h"
#include "data/files/timestamps.h"
#include "data/store/hdf5.h"
#include "data/tables/source_table.h"

namespace moola::work {
namespace {

constexpr std::array kTimeNames{"time", "timestamp", "datetime", "date", "t0", "index", ""};

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool may_be_time(const std::string& name) {
  return std::ranges::find(kTimeNames, lower(name)) != kTimeNames.end();
}

void check_times(const ReturnMatrix& returns) {
  for (std::size_t row = 0; row < returns.time.size(); ++row) {
    const std::int64_t time = returns.time[row];
    if (time == kNoTime) throw DataError(fmt::format("row {} of {} has no time.", row + 1, returns.source));
    if (row == 0 || time > returns.time[row - 1]) continue;
    throw DataError(fmt::format(
        "row {} of {} is of {}, {}: expected one row for each moment, in order of time. Sort them, and sum or leave "
        "out what comes twice.",
        row + 1, returns.source, utc_text(time),
        time == returns.time[row - 1] ? "as is the row before" : "before row " + std::to_string(row)));
  }
}

void check_values(const ReturnMatrix& returns) {
  if (returns.columns() == 0) throw DataError(returns.source + " has no column of numbers; expected returns.");
  if (returns.values.empty()) throw DataError(returns.source + " has no rows; expected returns, a row for each bar.");
  const auto wrong = std::ranges::find_if_not(returns.values, [](double x) { return std::isfinite(x); });
  if (wrong == returns.values.end()) return;
  const auto count = std::ranges::count_if(returns.values, [](double x) { return !std::isfinite(x); });
  const auto at = static_cast<std::size_t>(wrong - returns.values.begin());
  throw DataError(fmt::format(
      "row {} of {} has {} in column '{}'{}: every configuration needs a return on every row. Write 0 where it held "
      "nothing, or leave out the rows that not all configurations have.",
      at / returns.columns() + 1, returns.source, std::isnan(*wrong) ? "no value" : "an infinite value",
      returns.names[at % returns.columns()], count > 1 ? fmt::format(", and {} more have none", count - 1) : ""));
}

// A column that counts rows from 0 or 1, as tables are often written.
bool counts_rows(const std::vector<double>& values) {
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (values[row] != values[0] + static_cast<double>(row)) return false;
  }
  return !values.empty() && (values[0] == 0 || values[0] == 1);
}

std::size_t find_column(const data::SourceTable& table, const std::string& name) {
  if (const auto found = table.find(name)) return *found;
  throw ConfigError(fmt::format("{} has no column '{}'.{}", table.file(), name, did_you_mean(name, table.names())));
}

bool holds_times(const data::SourceTable& table, std::size_t column) {
  if (table.type(column) == data::ColumnType::stamp) return true;
  if (table.type(column) == data::ColumnType::other || table.rows() == 0) return false;
  const std::string first = table.texts(column).front();
  const auto parser = data::StampParser::recognise(first);
  // Of numbers, dates such as 20200131 and what is an epoch by its size.
  return parser && (table.type(column) == data::ColumnType::text || !parser->is_epoch() || std::stod(first) > 1e8);
}

// A column called "time" that holds none is no configuration's returns, whatever numbers stand in it.
void refuse_as_returns(const data::SourceTable& table, std::size_t column) {
  const std::string& name = table.names()[column];
  if (lower(name) == "index" || name.empty() || !may_be_time(name)) return;
  throw DataError(fmt::format(
      "column '{}' of {} is called as times are, and holds {} in its first row: expected stamps such as "
      "2020-01-31T17:00:00Z, 2020-01-31 or 20200131, or epochs. Write them so, or name the column otherwise.",
      name, table.file(), table.shown(column, 0)));
}

// Dates and date-times, with and without a zone, may stand in one column: what says no zone is UTC.
std::vector<std::int64_t> times_of(const data::SourceTable& table, std::size_t column) {
  std::vector<std::int64_t> times = table.stamps(column, data::TimeZone("UTC"));
  const auto is_missing = [](std::int64_t time) { return time == kNoTime; };
  if (std::ranges::none_of(times, is_missing)) return times;
  const std::vector<std::string> texts = table.texts(column);
  for (std::size_t row = 0; row < times.size(); ++row) {
    if (!is_missing(times[row])) continue;
    const auto parser = data::StampParser::recognise(texts[row]);
    if (parser && !parser->is_epoch()) times[row] = parser->parse(texts[row]).value_or(kNoTime);
    if (!is_missing(times[row])) continue;
    throw DataError(
        fmt::format("row {} of {} has {} as its time in column '{}', and the first is '{}': expected stamps such as "
                    "2020-01-31T17:00:00Z or 2020-01-31 in every row, or epochs in every row.",
                    row + 1, table.file(), texts[row].empty() ? "nothing" : "'" + texts[row] + "'",
                    table.names()[column], texts.front()));
  }
  return times;
}

// Of a table, two columns that hold numbers: what could be named.
std::string some_numbers(const data::SourceTable& table, std::optional<std::size_t> time) {
  std::vector<std::string> names;
  for (std::size_t c = 0; c < table.names().size() && names.size() < 2; ++c) {
    if (c != time && table.type(c) == data::ColumnType::number) names.push_back(table.names()[c]);
  }
  return names.empty() ? "NAME,…" : fmt::format("{},…", fmt::join(names, ","));
}

ReturnMatrix read_table(const ReturnSource& source) {
  const data::SourceTable table(source.file, {}, data::FirstLine::names_or_numbers);
  ReturnMatrix out{.source = table.file()};
  if (table.rows() == 0) throw DataError(table.file() + " has no rows; expected returns, a row for each bar.");
  std::optional<std::size_t> time;
  if (!source.time.empty()) {
    time = find_column(table, source.time);
  } else {
    for (std::size_t c = 0; c < table.names().size() && !time; ++c) {
      if (may_be_time(table.names()[c]) && holds_times(table, c)) time = c;
    }
  }
  if (time) out.time = times_of(table, *time);
  std::vector<std::size_t> chosen;
  if (!source.columns.empty()) {
    for (const std::string& name : source.columns) chosen.push_back(find_column(table, name));
  } else {
    for (std::size_t c = 0; c < table.names().size(); ++c) {
      if (c == time) continue;
      if (may_be_time(table.names()[c]) && table.type(c) == data::ColumnType::number && counts_rows(table.numbers(c))) {
        out.left_out.push_back(fmt::format("'{}' counts the rows", table.names()[c]));
      } else {
        if (!time) refuse_as_returns(table, c);
        chosen.push_back(c);
      }
    }
  }
  for (const std::size_t c : chosen) {
    out.names.push_back(table.names()[c]);
    if (table.type(c) == data::ColumnType::number) continue;
    if (const auto wrong = table.first_no_number(c)) {
      throw DataError(fmt::format("row {} of {} has '{}' in column '{}': expected numbers.", wrong->first + 1,
                                  table.file(), wrong->second, table.names()[c]));
    }
    throw DataError(fmt::format("column '{}' of {} holds no numbers{}. Name those that hold returns: --columns {}",
                                table.names()[c], table.file(),
                                table.rows() > 0 ? fmt::format(" (its first value is {})", table.shown(c, 0)) : "",
                                some_numbers(table, time)));
  }
  out.values.resize(table.rows() * chosen.size());
  for (std::size_t c = 0; c < chosen.size(); ++c)
    table.numbers(chosen[c], 0, table.rows(), out.values.data() + c, chosen.size());
  return out;
}

void name_by_number(ReturnMatrix& returns, std::size_t columns) {
  for (std::size_t c = 1; c <= columns; ++c) returns.names.push_back(std::to_string(c));
}

// Those of `columns` alone, of a matrix whose columns are all read already.
void keep_columns(ReturnMatrix& returns, const std::vector<std::string>& columns) {
  if (columns.empty()) return;
  ReturnMatrix out{.source = returns.source, .names = columns, .time = returns.time};
  out.values.resize(returns.rows() * columns.size());
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const auto found = std::ranges::find(returns.names, columns[c]);
    if (found == returns.names.end()) {
      throw ConfigError(
          fmt::format("{} has no column '{}'.{}", returns.source, columns[c], did_you_mean(columns[c], returns.names)));
    }
    const auto from = static_cast<std::size_t>(found - returns.names.begin());
    for (std::size_t row = 0; row < returns.rows(); ++row)
      out.values[row * columns.size() + c] = returns.values[row * returns.columns() + from];
  }
  returns = std::move(out);
}

void refuse_time(const ReturnSource& source, const char* form) {
  if (source.time.empty()) return;
  throw ConfigError(fmt::format("--time {} names a column, and {} is {}, which has no names.", source.time,
                                source.file.string(), form));
}

ReturnMatrix read_npy(const ReturnSource& source) {
  refuse_time(source, "a NumPy array");
  const data::MappedFile file(source.file);
  const data::NpyArray array = data::parse_npy(file.bytes(), source.file.string());
  if (array.shape.empty() || array.shape.size() > 2) {
    throw DataError(fmt::format("{} has {} axes; expected two (rows, configurations), or one.", source.file.string(),
                                array.shape.size()));
  }
  ReturnMatrix out{.source = source.file.string()};
  name_by_number(out, array.shape.size() == 1 ? 1 : array.shape[1]);
  out.values = data::npy_doubles(array);
  keep_columns(out, source.columns);
  return out;
}

bool is_number_table(const data::hdf5::Dataset& dataset) {
  using data::hdf5::Type;
  return (dataset.type() == Type::float32 || dataset.type() == Type::float64) && dataset.shape().size() <= 2;
}

std::string choose_dataset(const data::hdf5::File& file, const std::string& wanted) {
  if (!wanted.empty()) {
    static_cast<void>(file.dataset(wanted));  // names those there are
    return wanted;
  }
  std::vector<std::string> found;
  for (const std::string& name : file.dataset_names()) {
    if (name == "returns") return name;
    if (is_number_table(file.dataset(name))) found.push_back(name);
  }
  if (found.size() == 1) return found.front();
  throw ConfigError(fmt::format("{} holds {}. Name the one with the returns: --dataset {}", file.path().string(),
                                found.empty() ? "no table of numbers (float32 or float64, of one or two axes)"
                                              : fmt::format("several tables: {}", fmt::join(found, ", ")),
                                found.empty() ? "NAME" : found.front()));
}

ReturnMatrix read_hdf5(const ReturnSource& source) {
  refuse_time(source, "an HDF5 file");
  const data::hdf5::File file = data::hdf5::File::open(source.file);
  const std::string name = choose_dataset(file, source.dataset);
  const data::hdf5::Dataset dataset = file.dataset(name);
  if (!is_number_table(dataset)) {
    throw DataError(fmt::format(
        "data set '{}' of {} is no table of numbers: expected float32 or float64, of two axes (rows, configurations) "
        "or one.",
        name, source.file.string()));
  }
  ReturnMatrix out{.source = source.file.string()};
  const std::size_t columns = dataset.shape().size() == 1 ? 1 : dataset.shape()[1];
  if (dataset.type() == data::hdf5::Type::float64) {
    out.values = dataset.read<double>();
  } else {
    const std::vector<float> values = dataset.read<float>();
    out.values.assign(values.begin(), values.end());
  }
  if (file.attribute("column_names")) {
    out.names = file.list_attribute("column_names");
    if (out.names.size() != columns) {
      throw DataError(fmt::format("{} names {} columns, and its data set '{}' has {}.", source.file.string(),
                                  out.names.size(), name, columns));
    }
  } else {
    name_by_number(out, columns);
  }
  if (file.has_dataset("time") && file.dataset("time").type() == data::hdf5::Type::int64) {
    out.time = file.read<std::int64_t>("time");
    if (out.time.size() != dataset.rows()) {
      throw DataError(fmt::format("{} has {} times for {} rows of '{}'.", source.file.string(), out.time.size(),
                                  dataset.rows(), name));
    }
  }
  keep_columns(out, source.columns);
  return out;
}

}  // namespace

std::vector<double> ReturnMatrix::column(std::size_t which) const {
  std::vector<double> out(rows());
  for (std::size_t row = 0; row < out.size(); ++row) out[row] = values[row * columns() + which];
  return out;
}

void ReturnMatrix::drop_columns(const std::vector<bool>& leave_out, const std::string& why) {
  std::vector<std::string> kept;
  for (std::size_t c = 0; c < columns(); ++c) {
    if (leave_out[c]) {
      left_out.push_back(fmt::format("'{}' {}", names[c], why));
    } else {
      kept.push_back(names[c]);
    }
  }
  std::size_t next = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!leave_out[i % names.size()]) values[next++] = values[i];
  }
  values.resize(next);
  names = std::move(kept);
}

ReturnMatrix read_returns(const ReturnSource& source) {
  if (!std::filesystem::exists(source.file))
    throw ConfigError(fmt::format("there is no file {}.", source.file.string()));
  const std::string extension = lower(source.file.extension().string());
  const bool hdf5 = extension == ".h5" || extension == ".hdf5";
  if (!source.dataset.empty() && !hdf5) {
    throw ConfigError(fmt::format("--dataset {} is for HDF5 files, and {} is none by its name (.h5, .hdf5).",
                                  source.dataset, source.file.string()));
  }
  ReturnMatrix out = hdf5 ? read_hdf5(source) : extension == ".npy" ? read_npy(source) : read_table(source);
  check_times(out);
  check_values(out);
  return out;
}

std::vector<bool> constant_columns(const ReturnMatrix& returns) {
  std::vector<bool> out(returns.columns(), true);
  for (std::size_t i = returns.columns(); i < returns.values.size(); ++i) {
    const std::size_t c = i % returns.columns();
    if (returns.values[i] != returns.values[c]) out[c] = false;
  }
  return out;
}

}  // namespace moola::work
