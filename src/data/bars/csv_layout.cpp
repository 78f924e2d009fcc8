#include "data/bars/csv_layout.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/nearest.h"

namespace moola::data {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : lower(name) + " ") {
    if (std::isalnum(static_cast<unsigned char>(c))) {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, {}));
    }
  }
  return words;
}

// Words that say in which unit or zone, not what.
bool is_unit(const std::string& word) {
  static const std::vector<std::string> units{"s",    "ms",      "us",           "ns",  "sec", "secs",
                                              "msec", "seconds", "milliseconds", "utc", "gmt", "local",
                                              "bid",  "price",   "millis",       "est"};
  return std::find(units.begin(), units.end(), word) != units.end();
}

std::string plain_name(std::string_view name) {
  std::vector<std::string> words = words_of(name);
  std::vector<std::string> kept;
  for (const std::string& word : words) {
    if (!is_unit(word)) kept.push_back(word);
  }
  return fmt::format("{}", fmt::join(kept.empty() ? words : kept, "_"));
}

struct Alias {
  BarColumn column;
  int rank;  // of several columns that could be it, the lowest
};

const std::map<std::string, Alias>& aliases() {
  static const std::map<std::string, Alias> table{{"datetime", {BarColumn::time, 0}},
                                                  {"date_time", {BarColumn::time, 0}},
                                                  {"timestamp", {BarColumn::time, 1}},
                                                  {"open_time", {BarColumn::time, 1}},
                                                  {"unix", {BarColumn::time, 1}},
                                                  {"unix_timestamp", {BarColumn::time, 1}},
                                                  {"epoch", {BarColumn::time, 1}},
                                                  {"dt", {BarColumn::time, 2}},
                                                  {"time", {BarColumn::time, 3}},
                                                  {"date", {BarColumn::time, 4}},
                                                  {"open", {BarColumn::open, 0}},
                                                  {"o", {BarColumn::open, 1}},
                                                  {"high", {BarColumn::high, 0}},
                                                  {"h", {BarColumn::high, 1}},
                                                  {"low", {BarColumn::low, 0}},
                                                  {"l", {BarColumn::low, 1}},
                                                  {"close", {BarColumn::close, 0}},
                                                  {"c", {BarColumn::close, 1}},
                                                  {"last", {BarColumn::close, 2}},
                                                  {"volume", {BarColumn::volume, 0}},
                                                  {"vol", {BarColumn::volume, 1}},
                                                  {"v", {BarColumn::volume, 1}},
                                                  {"trade_volume", {BarColumn::volume, 1}},
                                                  {"tick_volume", {BarColumn::volume, 2}},
                                                  {"tickvol", {BarColumn::volume, 2}},
                                                  {"product", {BarColumn::product, 0}},
                                                  {"symbol", {BarColumn::product, 1}},
                                                  {"ticker", {BarColumn::product, 2}},
                                                  {"exp_month", {BarColumn::month, 0}},
                                                  {"expiry", {BarColumn::month, 0}},
                                                  {"expiration", {BarColumn::month, 0}},
                                                  {"contract_month", {BarColumn::month, 0}},
                                                  {"delivery_month", {BarColumn::month, 0}},
                                                  {"contract", {BarColumn::month, 1}},
                                                  {"flags", {BarColumn::flags, 0}}};
  return table;
}

std::optional<Alias> alias_of(std::string_view name) {
  const std::string plain = plain_name(name);
  if (const auto found = aliases().find(plain); found != aliases().end()) return found->second;
  if (plain.starts_with("volume_")) return Alias{BarColumn::volume, 3};  // "Volume BTC" beside "Volume USD": the first
  return std::nullopt;
}

