#include "data/label_issues/issue_list.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <unordered_map>

#include "base/error.h"
#include "base/utc_time.h"
#include "data/files/csv_text.h"
#include "data/tables/source_table.h"

namespace moola::data {
namespace {

std::string filters_text(const LabelIssue& issue) {
  std::string out;
  for (const validation::LabelFilter filter : issue.filters)
    out += fmt::format("{}{}", out.empty() ? "" : " ", to_string(filter));
  return out;
}

std::string without_spaces(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n"), end = text.find_last_not_of(" \t\r\n");
  return begin == text.npos ? "" : text.substr(begin, end - begin + 1);
}

}  // namespace

std::string mark_of(const OofFile& oof) {
  return fmt::format("{} {:.12}", to_string(oof.id()), oof.content_sha256());
}

void write_issue_list(const std::filesystem::path& file, const OofFile& oof, const LabelledRows& rows,
                      const std::vector<LabelIssue>& issues, Overwrite overwrite) {
  const OofInfo& info = oof.info();
  const std::size_t classes = oof.classes();
  const bool timed = !rows.time.empty(), symbols = !rows.symbols.empty(), ids = !rows.window_ids.empty();
  std::string text = fmt::format("rank,index{}{}{},given_label,suggested_label,quality,margin,entropy",
                                 timed ? ",time" : "", symbols ? ",symbol" : "", ids ? ",window_id" : "");
  for (const std::string& name : info.class_names) text += "," + csv_field("p_" + name);
  text += ",filters,decision,oof\n";
  const std::string mark = mark_of(oof);
  for (std::size_t rank = 0; rank < issues.size(); ++rank) {
    const LabelIssue& issue = issues[rank];
    const auto row = static_cast<std::size_t>(oof.rows().row[issue.prediction]);
    text += fmt::format("{},{}", rank + 1, row);
    if (timed) text += "," + utc_text(rows.time[row]);
    if (symbols) text += "," + csv_field(rows.symbol_of(row));
    if (ids) text += "," + csv_field(rows.window_ids[row]);
    text +=
        fmt::format(",{},{},{:.6f},{:.6f},{:.6f}", csv_field(info.class_names[static_cast<std::size_t>(issue.given)]),
                    csv_field(info.class_names[static_cast<std::size_t>(issue.suggested)]), issue.quality, issue.margin,
                    issue.entropy);
    for (std::size_t c = 0; c < classes; ++c)
      text += fmt::format(",{:.6f}", oof.rows().probability[issue.prediction * classes + c]);
    text += fmt::format(",{},,{}\n", filters_text(issue), mark);
  }
  write_file(file, text, overwrite);
}

std::vector<ReviewedRow> read_issue_list(const std::filesystem::path& file) {
  const SourceTable table(file, {"given_label", "decision", "oof"});
  const auto column = [&](const char* name) {
    if (const auto found = table.find(name)) return *found;
    throw DataError(fmt::format(
        "{} has no column '{}'; its columns are {}. A list of label issues is made by moola data review, and keeps the "
        "columns index, given_label, decision and oof.",
        table.file(), name, fmt::join(table.names(), ", ")));
  };
  const std::size_t index = column("index");
  const std::vector<double> numbers =
      table.type(index) == ColumnType::other ? std::vector<double>(table.rows(), NAN) : table.numbers(index);
  const auto texts = [&](const char* name) {
    const std::size_t at = column(name);
    const bool readable = table.type(at) == ColumnType::text || table.type(at) == ColumnType::number;
    for (std::uint64_t line = 0; !readable && line < table.rows(); ++line) {
      if (table.shown(at, line) == "null") continue;
      throw DataError(fmt::format("{}, row {} (counted from 0): '{}' is {}; expected a column of texts.", table.file(),
                                  line, name, table.shown(at, line)));
    }
    return table.texts(at);
  };
  const auto given = texts("given_label"), decision = texts("decision"), oof = texts("oof");
  std::unordered_map<std::int64_t, std::uint64_t> lines;
  std::vector<ReviewedRow> out;
  for (std::uint64_t line = 0; line < table.rows(); ++line) {
    const auto fail = [&](const std::string& what) {
      throw DataError(fmt::format("{}, row {} (counted from 0): {}.", table.file(), line, what));
    };
    const double number = numbers[line];
    if (!(number >= 0 && number < 9e15 && number == std::floor(number)))
      fail(fmt::format("'index' is {}; expected the number of a row", table.shown(index, line)));
    ReviewedRow row{.line = line,
                    .row = static_cast<std::int64_t>(number),
                    .given_label = given[line],
                    .decision = without_spaces(decision[line]),
                    .oof = without_spaces(oof[line])};
    if (const auto [first, fresh] = lines.emplace(row.row, line); !fresh)
      fail(
          fmt::format("row {} of the data set is decided in row {} too; leave one of the two", row.row, first->second));
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace moola::data
