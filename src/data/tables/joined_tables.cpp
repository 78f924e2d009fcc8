#include "data/tables/joined_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/error.h"

namespace moola::data {
namespace {

// Values of a column over all tables, as `read` (table, column) gives those of one.
template <class T, class Read>
std::vector<T> all_of(const JoinedTables& joined, const std::string& name, Read&& read) {
  std::vector<T> values;
  values.reserve(joined.rows());
  for (std::size_t t = 0; t < joined.tables().size(); ++t) {
    std::vector<T> part = read(joined.tables()[t], joined.column(t, name));
    std::move(part.begin(), part.end(), std::back_inserter(values));
  }
  return values;
}

}  // namespace

JoinedTables::JoinedTables(const std::vector<std::filesystem::path>& files, const std::vector<std::string>& texts) {
  for (const std::filesystem::path& file : files) {
    const SourceTable& table = tables_.emplace_back(file, texts);
    if (table.rows() == 0)
      throw DataError(fmt::format("{} has {} columns and no rows.", table.file(), table.names().size()));
    first_.push_back(rows_);
    rows_ += tables_.back().rows();
  }
}

std::pair<std::size_t, std::uint64_t> JoinedTables::place(std::uint64_t row) const {
  const auto table = static_cast<std::size_t>(std::ranges::upper_bound(first_, row) - first_.begin()) - 1;
  return {table, row - first_[table]};
}

std::string JoinedTables::place_text(std::uint64_t row) const {
  const auto [table, at] = place(row);
  return fmt::format("{}, row {} (counted from 0)", tables_[table].file(), at);
}

std::size_t JoinedTables::column(std::size_t table, const std::string& name) const {
  if (const auto found = tables_[table].find(name)) return *found;
  throw DataError(fmt::format("{} has no column '{}', which {} has; files of one table have the same columns.",
                              tables_[table].file(), name, tables_.front().file()));
}

std::vector<std::int64_t> JoinedTables::stamps(const std::string& name, const TimeZone& zone) const {
  return all_of<std::int64_t>(*this, name,
                              [&](const SourceTable& table, std::size_t c) { return table.stamps(c, zone); });
}

std::vector<std::string> JoinedTables::texts(const std::string& name) const {
  return all_of<std::string>(*this, name, [](const SourceTable& table, std::size_t c) { return table.texts(c); });
}

std::vector<double> JoinedTables::numbers(const std::string& name) const {
  return all_of<double>(*this, name, [](const SourceTable& table, std::size_t c) { return table.numbers(c); });
}

std::string JoinedTables::shown(const std::string& name, std::uint64_t row) const {
  const auto [table, at] = place(row);
  return tables_[table].shown(column(table, name), at);
}

void JoinedTables::refuse(const std::string& column, std::uint64_t row, const std::string& what) const {
  throw DataError(fmt::format("{}, column '{}' is '{}': {}.", place_text(row), column, shown(column, row), what));
}

OrderedRows::OrderedRows(const JoinedTables& tables, const std::vector<std::string>& names,
                         std::span<const std::uint64_t> order)
    : tables_(tables), count_(names.size()), order_(order) {
  for (std::size_t t = 0; t < tables.tables().size(); ++t) {
    for (const std::string& name : names) columns_.push_back(tables.column(t, name));
  }
}

void OrderedRows::operator()(std::uint64_t begin, std::uint64_t count, std::span<double> out) const {
  // So many rows of most tables stay in the processor's cache while their columns are filled one after the other.
  constexpr std::uint64_t kMostRows = 256;
  for (std::uint64_t done = 0; done < count;) {
    // Rows that are neighbours in one file are copied column by column.
    const std::uint64_t first = source_row(begin + done);
    const auto [table, row] = tables_.place(first);
    const SourceTable& source = tables_.tables()[table];
    std::uint64_t run = 1;
    while (run < kMostRows && done + run < count && row + run < source.rows() &&
           source_row(begin + done + run) == first + run)
      ++run;
    for (std::size_t c = 0; c < count_; ++c) {
      source.numbers(columns_[table * count_ + c], row, run, out.data() + done * count_ + c, count_);
    }
    done += run;
  }
}

}  // namespace moola::data
