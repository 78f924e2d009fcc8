#include "work/prepare/table_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/error.h"

namespace moola::work {

TableLayout layout_of(Workbench& bench, const StageUnit& table) {
  TableLayout out{.symbols = table.symbols, .time = {}, .symbol = {}, .bar = {}, .first_bar = {}};
  for (const std::size_t symbol : table.symbols) {
    const std::vector<std::int64_t>& time = bench.bars(symbol).time;
    out.first_bar.push_back(std::min(bench.first_row(symbol), time.size()));
    const std::size_t first = out.first_bar.back(), count = time.size() - first;
    out.time.insert(out.time.end(), time.begin() + static_cast<std::ptrdiff_t>(first), time.end());
    out.bar.resize(out.time.size());
    std::iota(out.bar.end() - static_cast<std::ptrdiff_t>(count), out.bar.end(), static_cast<std::uint32_t>(first));
    if (table.symbols.size() > 1)
      out.symbol.resize(out.time.size(), static_cast<std::int32_t>(out.first_bar.size() - 1));
  }
  if (table.symbols.size() == 1) return out;
  std::vector<std::uint32_t> order(out.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::pair(out.time[a], out.symbol[a]) < std::pair(out.time[b], out.symbol[b]);
  });
  const auto reorder = [&](auto& values) {
    auto sorted = values;
    for (std::size_t i = 0; i < order.size(); ++i) sorted[i] = values[order[i]];
    values = std::move(sorted);
  };
  reorder(out.time);
  reorder(out.symbol);
  reorder(out.bar);
  return out;
}

TableSeparations separations_of(const PrepareConfig& config, const TableLayout& layout) {
  const auto of_time = [&](validation::Separation separation) {
    if (layout.symbols.size() == 1 || separation.unit != validation::Separation::Unit::bars) return separation;
    return validation::Separation::time(static_cast<std::int64_t>(separation.value) *
                                        config.clean.timeframe.nanoseconds);
  };
  const auto purge = validation::parse_separation(config.splits.purge, "splits.purge");
  if (purge.unit == validation::Separation::Unit::fraction) {
    std::int64_t longest = 0;
    for (std::size_t h = 0; h < config.labels.horizons.size(); ++h)
      longest = std::max(longest, config.longest_label(h));
    const auto wanted = static_cast<std::size_t>(longest) * layout.symbols.size();
    if (const std::size_t rows = purge.rows(layout.size()); rows < wanted) {
      throw ConfigError(fmt::format(
          "splits.purge = \"{}\" is {} of {} rows, and the longest label may last {} bars of {} symbol{}. Labels of "
          "train rows would look into the validation part; set splits.purge to \"{}bars\" or more.",
          config.splits.purge, rows, layout.size(), longest, layout.symbols.size(),
          layout.symbols.size() == 1 ? "" : "s", longest));
    }
  }
  return {of_time(purge), of_time(validation::parse_separation(config.splits.embargo, "splits.embargo"))};
}

namespace {

// Where validation::chronological_split begins to leave rows out after the train part.
std::size_t boundary_row(const PrepareConfig& config, const TableLayout& layout) {
  return static_cast<std::size_t>(config.splits.train * static_cast<double>(layout.size()));
}

}  // namespace

std::int64_t first_after_train(const PrepareConfig& config, const TableLayout& layout) {
  return layout.time.at(boundary_row(config, layout));
}

std::vector<std::size_t> train_ends(const PrepareConfig& config, Workbench& bench, const TableLayout& layout) {
  const std::size_t n = layout.size();
  const std::size_t boundary = boundary_row(config, layout);
  const validation::Separation purge = separations_of(config, layout).purge;
  std::vector<std::size_t> ends(layout.symbols.size());
  if (n == 0) return ends;
  if (layout.symbols.size() == 1 && purge.unit != validation::Separation::Unit::time) {
    const std::size_t rows = purge.rows(n);
    ends[0] = layout.first_bar[0] + (boundary > rows ? boundary - rows : 0);
    return ends;
  }
  const std::int64_t margin = purge.unit == validation::Separation::Unit::time
                                  ? static_cast<std::int64_t>(purge.value)
                                  : layout.time[boundary] - layout.time[boundary - std::min(boundary, purge.rows(n))];
  for (std::size_t s = 0; s < layout.symbols.size(); ++s) {
    const std::vector<std::int64_t>& time = bench.bars(layout.symbols[s]).time;
    const auto end = std::lower_bound(time.begin(), time.end(), layout.time[boundary] - margin);
    ends[s] = std::max(layout.first_bar[s], static_cast<std::size_t>(end - time.begin()));
  }
  return ends;
}

}  // namespace moola::work
