#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/json.h"
#include "work/prepare/workbench.h"

namespace moola::work {

/// A symbol's bars as they are learnt from: mended, filled, adjusted and sampled as [clean] says.
struct CleanedBars {
  market::Bars bars;
  std::int64_t bar_seconds = 0;  // 0: they are not of the clock
  std::string symbol, source_timezone;
  Json report;  // what was done
};

/// Reads the bars and cleans them. Throws as read_bars; DataError when none is left, and for bars by volume of bars
/// without any.
CleanedBars read_cleaned_bars(const std::filesystem::path& workspace, const PrepareConfig& config,
                              const PreparedSymbol& symbol);

/// What barriers are multiples of, per cleaned bar: as it was known a bar before; empty where they are shares of the
/// price.
std::vector<double> barrier_scale(const PrepareConfig& config, const market::Bars& bars, unsigned threads);

/// Nanoseconds between cleaned bars; 0 where they are not of the clock.
std::int64_t bar_nanoseconds(const PrepareConfig& config);

}  // namespace moola::work