bool is_number(std::string_view text) {
  double value = 0;
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// The first `count` lines that hold something.
std::vector<std::string_view> first_lines(std::string_view text, std::size_t count) {
  std::vector<std::string_view> lines;
  while (!text.empty() && lines.size() < count) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") != std::string_view::npos) lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> fields_of(std::string_view line, char delimiter) {
  std::vector<std::string_view> fields;
  std::vector<std::string> unquoted;
  split_fields(line, delimiter, fields, unquoted);
  return {fields.begin(), fields.end()};
}

char delimiter_of(std::string_view line) {
  char best = ',';
  std::size_t most = 0;
  for (const char candidate : {',', ';', '\t', '|'}) {
    const std::size_t n = fields_of(line, candidate).size();
    if (n > most) most = n, best = candidate;
  }
  return best;
}

std::string shown(std::string_view line) {
  std::string text;
  for (const char c : line.substr(0, 120))
    text += std::isprint(static_cast<unsigned char>(c)) || (c & 0x80) != 0 ? c : '?';
  return line.size() > 120 ? text + "…" : text;
}

[[noreturn]] void no_bars(const std::string& file, const std::string& what) {
  throw DataError(
      fmt::format("{} holds no bars: {}. Expected CSV with a header that names time, open, high, low, close and volume "
                  "(or their usual "
                  "abbreviations), or header-less rows of time, open, high, low, close, volume such as HistData's "
                  "20180101 170000;1.2;1.3;1.1;1.2;0.",
                  file, what));
}

// Header-less files: the columns are known by their number and order.
void place_columns(CsvLayout& layout, const std::vector<std::string>& row, const std::string& file,
                   std::string_view line) {
  const std::size_t n = row.size();
  const bool split =
      n >= 6 && !is_number(row[1]) && row[1].find(':') != std::string::npos;  // MetaTrader: 2018.01.01,17:00,O,…
  const std::size_t first = split ? 2 : 1;
  const bool prices = n >= first + 4 && std::all_of(row.begin() + static_cast<std::ptrdiff_t>(first),
                                                    row.begin() + static_cast<std::ptrdiff_t>(first) + 4, is_number);
  const bool known = n == first + 4 || n == first + 5 || (!split && n == 12);
  if (!prices || !known)
    no_bars(file, fmt::format("the first line is neither a header nor a row of bars ('{}')", shown(line)));
  layout.index[BarColumn::time] = 0;
  if (split) layout.index[BarColumn::clock] = 1;
  const std::array order{BarColumn::open, BarColumn::high, BarColumn::low, BarColumn::close, BarColumn::volume};
  for (std::size_t i = 0; i < order.size() && first + i < n; ++i) layout.index[order[i]] = static_cast<int>(first + i);
  layout.form = split ? "MetaTrader" : n == 12 ? "Binance klines" : "rows without names";
  const std::string& stamp = row[0];
  const bool histdata = stamp.size() == 15 && stamp[8] == ' ' && n == 6;
  if (histdata) layout.form = "HistData";
}

// The text of a row's stamp: its time column, with the clock's where there is one.
std::string stamp_of(const std::vector<std::string>& row, const ColumnNames& index) {
  const auto field = [&](BarColumn column) {
    const auto at = static_cast<std::size_t>(index[column]);
    return at < row.size() ? row[at] : std::string();
  };
  return index[BarColumn::clock] < 0 ? field(BarColumn::time) : field(BarColumn::time) + " " + field(BarColumn::clock);
}

// A date without a time of day, beside a column with just that.
bool is_date_alone(std::string_view date, std::string_view clock) {
  const auto alone = StampParser::recognise(date);
  return alone && !alone->is_epoch() && date.find(':') == std::string_view::npos &&
         clock.find(':') != std::string_view::npos && StampParser::recognise(fmt::format("{} {}", date, clock));
}

// Where date and time of day have a column each, the stamp is both.
void join_date_and_clock(CsvLayout& layout, const std::vector<std::string>& row) {
  const int time = layout.index[BarColumn::time];
  if (static_cast<std::size_t>(time) >= row.size()) return;
  for (std::size_t i = 0; i < layout.header.size() && i < row.size(); ++i) {
    const std::string name = plain_name(layout.header[i]);
    if (static_cast<int>(i) == time || (name != "time" && name != "date")) continue;
    const std::string &one = row[static_cast<std::size_t>(time)], &other = row[i];
    if (is_date_alone(one, other)) {
      layout.index[BarColumn::clock] = static_cast<int>(i);
    } else if (is_date_alone(other, one)) {
      layout.index[BarColumn::time] = static_cast<int>(i);
      layout.index[BarColumn::clock] = time;
    }
  }
}

void check_is_text(std::string_view beginning, const std::string& file) {
  if (beginning.empty()) no_bars(file, "it is empty");
  if (beginning.starts_with("\xff\xfe") || beginning.starts_with("\xfe\xff")) {
    throw DataError(file + " is UTF-16 text. Save it as UTF-8: iconv -f UTF-16 -t UTF-8.");
  }
  if (beginning.find('\0') != std::string_view::npos) no_bars(file, "it is binary, not text");
}

void read_header(CsvLayout& layout, const std::vector<std::string_view>& lines, const std::string& file) {
  layout.header = fields_of(lines[0], layout.delimiter);
  layout.index = ColumnNames(layout.header);
  layout.form = "named columns";
  if (const auto missing = layout.index.missing(); !missing.empty()) {
    const bool binary = std::any_of(lines[0].begin(), lines[0].end(),
                                    [](char c) { return static_cast<unsigned char>(c) < 32 && c != '\t'; });
    if (binary) no_bars(file, "it is binary, not text");
    no_bars(file, fmt::format("no column for {} among '{}'", fmt::join(missing, ", "), shown(lines[0])));
  }
  for (const int at : layout.index.index) {
    if (at < 0) continue;
    const std::string& name = layout.header[static_cast<std::size_t>(at)];
    if (std::count(layout.header.begin(), layout.header.end(), name) > 1)
      no_bars(file, fmt::format("two columns are called '{}', and nothing says which is meant", name));
  }
  if (lines.size() < 2) no_bars(file, fmt::format("it has a header ('{}') and no rows", shown(lines[0])));
}

}  // namespace

