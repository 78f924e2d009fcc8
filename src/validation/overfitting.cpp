#include "validation/overfitting.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/isa.h"
#include "base/named_choice.h"
#include "base/parallel_pieces.h"
#include "market/portable_log.h"
#include "validation/overfitting_kernel.h"

namespace moola::validation {
namespace {

constexpr auto kPerformances = std::to_array<NamedChoice<Performance>>(
    {{"sharpe", Performance::sharpe}, {"mean", Performance::mean}, {"sortino", Performance::sortino}});
constexpr std::size_t kMostPoints = 200;  // of a distribution
constexpr std::size_t kPieces = 64;

// Sums over rows of a column: of x - centre, and of what its risk is made of.
struct Sums {
  std::vector<double> first, second;  // (columns)
  explicit Sums(std::size_t columns = 0) : first(columns), second(columns) {}
};

// Returns as they are scored.
class Scores {
 public:
  Scores(std::span<const double> returns, std::size_t columns, std::size_t dropped, const OverfittingOptions& options)
      : columns_(columns), options_(options), centre_(columns) {
    const std::size_t rows = returns.size() / columns - dropped, length = rows / options.blocks;
    half_rows_ = static_cast<double>(length * options.blocks / 2);
    const auto x = returns.subspan(dropped * columns);
    std::vector<double> risk(columns);
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t c = 0; c < columns; ++c) centre_[c] += x[row * columns + c];
    }
    for (double& each : centre_) each /= static_cast<double>(rows);
    std::vector<Sums> blocks(options.blocks, Sums(columns));
    for (std::size_t row = 0; row < rows; ++row) {
      Sums& block = blocks[row / length];
      for (std::size_t c = 0; c < columns; ++c) {
        const double value = x[row * columns + c], off = value - centre_[c],
                     below = std::min(0.0, value - options.risk_free);
        block.first[c] += off;
        block.second[c] += options.performance == Performance::sortino ? below * below : off * off;
      }
    }
    for (std::size_t c = 0; c < columns; ++c) {
      double size = std::fabs(centre_[c]);
      for (std::size_t row = 0; row < rows; ++row) size = std::max(size, std::fabs(x[row * columns + c]));
      nothing_.push_back(1e-12 * size);
    }
    for (const std::size_t first : {std::size_t{0}, options.blocks / 2}) {
      const std::size_t count = first == 0 ? options.blocks / 2 : options.blocks - options.blocks / 2;
      std::vector<Sums> subsets(std::size_t{1} << count, Sums(columns));
      for (std::size_t bits = 1; bits < subsets.size(); ++bits) {
        const auto last = static_cast<std::size_t>(std::bit_width(bits) - 1);
        const Sums &rest = subsets[bits ^ (std::size_t{1} << last)], &block = blocks[first + last];
        for (std::size_t c = 0; c < columns; ++c) {
          subsets[bits].first[c] = rest.first[c] + block.first[c];
          subsets[bits].second[c] = rest.second[c] + block.second[c];
        }
      }
      (first == 0 ? early_ : late_) = std::move(subsets);
    }
  }

  // How each configuration did in the blocks of a combination, which is half of them.
  void of(std::uint32_t combination, std::vector<double>& out) const {
    const std::size_t half = options_.blocks / 2;
    const Sums &a = early_[combination & ((std::uint32_t{1} << half) - 1)], &b = late_[combination >> half];
    const bool sharpe = options_.performance == Performance::sharpe;
    kernel_.score({.first_a = a.first.data(),
                   .first_b = b.first.data(),
                   .second_a = a.second.data(),
                   .second_b = b.second.data(),
                   .centre = centre_.data(),
                   .nothing = nothing_.data(),
                   .columns = columns_,
                   .rows = half_rows_,
                   .risk_free = options_.risk_free,
                   .risk_rows = sharpe ? half_rows_ - 1 : half_rows_,
                   .less_mean = sharpe ? 1.0 : 0.0,
                   .by_risk = options_.performance != Performance::mean},
                  out.data());
  }

 private:
  std::size_t columns_;
  OverfittingOptions options_;
  const overfitting_kernel::Kernel& kernel_ = overfitting_kernel::kernel(isa());
  double half_rows_ = 0;
  std::vector<double> centre_;
  std::vector<double> nothing_;  // what is rounding alone
  std::vector<Sums> early_, late_;
};

