#include "market/checks/split_overlap.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <stdexcept>

namespace moola::market {
namespace {

struct Interval {
  std::int64_t first, last;
  std::size_t row;
};

// The labels of a part in the order of their beginnings.
std::vector<Interval> labels_of(const SplitPart& part, const LabelSpans& labels) {
  std::vector<Interval> out;
  out.reserve(count_rows(part.rows, labels.first.size()));
  for (const Rows& range : part.rows) {
    for (std::size_t row = range.begin; row < range.end; ++row) {
      if (labels.last[row] >= labels.first[row]) out.push_back({labels.first[row], labels.last[row], row});
    }
  }
  const auto earlier = [](const Interval& a, const Interval& b) { return a.first < b.first; };
  if (!std::is_sorted(out.begin(), out.end(), earlier)) std::stable_sort(out.begin(), out.end(), earlier);
  return out;
}

// The stretches that intervals, in order, cover together.
std::vector<Interval> covered(const std::vector<Interval>& labels) {
  std::vector<Interval> out;
  for (const Interval& label : labels) {
    if (!out.empty() && label.first <= out.back().last) {
      out.back().last = std::max(out.back().last, label.last);
    } else {
      out.push_back(label);
    }
  }
  return out;
}

CheckResult check_reach(const SplitPart& a, const SplitPart& b, const std::vector<Interval>& labels_a,
                        const std::vector<Interval>& labels_b) {
  CheckResult out{.name = fmt::format("{}_labels_reach_{}", a.name, b.name)};
  const std::vector<Interval> taken = covered(labels_b);
  std::size_t reaching = 0, first_row = std::numeric_limits<std::size_t>::max();
  auto next = taken.begin();
  for (const Interval& label : labels_a) {
    while (next != taken.end() && next->last < label.first) ++next;
    if (next == taken.end() || next->first > label.last) continue;
    ++reaching;
    first_row = std::min(first_row, label.row);
  }
  out.passed = reaching == 0;
  out.worst = static_cast<double>(reaching);
  out.detail = out.passed ? fmt::format("None of {} labels of {} depends on prices that labels of {} depend on.",
                                        labels_a.size(), a.name, b.name)
                          : fmt::format(
                                "{} of {} labels of {} depend on prices that labels of {} depend on too, row {} "
                                "first: purge more rows between them.",
                                reaching, labels_a.size(), a.name, b.name, first_row);
  return out;
}

std::optional<std::int64_t> smallest_distance(const std::vector<Interval>& a, const std::vector<Interval>& b) {
  std::optional<std::int64_t> least;
  auto later = b.begin();
  for (const Interval& label : a) {
    while (later != b.end() && later->first < label.first) ++later;
    if (later != b.end()) least = std::min(least.value_or(later->first - label.first), later->first - label.first);
    if (later != b.begin()) {
      const std::int64_t before = label.first - (later - 1)->first;
      least = std::min(least.value_or(before), before);
    }
  }
  return least;
}

CheckResult check_distance(const SplitPart& a, const SplitPart& b, const std::vector<Interval>& labels_a,
                           const std::vector<Interval>& labels_b, std::int64_t least) {
  CheckResult out{.name = fmt::format("{}_{}_distance", a.name, b.name)};
  const std::optional<std::int64_t> distance = smallest_distance(labels_a, labels_b);
  if (!distance) {
    out.detail = fmt::format("{} has no labels.", labels_a.empty() ? a.name : b.name);
    return out;
  }
  out.passed = *distance >= least;
  out.worst = static_cast<double>(*distance);
  out.detail =
      fmt::format("The nearest rows of {} and {} lie {} apart; {} are asked for.", a.name, b.name, *distance, least);
  return out;
}

CheckResult check_rows(std::span<const SplitPart> parts) {
  struct Piece {
    Rows rows;
    std::size_t part;
  };
  std::vector<Piece> pieces;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    for (const Rows& rows : parts[p].rows) {
      if (rows.size() > 0) pieces.push_back({rows, p});
    }
  }
  std::sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) { return a.rows.begin < b.rows.begin; });
  CheckResult out{.name = "rows_in_two_parts"};
  std::size_t shared = 0, counted_to = 0, end = 0, holder = 0;  // `holder` owns the rows up to `end`
  for (const Piece& piece : pieces) {
    const std::size_t begin = std::max(piece.rows.begin, counted_to), both = std::min(end, piece.rows.end);
    if (begin < both) {
      if (shared == 0)
        out.detail = fmt::format("row {} is in {} and in {}", begin, parts[holder].name, parts[piece.part].name);
      shared += both - begin;
      counted_to = both;
    }
    if (piece.rows.end > end) {
      end = piece.rows.end;
      holder = piece.part;
    }
  }
  out.passed = shared == 0;
  out.worst = static_cast<double>(shared);
  out.detail = out.passed ? "Every row is in one part at most."
                          : fmt::format("{} rows are in two parts; {}.", shared, out.detail);
  return out;
}

}  // namespace

std::vector<CheckResult> check_split(std::span<const SplitPart> parts, const LabelSpans& labels,
                                     std::int64_t least_distance) {
  if (labels.first.size() != labels.last.size()) throw std::invalid_argument("label spans of unequal length");
  std::vector<std::vector<Interval>> of;
  of.reserve(parts.size());
  for (const SplitPart& part : parts) of.push_back(labels_of(part, labels));
  std::vector<CheckResult> out{check_rows(parts)};
  for (std::size_t a = 0; a < parts.size(); ++a) {
    for (std::size_t b = a + 1; b < parts.size(); ++b) {
      out.push_back(check_reach(parts[a], parts[b], of[a], of[b]));
      out.push_back(check_distance(parts[a], parts[b], of[a], of[b], least_distance));
    }
  }
  return out;
}

}  // namespace moola::market
