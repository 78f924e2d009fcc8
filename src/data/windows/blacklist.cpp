#include "data/windows/blacklist.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/atomic_file.h"
#include "base/error.h"
#include "data/files/csv_text.h"
#include "data/tables/source_table.h"

namespace moola::data {

std::string base_of(const std::string& window_id) {
  return window_id.substr(0, window_id.find("_exp_"));
}

Blacklist::Blacklist(std::vector<Entry> entries) : entries_(std::move(entries)) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    if (!entry.window_id.empty()) {
      by_id_.emplace(entry.window_id, i);
      by_base_.emplace(base_of(entry.window_id), i);
    }
    if (!entry.range) continue;
    ranges_.push_back(*entry.range);
    longest_ = std::max(longest_, entry.range->last - entry.range->first);
  }
  std::ranges::sort(ranges_, {}, &RawRange::first);
}

std::optional<std::string> Blacklist::against(const std::string& window_id,
                                              const std::optional<RawRange>& range) const {
  if (!window_id.empty() && by_id_.contains(window_id)) return "blacklisted";
  if (!window_id.empty() && by_base_.contains(base_of(window_id))) return "same bars as a blacklisted window";
  if (!range) return std::nullopt;
  auto at = std::ranges::lower_bound(ranges_, range->first - longest_, {}, &RawRange::first);
  for (; at != ranges_.end() && at->first <= range->last; ++at) {
    if (at->meets(*range)) return "overlaps a blacklisted range";
  }
  return std::nullopt;
}

Blacklist read_blacklist(const std::filesystem::path& file) {
  const SourceTable table(file, {"window_id", "reason", "blacklisted_date"});
  const auto texts = [&](const char* name) {
    const auto column = table.find(name);
    return column ? table.texts(*column) : std::vector<std::string>(table.rows());
  };
  const auto numbers = [&](const char* name) {
    const auto column = table.find(name);
    return column ? table.numbers(*column) : std::vector<double>(table.rows(), std::nan(""));
  };
  const std::vector<std::string> ids = texts("window_id"), reasons = texts("reason"), dates = texts("blacklisted_date");
  const std::vector<double> first = numbers("raw_start_idx"), last = numbers("raw_end_idx");
  std::vector<Blacklist::Entry> entries;
  for (std::uint64_t row = 0; row < table.rows(); ++row) {
    const auto fail = [&](const std::string& what) {
      throw DataError(fmt::format("{}, row {} (counted from 0) {}.", table.file(), row, what));
    };
    Blacklist::Entry entry{.window_id = ids[row], .range = {}, .reason = reasons[row], .date = dates[row]};
    if (std::isnan(first[row]) != std::isnan(last[row])) fail("has only one of raw_start_idx and raw_end_idx");
    if (!std::isnan(first[row])) {
      if (!(first[row] >= 0 && first[row] <= last[row] && last[row] < 9e15))
        fail(fmt::format("has the bars {} to {}; expected 0 or more, in order", first[row], last[row]));
      entry.range = {static_cast<std::int64_t>(first[row]), static_cast<std::int64_t>(last[row])};
    }
    if (entry.window_id.empty() && !entry.range) fail("has neither a window_id nor raw_start_idx and raw_end_idx");
    entries.push_back(std::move(entry));
  }
  return Blacklist(std::move(entries));
}

void write_blacklist(const std::filesystem::path& file, const Blacklist& blacklist) {
  std::string text = "window_id,raw_start_idx,raw_end_idx,reason,blacklisted_date\n";
  for (const Blacklist::Entry& entry : blacklist.entries()) {
    text += fmt::format(
        "{},{},{},{},{}\n", csv_field(entry.window_id), entry.range ? std::to_string(entry.range->first) : "",
        entry.range ? std::to_string(entry.range->last) : "", csv_field(entry.reason), csv_field(entry.date));
  }
  write_file(file, text);
}

}  // namespace moola::data
