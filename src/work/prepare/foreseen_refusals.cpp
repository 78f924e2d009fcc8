#include "work/prepare/foreseen_refusals.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/utc_time.h"
#include "market/labels/barrier_search.h"
#include "validation/separation.h"
#include "work/prepare/compared_symbols.h"
#include "work/prepare/used_bars.h"

namespace moola::work {
namespace {

void check_timeframe(const PrepareConfig& config, const PreparedSymbol& symbol, Duration given) {
  const Duration wanted = config.clean.timeframe;
  if (config.clean.sampling != "time" || (wanted >= given && wanted.nanoseconds % given.nanoseconds == 0)) return;
  throw ConfigError(
      fmt::format("clean.timeframe = \"{}\": {} has bars of {}, which cannot be put together into those. Set it to {} "
                  "or a multiple "
                  "of it, or import shorter bars.",
                  to_string(wanted), to_string(symbol.id), to_string(given), to_string(given)));
}

// As many bars of a length as the clock has room for: gaps make fewer, nothing makes more.
std::int64_t most_bars(const BarsExtent& extent, std::int64_t nanoseconds) {
  const auto place = [&](std::int64_t stamp) { return stamp / nanoseconds - (stamp % nanoseconds < 0 ? 1 : 0); };
  return place(extent.last) - place(extent.first) + 1;
}

std::string span_text(const BarsExtent& extent) {
  return fmt::format("{} to {}", utc_text(extent.first), utc_text(extent.last));
}

// As many rows as a table of one symbol can have: from the bar on that all columns have a value of.
std::int64_t most_rows(const PrepareConfig& config, const PreparedSymbol& symbol, const BarsExtent& extent,
                       std::int64_t step) {
  const std::int64_t bars = most_bars(extent, step);
  std::int64_t first = 0;
  for (const market::Feature& feature : columns_of_symbol(config, symbol.name())) {
    const bool longer = feature.timeframe != 0;
    // The factory's columns of longer bars look at bars that have not ended yet.
    if (longer && config.features.definitions != "moola") continue;
    const std::int64_t of = longer ? feature.timeframe : step;
    const std::int64_t needed = feature.column.warm_up() + (longer ? 0 : static_cast<std::int64_t>(feature.shift()));
    if (needed >= most_bars(extent, of)) {
      throw DataError(fmt::format(
          "{} has at most {} bars of {} ({}), and the column {} has its first value only after {}. Give more bars, or "
          "leave the column out: features.columns = [\"…\", \"-{}\"].",
          to_string(symbol.id), most_bars(extent, of), to_string(Duration{of}), span_text(extent), feature.name, needed,
          feature.name));
    }
    if (!longer) first = std::max(first, needed);
  }
  return bars - first;
}

// The parts of one symbol's table where separations are numbers of rows.
void check_rows(const PrepareConfig& config, const StageUnit& table, std::int64_t rows, const std::string& where) {
  const auto purge = validation::parse_separation(config.splits.purge, "splits.purge"),
             embargo = validation::parse_separation(config.splits.embargo, "splits.embargo");
  using Unit = validation::Separation::Unit;
  const auto count = static_cast<double>(rows);
  const double apart_before = purge.unit == Unit::bars ? purge.value : 0,
               apart_after = embargo.unit == Unit::bars ? embargo.value : 0;
  const auto refuse = [&](const char* part, double share) {
    throw LeakError(fmt::format(
        "no row is left for {} in {}: of at most {} rows ({}) it is a share of {:.2g}, and splits.purge = \"{}\" and "
        "splits.embargo = \"{}\" are left out beside it. Give more bars, smaller separations or a larger share.",
        part, table.name, rows, where, share, config.splits.purge, config.splits.embargo));
  };
  const double test = 1 - config.splits.train - config.splits.val;
  const double train_rows = config.splits.train * count - apart_before;
  if (train_rows < 1) refuse("train", config.splits.train);
  const auto least = market::BarrierSearchOptions{}.least_rows;
  if (config.searches_barriers() && config.barriers.safe && train_rows < static_cast<double>(least)) {
    throw DataError(fmt::format(
        "the train part of {} has at most {:.0f} rows ({}), too few to search barriers in: {} at least are needed. "
        "Give more bars, or leave the barriers of [labels] as they are: barriers.optimise = false.",
        table.name, train_rows, where, least));
  }
  // A row more than the share, for where boundaries are rounded to.
  if (config.splits.val * count + 1 <= apart_before + apart_after) refuse("val", config.splits.val);
  if (test * count + 1 <= apart_after) refuse("test", test);
}

// Separations by the clock, which those of several symbols in one table are in any case.
void check_times(const PrepareConfig& config, const StageUnit& table, const BarsExtent& extent, std::int64_t step) {
  for (const auto& [key, text] :
       {std::pair{"splits.purge", config.splits.purge}, {"splits.embargo", config.splits.embargo}}) {
    auto apart = validation::parse_separation(text, key);
    if (apart.unit == validation::Separation::Unit::bars && table.symbols.size() > 1)
      apart = validation::Separation::time(static_cast<std::int64_t>(apart.value * static_cast<double>(step)));
    if (apart.unit != validation::Separation::Unit::time) continue;
    if (apart.value < static_cast<double>(extent.last - extent.first)) continue;
    throw LeakError(fmt::format(
        "{} = \"{}\" is as long as all bars of {} ({}): no row would be left in any part. Give more bars or a smaller "
        "separation.",
        key, text, table.name, span_text(extent)));
  }
}

void check_compared(const PrepareConfig& config, const std::vector<PreparedSymbol>& symbols,
                    const std::vector<BarsExtent>& extents, std::size_t symbol) {
  for (const std::string& name : compared_symbols(config, symbols[symbol].name())) {
    const auto found =
        std::find_if(symbols.begin(), symbols.end(), [&](const PreparedSymbol& each) { return each.name() == name; });
    const BarsExtent &own = extents[symbol], &other = extents[static_cast<std::size_t>(found - symbols.begin())];
    const std::int64_t age = config.cross_asset.max_age.nanoseconds;
    if (other.first <= own.last && own.first - age <= other.last + other.bar_nanoseconds) continue;
    throw DataError(fmt::format(
        "cross_asset.others: {} and {} have no bars in common: {} has bars from {}, and {} from {}. Give bars of the "
        "same time, or leave {} out.",
        symbols[symbol].name(), name, symbols[symbol].name(), span_text(own), name, span_text(other),
        to_string(found->id)));
  }
}

}  // namespace

BarsExtent extent_of(const PrepareConfig& config, const PreparedSymbol& symbol, const data::DatasetReader& bars) {
  const Duration given = Duration::seconds(bars.file().integer_attribute("bar_seconds"));
  check_timeframe(config, symbol, given);
  const data::hdf5::Dataset stamps = bars.file().dataset("time");
  std::vector<std::int64_t> time;
  if (config.data.from.empty() && config.data.to.empty() && stamps.rows() > 0) {
    time.resize(2);
    stamps.read_rows<std::int64_t>(0, 1, std::span(time).first(1));
    stamps.read_rows<std::int64_t>(stamps.rows() - 1, 1, std::span(time).last(1));
  } else {
    time = stamps.read<std::int64_t>();
  }
  const BarRange used = used_bars(config, symbol, time);
  return {.bar_nanoseconds = given.nanoseconds, .first = time[used.begin], .last = time[used.end - 1]};
}

void check_extents(const PrepareConfig& config, const std::vector<PreparedSymbol>& symbols,
                   const std::vector<BarsExtent>& extents, const std::vector<StageUnit>& tables) {
  const bool clock = config.clean.sampling == "time";
  for (const StageUnit& table : tables) {
    BarsExtent all = extents[table.symbols.front()];
    const std::int64_t step = clock ? config.clean.timeframe.nanoseconds : all.bar_nanoseconds;
    std::int64_t rows = 0;
    for (const std::size_t symbol : table.symbols) {
      check_compared(config, symbols, extents, symbol);
      rows += most_rows(config, symbols[symbol], extents[symbol], step);
      all.first = std::min(all.first, extents[symbol].first);
      all.last = std::max(all.last, extents[symbol].last);
    }
    check_times(config, table, all, step);
    if (table.symbols.size() == 1) check_rows(config, table, rows, span_text(all));
  }
}

}  // namespace moola::work