std::string_view name_of(BarColumn column) {
  static constexpr std::array<std::string_view, kBarColumns> kNames{"time",   "open",  "high",    "low",   "close",
                                                                    "volume", "clock", "product", "month", "flags"};
  return kNames[static_cast<std::size_t>(column)];
}

ColumnNames::ColumnNames(const std::vector<std::string>& names) : ColumnNames() {
  std::array<int, kBarColumns> ranks{};
  ranks.fill(99);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto alias = alias_of(names[i]);
    if (!alias) continue;
    int& rank = ranks[static_cast<std::size_t>(alias->column)];
    if (alias->rank >= rank) continue;
    rank = alias->rank;
    (*this)[alias->column] = static_cast<int>(i);
  }
}

std::vector<std::string> ColumnNames::missing() const {
  std::vector<std::string> names;
  for (const BarColumn column : {BarColumn::time, BarColumn::open, BarColumn::high, BarColumn::low, BarColumn::close}) {
    if ((*this)[column] < 0) names.emplace_back(name_of(column));
  }
  return names;
}

std::vector<std::string> ColumnNames::others(const std::vector<std::string>& names) const {
  std::vector<std::string> rest;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (std::find(index.begin(), index.end(), static_cast<int>(i)) == index.end()) rest.push_back(names[i]);
  }
  return rest;
}

void split_fields(std::string_view line, char delimiter, std::vector<std::string_view>& fields,
                  std::vector<std::string>& unquoted) {
  fields.clear();
  unquoted.clear();
  if (line.find('"') == std::string_view::npos) {
    while (true) {
      const std::size_t end = line.find(delimiter);
      fields.push_back(line.substr(0, end));
      if (end == std::string_view::npos) return;
      line.remove_prefix(end + 1);
    }
  }
  unquoted.reserve(line.size());  // the views below must not move
  for (std::size_t at = 0;; ++at) {
    std::string field;
    if (at < line.size() && line[at] == '"') {
      for (++at; at < line.size(); ++at) {
        if (line[at] != '"') {
          field += line[at];
        } else if (at + 1 < line.size() && line[at + 1] == '"') {
          field += '"', ++at;
        } else {
          ++at;
          break;
        }
      }
    }
    const std::size_t end = std::min(line.find(delimiter, std::min(at, line.size())), line.size());
    if (at < end) field += line.substr(at, end - at);
    fields.push_back(unquoted.emplace_back(std::move(field)));
    if (end == line.size()) return;
    at = end;
  }
}

CsvLayout recognise_csv(std::string_view beginning, const std::string& file) {
  if (beginning.starts_with(kByteOrderMark)) beginning.remove_prefix(kByteOrderMark.size());
  check_is_text(beginning, file);
  const std::vector<std::string_view> lines = first_lines(beginning, 200);
  if (lines.empty()) no_bars(file, "it has blank lines only");

  CsvLayout layout;
  layout.delimiter = delimiter_of(lines[0]);
  layout.quoted = beginning.find('"') != std::string_view::npos;
  const std::vector<std::string> first = fields_of(lines[0], layout.delimiter);
  const bool header = first.size() < 5 || !StampParser::recognise(first[0]);
  if (header) {
    read_header(layout, lines, file);
  } else {
    place_columns(layout, first, file, lines[0]);
  }
  layout.columns = first.size();

  // A broken row at the front is for the repair to count, so the first that can be read decides.
  for (std::size_t i = header ? 1 : 0; i < lines.size(); ++i) {
    const std::vector<std::string> row = fields_of(lines[i], layout.delimiter);
    const bool closed = row.size() == first.size() + 1 && row.back().empty();  // a delimiter at the end of every row
    if (row.size() != first.size() && !closed) continue;
    ColumnNames index = layout.index;
    if (header) join_date_and_clock(layout, row);
    if (const auto stamps = StampParser::recognise(stamp_of(row, layout.index))) {
      layout.stamps = *stamps;
      layout.columns = row.size();
      return layout;
    }
    layout.index = index;
  }
  const std::vector<std::string> row = fields_of(lines[header ? 1 : 0], layout.delimiter);
  if (row.size() != first.size()) {
    no_bars(file, fmt::format("its header has {} columns and its rows have {} ('{}')", first.size(), row.size(),
                              shown(lines[1])));
  }
  throw DataError(fmt::format(
      "{}: '{}' is no time stamp that is understood. Expected an epoch (s, ms, us, ns), 2018-01-31 17:00:00 (also with "
      "/ "
      "or ., T, fractions, Z or +02:00), 20180131 170000, or 31.01.2018 17:00:00; 01/02/2018 is not read because it "
      "may be January or February.",
      file, shown(stamp_of(row, layout.index))));
}

}  // namespace moola::data
