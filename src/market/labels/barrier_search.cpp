#include "market/labels/barrier_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>

#include "base/error.h"
#include "base/parallel_pieces.h"
#include "market/labels/barrier_table.h"

namespace moola::market {
namespace {

void check(const BarrierSearchOptions& o) {
  if (o.horizon < 1) throw ConfigError(fmt::format("a horizon of {} bars: must be 1 or more.", o.horizon));
  if (!(o.least_scale > 0) || !(o.least_scale <= o.most_scale))
    throw ConfigError(fmt::format("barriers from {} to {} times the scale.", o.least_scale, o.most_scale));
  if (!(o.least_length > 0) || !(o.least_length <= o.most_length))
    throw ConfigError(fmt::format("max_bars from {} to {} horizons.", o.least_length, o.most_length));
  if (std::ceil(o.horizon * o.least_length) > std::floor(o.horizon * o.most_length)) {
    throw ConfigError(fmt::format("max_bars from {} to {} horizons of {} bars: no whole number of bars lies between.",
                                  o.least_length, o.most_length, o.horizon));
  }
  if (!(o.sample > 0 && o.sample <= 1)) throw ConfigError(fmt::format("a sample of {} of the rows.", o.sample));
  if (!(o.cost >= 0)) throw ConfigError(fmt::format("a cost of {}.", o.cost));
}

// The stretch of rows that is looked at.
std::pair<std::int64_t, std::int64_t> stretch(std::int64_t begin, std::int64_t end, const BarrierSearchOptions& o) {
  const std::int64_t rows = end - begin;
  const std::int64_t wanted =
      std::min(rows, std::max(o.least_rows, static_cast<std::int64_t>(o.sample * static_cast<double>(rows))));
  if (rows < o.least_rows)
    throw DataError(
        fmt::format("barriers are to be fitted on {} bars, but {} at least are needed.", rows, o.least_rows));
  KeyedRandom random(o.seed, Stream::barrier_search, 0, std::uint64_t{1} << 40);
  const double place = random.uniform();
  const auto from = begin + static_cast<std::int64_t>(place * static_cast<double>(rows - wanted + 1));
  return {from, from + wanted};
}

struct Barriers {
  double up, down;
  std::int32_t max_bars;
  auto operator<=>(const Barriers&) const = default;
};

// Barriers within a hundredth of a scale are the same: the labels hardly differ, and equal ones are evaluated once.
// Where even the nearest is less than half a scale (shares of the price), the steps are finer in proportion.
Barriers barriers_of(const Point& point, const BarrierSearchOptions& o) {
  double steps = 100;
  while (steps * o.least_scale < 50) steps *= 10;
  const auto rounded = [&](double value) {
    return std::clamp(std::round(value * steps) / steps, o.least_scale, o.most_scale);
  };
  const double bars = std::clamp(std::floor(o.horizon * point[2]), std::ceil(o.horizon * o.least_length),
                                 std::floor(o.horizon * o.most_length));
  return {.up = rounded(point[0]), .down = rounded(point[1]), .max_bars = std::max(1, static_cast<std::int32_t>(bars))};
}

// How far the share of neutral labels differs among the eighths of the rows: its standard deviation.
double neutral_spread(const BarrierLabels& labels) {
  constexpr std::size_t kPieces = 8;
  double shares[kPieces] = {}, sum = 0;
  std::size_t count = 0;  // pieces with a label
  for (std::size_t piece = 0; piece < kPieces; ++piece) {
    const auto at = [&](std::size_t p) {
      return labels.label.begin() + static_cast<std::ptrdiff_t>(labels.size() * p / kPieces);
    };
    const auto neutral = std::count(at(piece), at(piece + 1), std::int8_t{0}),
               invalid = std::count(at(piece), at(piece + 1), kInvalidLabel);
    const auto valid = (at(piece + 1) - at(piece)) - invalid;
    if (valid == 0) continue;
    shares[count] = static_cast<double>(neutral) / static_cast<double>(valid);
    sum += shares[count++];
  }
  if (count < 2) return 0;
  const double mean = sum / static_cast<double>(count);
  double squares = 0;
  for (std::size_t i = 0; i < count; ++i) squares += (shares[i] - mean) * (shares[i] - mean);
  return std::sqrt(squares / static_cast<double>(count - 1));
}

// Above this hardly any share would be left between the margin and the upper edge of the fitness.
constexpr double kMostMargin = 0.08;

// Evaluates barriers on the stretch of rows.
class Evaluator {
 public:
  Evaluator(const PriceSpans& prices, std::span<const double> scale, std::int64_t begin, std::int64_t end,
            const BarrierSearchOptions& options)
      : options_(options) {
    const auto from = static_cast<std::size_t>(begin), rows = static_cast<std::size_t>(end - begin);
    prices_ = {prices.open.subspan(from, rows), prices.high.subspan(from, rows), prices.low.subspan(from, rows),
               prices.close.subspan(from, rows)};
    scale_ = scale.empty() ? scale : scale.subspan(from, rows);
  }