void check(std::span<const double> returns, std::size_t columns, const OverfittingOptions& options) {
  if (options.blocks < 2 || options.blocks > 24 || options.blocks % 2 != 0)
    throw ConfigError(fmt::format("{} blocks: an even number from 2 to 24 is cut into halves.", options.blocks));
  if (columns == 0 || returns.size() % columns != 0) throw std::invalid_argument("returns that fill no rows");
  const std::size_t rows = returns.size() / columns;
  if (columns < 2)
    throw DataError(
        "returns of one configuration: where nothing was chosen nothing can be overfit. Give two columns at least.");
  if (rows < 2 * options.blocks) {
    throw DataError(fmt::format("{} rows make no {} blocks of two rows at least: give fewer blocks or more rows.", rows,
                                options.blocks));
  }
  for (std::size_t i = 0; i < returns.size(); ++i) {
    if (!std::isfinite(returns[i]))
      throw DataError(fmt::format("row {} of column {} is {}: every return must be a number.", i / columns, i % columns,
                                  returns[i]));
  }
  if (options.performance == Performance::mean) return;
  for (std::size_t c = 0; c < columns; ++c) {
    bool changes = false;
    for (std::size_t row = 1; row < rows && !changes; ++row) changes = returns[row * columns + c] != returns[c];
    if (!changes) {
      throw DataError(
          fmt::format("column {} is {} in every row: it has no risk to measure its gain by. Leave it out, or "
                      "choose by the mean.",
                      c, returns[c]));
    }
  }
}

// All choices of half of the blocks, the first block's highest in order; bit b is block b.
std::vector<std::uint32_t> combinations_of(std::size_t blocks) {
  std::vector<std::size_t> choice(blocks / 2);
  std::iota(choice.begin(), choice.end(), 0);
  std::vector<std::uint32_t> out;
  while (true) {
    std::uint32_t bits = 0;
    for (const std::size_t block : choice) bits |= std::uint32_t{1} << block;
    out.push_back(bits);
    std::size_t i = choice.size();
    while (i > 0 && choice[i - 1] == blocks - choice.size() + i - 1) --i;
    if (i == 0) return out;
    ++choice[i - 1];
    for (; i < choice.size(); ++i) choice[i] = choice[i - 1] + 1;
  }
}

// Pieces of the first half of the combinations: the complement of the i-th is the i-th from the end.
template <class Work>
void for_each_pair(std::size_t combinations, unsigned threads, Work&& work) {
  const std::size_t pairs = combinations / 2;
  for_each_piece(kPieces, threads, [&](std::size_t piece) {
    const std::size_t begin = pairs * piece / kPieces, end = pairs * (piece + 1) / kPieces;
    if (begin < end) work(piece, begin, end);
  });
}

void fit_line(Overfitting& out) {
  const auto n = static_cast<double>(out.inside.size());
  double x = 0, y = 0, xx = 0, yy = 0, xy = 0;
  for (std::size_t i = 0; i < out.inside.size(); ++i) {
    x += out.inside[i];
    y += out.outside[i];
  }
  x /= n;
  y /= n;
  for (std::size_t i = 0; i < out.inside.size(); ++i) {
    const double dx = out.inside[i] - x, dy = out.outside[i] - y;
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  out.slope = xx > 0 ? xy / xx : std::nan("");
  out.intercept = y - out.slope * x;
  out.r_squared = xx > 0 && yy > 0 ? xy * xy / (xx * yy) : std::nan("");
}

// Compares the distribution of winners' results with that of all results, at every winner's result: nowhere between
// two of them can the first-order comparison turn.
class Dominance {
 public:
  Dominance(std::vector<double> winners, std::size_t columns) : winners_(std::move(winners)), columns_(columns) {
    std::sort(winners_.begin(), winners_.end());
    const double low = winners_.front(), high = winners_.back();
    if (!std::isfinite(high - low) || !(high > low)) return;
    // Results are looked up by equal steps between the winners' extremes, each with the first winner that lies in it.
    const std::size_t steps = 2 * winners_.size();
    per_unit_ = static_cast<double>(steps) / (high - low);
    if (!std::isfinite(per_unit_)) return;
    first_in_.resize(steps + 2);
    std::size_t at = 0;
    for (std::size_t step = 0; step < first_in_.size(); ++step) {
      while (at < winners_.size() && step_of(winners_[at]) < step) ++at;
      first_in_[step] = static_cast<std::uint32_t>(at);
    }
  }

  struct Piece {
    std::vector<std::uint64_t> counts;  // of results in (winner i - 1, winner i]
    std::vector<double> sums;
  };
  Piece piece() const {
    return {std::vector<std::uint64_t>(winners_.size() + 1), std::vector<double>(winners_.size() + 1)};
  }
  void add(Piece& piece, const std::vector<double>& results) const {
    for (const double each : results) {
      const std::size_t at = first_not_below(each);
      ++piece.counts[at];
      piece.sums[at] += each;
    }
  }

  void conclude(const std::vector<Piece>& pieces, Overfitting& out) const {
    const std::size_t n = winners_.size();
    const double all = static_cast<double>(n) * static_cast<double>(columns_);
    out.first_order = out.second_order = true;
    std::uint64_t below = 0;
    double sum = 0, winners_sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      for (const Piece& piece : pieces) {
        if (piece.counts.empty()) continue;
        below += piece.counts[i];
        sum += piece.sums[i];
      }
      winners_sum += winners_[i];
      if (i + 1 < n && winners_[i + 1] == winners_[i]) continue;
      const double at = winners_[i], share = static_cast<double>(i + 1) / static_cast<double>(n),
                   share_of_all = static_cast<double>(below) / all;
      if (share > share_of_all) out.first_order = false;
      // The integrals of both distributions up to here.
      const double area = share * at - winners_sum / static_cast<double>(n),
                   area_of_all = share_of_all * at - sum / all;
      if (area > area_of_all + 1e-12 * (std::fabs(area) + std::fabs(area_of_all))) out.second_order = false;
      if (out.at.empty() || i + 1 == n || (i + 1) * kMostPoints / n > drawn_) {
        drawn_ = (i + 1) * kMostPoints / n;
        out.at.push_back(at);
        out.winners_below.push_back(share);
        out.all_below.push_back(share_of_all);
      }
    }
  }

 private:
  std::vector<double> winners_;
  std::size_t columns_;
  double per_unit_ = 0;
  std::vector<std::uint32_t> first_in_;  // per step; empty: there are none
  mutable std::size_t drawn_ = 0;

  std::size_t step_of(double result) const { return static_cast<std::size_t>((result - winners_.front()) * per_unit_); }

  std::size_t first_not_below(double result) const {
    if (result <= winners_.front()) return 0;
    if (result > winners_.back()) return winners_.size();
    if (first_in_.empty())
      return static_cast<std::size_t>(std::lower_bound(winners_.begin(), winners_.end(), result) - winners_.begin());
    std::size_t at = first_in_[step_of(result)];
    while (winners_[at] < result) ++at;
    return at;
  }
};

}  // namespace

