#include "market/roll.h"

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace moola::market {
namespace {

// Where each session begins, and one past the last stamp.
std::vector<std::int64_t> session_bounds(std::span<const Contract* const> contracts, std::int64_t gap) {
  std::vector<std::int64_t> stamps;
  for (const Contract* contract : contracts)
    stamps.insert(stamps.end(), contract->bars.time.begin(), contract->bars.time.end());
  std::sort(stamps.begin(), stamps.end());
  std::vector<std::int64_t> bounds;
  for (std::size_t i = 0; i < stamps.size(); ++i) {
    if (i == 0 || stamps[i] - stamps[i - 1] >= gap) bounds.push_back(stamps[i]);
  }
  if (!stamps.empty()) bounds.push_back(stamps.back() + 1);
  return bounds;
}

struct Rows {
  std::size_t begin, end;
};

Rows rows_between(const Bars& bars, std::int64_t begin, std::int64_t end) {
  const auto first = std::lower_bound(bars.time.begin(), bars.time.end(), begin);
  const auto last = std::lower_bound(first, bars.time.end(), end);
  return {static_cast<std::size_t>(first - bars.time.begin()), static_cast<std::size_t>(last - bars.time.begin())};
}

double volume_of(const Bars& bars, Rows rows) {
  double sum = 0;
  for (std::size_t i = rows.begin; i < rows.end; ++i) sum += bars.volume[i];
  return sum;
}

bool still_trades(const Contract& contract, std::int64_t time) {
  return !contract.bars.empty() && contract.bars.time.back() >= time;
}

// The contract of a session that begins at `begin`; `volumes` are those of the session before.
std::optional<std::size_t> choose(std::span<const Contract* const> contracts, std::span<const double> volumes,
                                  std::optional<std::size_t> current, std::int64_t begin, RollRule rule) {
  const bool ended = !current || !still_trades(*contracts[*current], begin);
  if (!ended && rule == RollRule::expiry) return current;
  std::optional<std::size_t> best = ended ? std::nullopt : current;
  for (std::size_t i = current ? *current + 1 : 0; i < contracts.size(); ++i) {
    if (!still_trades(*contracts[i], begin)) continue;
    const bool nearest_only = rule == RollRule::expiry || !current;
    if (!best || (!nearest_only && volumes[i] > volumes[*best])) best = i;
  }
  return best;
}

void append(Bars& to, const Bars& from, Rows rows) {
  const auto copy = [&](auto& target, const auto& source) {
    target.insert(target.end(), source.begin() + static_cast<std::ptrdiff_t>(rows.begin),
                  source.begin() + static_cast<std::ptrdiff_t>(rows.end));
  };
  copy(to.time, from.time);
  copy(to.open, from.open);
  copy(to.high, from.high);
  copy(to.low, from.low);
  copy(to.close, from.close);
  copy(to.volume, from.volume);
  copy(to.flags, from.flags);
}

}  // namespace

ContinuousSeries front_month(std::span<const Contract> contracts, RollRule rule, std::int64_t session_gap) {
  std::vector<const Contract*> sorted;
  for (const Contract& contract : contracts) sorted.push_back(&contract);
  std::sort(sorted.begin(), sorted.end(), [](const Contract* a, const Contract* b) { return a->month < b->month; });
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i]->month == sorted[i - 1]->month)
      throw std::logic_error("contract month given twice: " + sorted[i]->month);
  }

  ContinuousSeries series;
  std::vector<double> volumes(sorted.size(), 0.0);
  std::optional<std::size_t> current;
  const std::vector<std::int64_t> bounds = session_bounds(sorted, session_gap);
  for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
    const std::optional<std::size_t> chosen = choose(sorted, volumes, current, bounds[s], rule);
    if (chosen) {
      current = chosen;
      const Rows rows = rows_between(sorted[*current]->bars, bounds[s], bounds[s + 1]);
      if (rows.begin != rows.end) {
        const std::size_t first = series.bars.size();
        append(series.bars, sorted[*current]->bars, rows);
        if (series.spans.empty() || series.spans.back().month != sorted[*current]->month) {
          if (!series.spans.empty()) series.bars.flags[first] |= kRoll;
          series.spans.push_back({sorted[*current]->month, first, first});
        }
        series.spans.back().end = series.bars.size();
      }
    }
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      volumes[i] = volume_of(sorted[i]->bars, rows_between(sorted[i]->bars, bounds[s], bounds[s + 1]));
    }
  }
  return series;
}

}  // namespace moola::market