  std::vector<BarrierEvaluation> operator()(const std::vector<Barriers>& wanted, unsigned threads) const {
    std::vector<BarrierEvaluation> out(wanted.size());
    std::atomic<std::size_t> next{0};
    const std::size_t workers = std::min<std::size_t>(std::max(1U, threads), wanted.size());
    for_each_piece(workers, threads, [&](std::size_t) {
      BarrierLabels labels;  // one per thread, of all that it evaluates
      labels.resize(prices_.close.size());
      for (std::size_t i = 0; (i = next.fetch_add(1)) < wanted.size();) out[i] = evaluate(wanted[i], labels);
    });
    return out;
  }

 private:
  const BarrierSearchOptions& options_;
  PriceSpans prices_;
  std::span<const double> scale_;

  BarrierEvaluation evaluate(const Barriers& barriers, BarrierLabels& labels) const {
    TripleBarrier rule = options_.rule;
    rule.up = barriers.up;
    rule.down = barriers.down;
    rule.max_bars = barriers.max_bars;
    const std::size_t rows = labels.size();
    triple_barrier(prices_, scale_, rule, 0, static_cast<std::int64_t>(rows), labels);
    const LabelSummary summary = summarise_labels(labels, 0, rows);
    const double margin = std::min(kMostMargin, neutral_spread(labels));
    return {.up = barriers.up,
            .down = barriers.down,
            .max_bars = barriers.max_bars,
            .fitness = barrier_fitness(summary, options_.horizon, options_.cost, margin),
            .labels = summary,
            .margin = margin};
  }
};

}  // namespace

BarrierOptimum search_barriers(const PriceSpans& prices, std::span<const double> scale, std::int64_t begin,
                               std::int64_t end, const BarrierSearchOptions& options, unsigned threads,
                               const std::function<void(int generation, double best)>& progress) {
  check(options);
  if (begin < 0 || begin > end || end > static_cast<std::int64_t>(prices.close.size()))
    throw std::invalid_argument("barriers are to be fitted on rows that there are not");
  const auto [from, to] = stretch(begin, end, options);
  const Evaluator evaluate(prices, scale, from, to, options);
  const TripleBarrier usual = usual_barriers("", options.horizon);
  const auto inside = [&](double value) { return std::clamp(value, options.least_scale, options.most_scale); };
  const double length = (options.least_length + options.most_length) / 2;
  // A random walk is within b of its start for T steps in a share (4 / pi) exp(-pi^2 T / (8 b^2)) of the cases: a
  // quarter at b = 0.87 sqrt(T), in deviations of a step. A bar's range is 1.6 of these, and T is near the shortest
  // length.
  const double walk = inside(0.87 * std::sqrt(1.1 * options.least_length * options.horizon) / 1.6);
  GeneticSearch search({{"up", options.least_scale, options.most_scale},
                        {"down", options.least_scale, options.most_scale},
                        {"length", options.least_length, options.most_length}},
                       options.genetic,
                       {{inside(usual.up), inside(usual.down), length},
                        {inside(1.5), inside(1.5), length},
                        {walk, walk, std::min(1.1 * options.least_length, options.most_length)}},
                       options.seed);
  BarrierOptimum best{.rule = options.rule,
                      .fitness = -std::numeric_limits<double>::infinity(),
                      .evaluations = {},
                      .best_by_generation = {},
                      .begin = from,
                      .end = to};
  std::map<Barriers, double> known;
  int generation = 0;
  for (auto points = search.ask(); !points.empty(); points = search.ask()) {
    std::vector<Barriers> asked, fresh;
    for (const Point& point : points) {
      asked.push_back(barriers_of(point, options));
      if (known.try_emplace(asked.back(), 0.0).second) fresh.push_back(asked.back());
    }
    for (const BarrierEvaluation& found : evaluate(fresh, threads)) {
      known[{found.up, found.down, found.max_bars}] = found.fitness;
      best.evaluations.push_back(found);
      if (found.fitness <= best.fitness) continue;
      best.fitness = found.fitness;
      best.rule.up = found.up;
      best.rule.down = found.down;
      best.rule.max_bars = found.max_bars;
    }
    std::vector<double> values;
    for (const Barriers& barriers : asked) values.push_back(known[barriers]);
    search.tell(values);
    best.best_by_generation.push_back(best.fitness);
    if (progress) progress(++generation, best.fitness);
  }
  return best;
}

}  // namespace moola::market