Performance parse_performance(const std::string& name) {
  return parse_choice("metric =", name, kPerformances);
}

std::string_view to_string(Performance performance) {
  return name_of(performance, kPerformances);
}

std::string_view Overfitting::verdict() const {
  return pbo >= 0.5   ? "is no better than drawing lots; what is chosen here does not last"
         : pbo > 0.2  ? "says something, and much of it is chance"
         : pbo > 0.05 ? "mostly holds outside"
                      : "holds outside";
}

Overfitting backtest_overfitting(std::span<const double> returns, std::size_t columns,
                                 const OverfittingOptions& options, unsigned threads) {
  check(returns, columns, options);
  const std::size_t rows = returns.size() / columns;
  Overfitting out;
  out.rows = rows - rows % options.blocks;
  out.dropped = rows % options.blocks;
  out.configurations = columns;
  const Scores scores(returns, columns, out.dropped, options);
  const std::vector<std::uint32_t> combinations = combinations_of(options.blocks);
  const std::size_t count = combinations.size();
  out.combinations = count;
  out.winner.resize(count);
  out.inside.resize(count);
  out.outside.resize(count);
  out.logit.resize(count);

  const overfitting_kernel::Kernel& kernel = overfitting_kernel::kernel(isa());
  const auto judge = [&](std::size_t at, const std::vector<double>& inside, const std::vector<double>& outside) {
    const std::size_t best = kernel.best(inside.data(), columns);
    const double result = outside[best];
    std::size_t less = 0, equal = 0;
    kernel.rank(outside.data(), columns, result, less, equal);
    const double rank = static_cast<double>(less) + (static_cast<double>(equal) + 1) / 2;
    const double omega = rank / (static_cast<double>(columns) + 1);
    out.winner[at] = static_cast<std::uint32_t>(best);
    out.inside[at] = inside[best];
    out.outside[at] = result;
    out.logit[at] = market::portable_log(omega / (1 - omega));
  };
  for_each_pair(count, threads, [&](std::size_t, std::size_t begin, std::size_t end) {
    std::vector<double> one(columns), other(columns);
    for (std::size_t i = begin; i < end; ++i) {
      scores.of(combinations[i], one);
      scores.of(combinations[count - 1 - i], other);
      judge(i, one, other);
      judge(count - 1 - i, other, one);
    }
  });

  const auto share = [&](const std::vector<double>& values, const auto& holds) {
    return static_cast<double>(std::count_if(values.begin(), values.end(), holds)) / static_cast<double>(count);
  };
  out.pbo = share(out.logit, [](double logit) { return logit <= 0; });
  out.prob_loss = share(out.outside, [&](double result) { return result < options.threshold; });
  out.logit_mean = std::accumulate(out.logit.begin(), out.logit.end(), 0.0) / static_cast<double>(count);
  fit_line(out);

  const Dominance dominance(out.outside, columns);
  std::vector<Dominance::Piece> pieces(kPieces);
  for_each_pair(count, threads, [&](std::size_t piece, std::size_t begin, std::size_t end) {
    pieces[piece] = dominance.piece();
    std::vector<double> results(columns);
    for (std::size_t i = begin; i < end; ++i) {
      for (const std::size_t at : {i, count - 1 - i}) {
        scores.of(combinations[at], results);
        dominance.add(pieces[piece], results);
      }
    }
  });
  dominance.conclude(pieces, out);
  return out;
}

}  // namespace moola::validation
