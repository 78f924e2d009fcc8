#include "data/tables/table_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/utc_time.h"

namespace moola::data {
namespace {

// The part that one of a name's words means.
std::optional<TablePart> part_of(const std::filesystem::path& file) {
  std::string word;
  std::optional<TablePart> part;
  for (const char c : file.stem().string() + "_") {
    if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      continue;
    }
    if (word == "train" || word == "training") part = TablePart::train;
    if (word == "val" || word == "valid" || word == "validation") part = TablePart::val;
    if (word == "test") part = TablePart::test;
    word.clear();
  }
  return part;
}

// The last stamp that anything of a row depends on.
std::int64_t end_of(const TableRows& rows, std::size_t row) {
  std::int64_t end = rows.time[row];
  for (const HorizonColumns& labels : rows.horizons) {
    if (!labels.t1.empty()) end = std::max(end, labels.t1[row]);
  }
  return end;
}

}  // namespace

std::string_view to_string(TablePart part) {
  static constexpr std::array<std::string_view, 3> kNames{"train", "val", "test"};
  return kNames[static_cast<std::size_t>(part)];
}

std::optional<std::vector<TablePart>> parts_of(std::span<const std::filesystem::path> files) {
  std::vector<TablePart> parts;
  std::array<int, 3> count{};
  for (const std::filesystem::path& file : files) {
    const auto part = part_of(file);
    if (!part) return std::nullopt;
    parts.push_back(*part);
    ++count[static_cast<std::size_t>(*part)];
  }
  const bool one_of_each = count[0] == 1 && count[1] <= 1 && count[2] == 1;
  return one_of_each ? std::optional(parts) : std::nullopt;
}

SplitParts split_by_parts(const TableRows& rows, std::span<const TablePart> part) {
  std::array<std::vector<std::size_t>, 3> of;
  for (std::size_t row = 0; row < part.size(); ++row) of[static_cast<std::size_t>(part[row])].push_back(row);
  std::vector<std::size_t> purged;
  SplitParts split;
  const std::array<std::vector<validation::RowRange>*, 3> ranges{&split.train, &split.val, &split.test};
  for (std::size_t p = 0; p < of.size(); ++p) {
    if (of[p].empty()) continue;
    std::vector<std::size_t> later;
    for (std::size_t q = p + 1; q < of.size(); ++q) later.insert(later.end(), of[q].begin(), of[q].end());
    std::vector<std::size_t> kept;
    if (later.empty()) {
      kept = of[p];
    } else {
      const std::size_t first = *std::ranges::min_element(later);
      if (rows.time[of[p].back()] >= rows.time[first]) {
        throw LeakError(fmt::format(
            "the part {} reaches to {}, but {} begins at {}: parts that overlap in time are no split by time. Cut them "
            "by time, or give the files other names to import them as one table without a split.",
            to_string(static_cast<TablePart>(p)), utc_text(rows.time[of[p].back()]), to_string(part[first]),
            utc_text(rows.time[first])));
      }
      for (const std::size_t row : of[p]) (end_of(rows, row) < rows.time[first] ? kept : purged).push_back(row);
    }
    if (kept.empty()) {
      throw LeakError(
          fmt::format("every row of the part {} has a label that depends on a later part; nothing of it would be left.",
                      to_string(static_cast<TablePart>(p))));
    }
    *ranges[p] = validation::ranges_of(kept);
  }
  std::ranges::sort(purged);
  split.purged = validation::ranges_of(purged);
  return split;
}

}  // namespace moola::data
