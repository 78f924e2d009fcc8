#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "market/labels/barrier_fitness.h"
#include "market/labels/triple_barrier.h"
#include "market/search/genetic_search.h"

namespace moola::market {

struct BarrierSearchOptions {
  int horizon = 20;  // bars that labels are meant for
  double cost = 0;   // of a round trip, as a share of the entry price: what the fitness weighs
  double least_scale = 0.8, most_scale = 2.5;    // either barrier, times the scale
  double least_length = 2.0, most_length = 3.0;  // max_bars, in horizons
  double sample = 0.3;                           // share of the rows that are looked at: one stretch of them
  std::int64_t least_rows = 1000;
  TripleBarrier rule;  // touch, entry, tie and what unknown scales mean; its barriers are not looked at
  GeneticOptions genetic;
  std::uint64_t seed = 42;
};

struct BarrierEvaluation {
  double up, down;
  std::int32_t max_bars;
  double fitness;
  LabelSummary labels;
  double margin;  // of the neutral share: see search_barriers
};

/// The best barriers found. A fitted thing: it has seen bars [begin, end) and no others.
struct BarrierOptimum {
  TripleBarrier rule;
  double fitness;
  std::vector<BarrierEvaluation> evaluations;  // all, in the order of the search; equal barriers once
  std::vector<double> best_by_generation;
  std::int64_t begin, end;
};

/// Looks for the barriers whose labels of bars [begin, end) have the highest `barrier_fitness`. Labels that would need
/// a later bar don't count, so nothing from `end` on has a part in it. The same result on any number of threads and any
/// processor.
///
/// Rows that are not looked at have other shares of neutral labels, so the fitness wants a margin above its least: the
/// standard deviation of the share among the eighths of the stretch, at most 0.08. A part as long as the validation
/// part of the usual split, 0.15 of the rows to the stretch's 0.3 of 0.7, differs from the stretch by that times
/// sqrt(1/8 + 1/5.7) = 0.55 when eighths differ independently: the margin is 1.8 of these deviations. Cost: 10 ns a
/// bar, evaluation and thread. Throws ConfigError for options that make no search, DataError when there are fewer than
/// `least_rows` bars.
BarrierOptimum search_barriers(const PriceSpans& prices, std::span<const double> scale, std::int64_t begin,
                               std::int64_t end, const BarrierSearchOptions& options, unsigned threads,
                               const std::function<void(int generation, double best)>& progress = {});

}  // namespace moola::market
