#pragma once
// The hot loop of labels/triple_barrier.cpp, compiled for each instruction set by barrier_scan_v*.cpp. Every operation
// on a price is one IEEE operation on its own lane, so the sets agree bit for bit.
#include <cstdint>

#include "base/isa.h"

namespace moola::market::barrier_scan {

/// Bars [begin, end) of a table, each searched from bar i + 1 to bar i + max_bars, both included: there must be so
/// many, also where `own_bars` says that a bar is searched for fewer.
struct Scan {
  const double *open, *high, *low, *close;
  const double *scale_up, *scale_down;  // per bar; null, both of them: the entry price
  double up, down;
  double cost, cost_share;  // in price, and as a share of the entry price
  std::int32_t max_bars;
  const double* own_bars;  // one per bar from `begin` on, whole, 1 to max_bars; null: max_bars for all
  bool touch_by_close;     // else by highs and lows
  bool enter_at_open;      // of the next bar, else at the close
  std::int64_t begin, end;
  std::int8_t unknown_label;  // of a bar one of whose scales is not a finite number above 0
  std::int32_t unknown_bars;
  // One entry per bar of the table: see BarrierLabels.
  std::int8_t *label, *touch;
  std::int32_t* bars;
  float *mae, *mfe, *exit_return;
  /// Room for end - begin: the bars whose last one reached both barriers. Their label, touch and exit_return are open.
  std::int64_t* ties;
};

/// Labels them; returns how many `ties` there are, each once or more.
using Label = std::int64_t (*)(const Scan&);
Label label_bars(Isa isa);

std::int64_t label_bars_v2(const Scan& scan);
std::int64_t label_bars_v3(const Scan& scan);
std::int64_t label_bars_v4(const Scan& scan);

}  // namespace moola::market::barrier_scan
