#include "data/bars/read_csv.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

namespace moola::data {
namespace {

using market::Fault;

/// The lines of a source, without their ends. A view lives until the next one is asked for.
class Lines {
 public:
  explicit Lines(ByteSource& source) : source_(source), buffer_(1 << 20, '\0') {}

  bool next(std::string_view& line) {
    while (true) {
      const char* const found =
          static_cast<const char*>(std::memchr(buffer_.data() + searched_, '\n', end_ - searched_));
      if (found != nullptr) {
        const auto at = static_cast<std::size_t>(found - buffer_.data());
        line = cut(begin_, at);
        begin_ = searched_ = at + 1;
        return true;
      }
      searched_ = end_;
      if (!fill()) break;
    }
    if (begin_ == end_) return false;
    line = cut(begin_, end_);  // the last line has no end
    begin_ = searched_ = end_;
    return true;
  }

 private:
  std::string_view cut(std::size_t begin, std::size_t end) const {
    if (end > begin && buffer_[end - 1] == '\r') --end;
    return std::string_view(buffer_).substr(begin, end - begin);
  }
  bool fill() {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    searched_ -= begin_;
    begin_ = 0;
    if (end_ == buffer_.size()) buffer_.resize(2 * buffer_.size());
    const std::size_t n = source_.read(std::span(buffer_).subspan(end_));
    end_ += n;
    return n > 0;
  }

  ByteSource& source_;
  std::string buffer_;
  std::size_t begin_ = 0, searched_ = 0, end_ = 0;
};

double number(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::numeric_limits<double>::quiet_NaN();
  return value;
}

std::string shown(std::string_view text) {
  return std::string(text.substr(0, 60));
}

}  // namespace

RawFile read_csv(ByteSource& source, const CsvLayout& layout, std::uint32_t file, const RowChoice& choice,
                 market::FaultReport& report) {
  RawFile result;
  result.zoned = layout.stamps.zoned();
  result.form = layout.form;
  result.stamps = layout.stamps.description();
  result.ignored = layout.index.others(layout.header);
  const ColumnNames& index = layout.index;
  std::vector<std::string_view> fields;
  std::vector<std::string> unquoted;
  const auto field = [&](BarColumn column) {
    return index[column] < 0 ? std::string_view() : fields[static_cast<std::size_t>(index[column])];
  };

  Lines lines(source);
  std::string_view line;
  std::string joined;
  bool header_due = layout.has_header();
  for (market::RowOrigin origin{file, 1}; lines.next(line); ++origin.line) {
    if (origin.line == 1 && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    if (std::exchange(header_due, false)) continue;
    ++result.rows;
    split_fields(line, layout.delimiter, fields, unquoted);
    if (fields.size() != layout.columns) {
      report.add(Fault::wrong_columns, origin, fmt::format("{} instead of {}", fields.size(), layout.columns));
      continue;
    }
    RawBars* const contract = result.wanted(field(BarColumn::product), field(BarColumn::month), choice);
    if (contract == nullptr) continue;
    std::string_view stamp = field(BarColumn::time);
    if (index[BarColumn::clock] >= 0) {
      joined.assign(stamp).append(" ").append(field(BarColumn::clock));
      stamp = joined;
    }
    const auto time = layout.stamps.parse(stamp);
    if (!time) {
      report.add(Fault::unparsable_time, origin, shown(stamp));
      continue;
    }
    const auto price = [&](BarColumn column) {
      const double value = number(field(column));
      if (std::isnan(value) && result.bad_price.empty()) result.bad_price = shown(field(column));
      return value;
    };
    const double open = price(BarColumn::open), high = price(BarColumn::high), low = price(BarColumn::low),
                 close = price(BarColumn::close);
    contract->add(*time, open, high, low, close, index[BarColumn::volume] < 0 ? 0.0 : number(field(BarColumn::volume)),
                  index[BarColumn::flags] < 0 ? std::uint8_t{0} : result.flags_of(number(field(BarColumn::flags))),
                  origin);
  }
  return result;
}

bool is_fast(const CsvLayout& layout) {
  return layout.index[BarColumn::product] < 0 && layout.index[BarColumn::month] < 0 &&
         layout.index[BarColumn::clock] < 0 && !layout.quoted;
}

}  // namespace moola::data
