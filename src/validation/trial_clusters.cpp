#include "validation/trial_clusters.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "base/error.h"
#include "base/isa.h"
#include "base/keyed_random.h"
#include "base/parallel_pieces.h"
#include "market/checks/product_kernel.h"
#include "market/portable_exp.h"
#include "validation/normal.h"

namespace moola::validation {
namespace {

namespace kernel = market::product_kernel;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kSame = 1e-10;           // correlations so near to 1 differ by rounding
constexpr std::size_t kPieces = 32;       // of rows, whatever the number of threads
constexpr std::size_t kMostRounds = 300;  // of k-means; it needs some ten

// A square of numbers whose rows begin at multiples of eight, so that loops over them are made of whole registers.
class Square {
 public:
  explicit Square(std::size_t size) : size_(size), stride_((size + 7) / 8 * 8), values_(size * stride_) {}
  std::size_t size() const { return size_; }
  std::size_t stride() const { return stride_; }
  double* operator[](std::size_t i) { return values_.data() + i * stride_; }
  const double* operator[](std::size_t i) const { return values_.data() + i * stride_; }

 private:
  std::size_t size_, stride_;
  std::vector<double> values_;
};

// Sums over rows of the products of all pairs of columns; value(row, column) is asked for once.
template <class Value>
Square sum_products(std::size_t rows, std::size_t columns, unsigned threads, const Value& value) {
  const std::size_t groups = (columns + kernel::kColumns - 1) / kernel::kColumns, width = groups * kernel::kColumns;
  const std::size_t blocks = (rows + kernel::kRows - 1) / kernel::kRows;
  const auto add_products = kernel::add_products(isa());
  Square out(columns);
  // As many pieces at a time as there are threads: sums of all pieces would take too much memory.
  const std::size_t together = std::clamp<std::size_t>(threads, 1, kPieces);
  std::vector<std::vector<double>> sums(together);
  for (std::size_t first = 0; first < kPieces; first += together) {
    const std::size_t count = std::min(together, kPieces - first);
    for_each_piece(count, threads, [&](std::size_t i) {
      sums[i].assign(width * width, 0.0);
      std::vector<double> block(groups * kernel::kRows * kernel::kColumns);
      const std::size_t end = blocks * (first + i + 1) / kPieces;
      for (std::size_t b = blocks * (first + i) / kPieces; b < end; ++b) {
        const std::size_t begin = b * kernel::kRows, here = std::min(kernel::kRows, rows - begin);
        for (std::size_t row = 0; row < here; ++row) {
          for (std::size_t c = 0; c < columns; ++c) {
            block[(c / kernel::kColumns * kernel::kRows + row) * kernel::kColumns + c % kernel::kColumns] =
                value(begin + row, c);
          }
        }
        add_products(block.data(), groups, here, sums[i].data());
      }
    });
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t a = 0; a < columns; ++a) {
        for (std::size_t b = a; b < columns; ++b) out[a][b] += sums[i][a * width + b];
      }
    }
  }
  for (std::size_t a = 0; a < columns; ++a) {
    for (std::size_t b = 0; b < a; ++b) out[a][b] = out[b][a];
  }
  return out;
}

void check(std::span<const double> returns, std::size_t columns, const TrialClusterOptions& options) {
  if (options.most < 2)
    throw ConfigError(fmt::format("trials in {} clusters at most: expected 2 or more.", options.most));
  if (options.starts == 0) throw ConfigError("clusters of trials from 0 starts of k-means: expected 1 or more.");
  if (!(options.significance >= 0 && options.significance < 1)) {
    throw ConfigError(
        fmt::format("correlations of the significance {}: expected 0 or more and below 1.", options.significance));
  }
  if (!(options.least_deviation > 0) || !std::isfinite(options.least_deviation)) {
    throw ConfigError(
        fmt::format("silhouettes whose least deviation is {}: expected a number above 0.", options.least_deviation));
  }
  if (!std::isfinite(options.risk_free))
    throw ConfigError(fmt::format("a risk-free return of {}: expected a number.", options.risk_free));
  if (columns == 0 || returns.size() % columns != 0) throw std::invalid_argument("returns that fill no rows");
  if (returns.size() / columns < 3) {
    throw DataError(fmt::format("{} rows of returns: three at least have correlations.", returns.size() / columns));
  }
}

// The first number that is not finite is named, and every column that never moves.
std::vector<double> means_of(std::span<const double> returns, std::size_t columns, unsigned threads) {
  const std::size_t rows = returns.size() / columns;
  struct Piece {
    std::vector<double> sums;
    std::vector<char> moves;
    std::size_t wrong = 0;
  };
  std::array<Piece, kPieces> pieces;
  for_each_piece(kPieces, threads, [&](std::size_t i) {
    Piece piece{.sums = std::vector<double>(columns), .moves = std::vector<char>(columns), .wrong = returns.size()};
    for (std::size_t row = rows * i / kPieces; row < rows * (i + 1) / kPieces; ++row) {
      const double* const x = returns.data() + row * columns;
      for (std::size_t c = 0; c < columns; ++c) {
        piece.sums[c] += x[c];
        piece.moves[c] |= static_cast<char>(x[c] != returns[c]);
      }
    }
    const bool finite =
        std::all_of(piece.sums.begin(), piece.sums.end(), [](double sum) { return std::isfinite(sum); });
    for (std::size_t at = rows * i / kPieces * columns; !finite && at < rows * (i + 1) / kPieces * columns; ++at) {
      if (std::isfinite(returns[at])) continue;
      piece.wrong = at;
      break;
    }
    pieces[i] = std::move(piece);
  });
  std::vector<double> means(columns);
  std::vector<std::size_t> constant;
  for (const Piece& piece : pieces) {
    if (piece.wrong != returns.size()) {
      throw DataError(fmt::format("row {} of column {} is {}: every return must be a number.", piece.wrong / columns,
                                  piece.wrong % columns, returns[piece.wrong]));
    }
  }
  for (std::size_t c = 0; c < columns; ++c) {
    bool moves = false;
    for (const Piece& piece : pieces) {
      means[c] += piece.sums[c];
      moves = moves || piece.moves[c] != 0;
    }
    means[c] /= static_cast<double>(rows);
    if (!moves) constant.push_back(c);
    if (!std::isfinite(means[c])) {
      throw DataError(
          fmt::format("the returns of column {} sum to {}: they are too large to reckon with. Give them as "
                      "fractions.",
                      c, means[c]));
    }
  }
  if (!constant.empty()) {
    const std::size_t shown = std::min<std::size_t>(constant.size(), 10);
    throw DataError(
        fmt::format("{} of {} columns never change, among them {}: what has no risk resembles nothing. Leave them out.",
                    constant.size(), columns,
                    fmt::join(constant.begin(), constant.begin() + static_cast<std::ptrdiff_t>(shown), ", ")));
  }
  return means;
}

// Columns sorted by what is in them: then their own order changes nothing.
std::vector<std::size_t> sorted_columns(std::span<const double> returns, std::size_t columns,
                                        const std::vector<double>& means) {
  std::vector<std::size_t> out(columns);
  std::iota(out.begin(), out.end(), 0);
  std::stable_sort(out.begin(), out.end(), [&](std::size_t a, std::size_t b) {
    if (means[a] != means[b]) return means[a] < means[b];
    for (std::size_t at = 0; at < returns.size(); at += columns) {
      if (returns[at + a] != returns[at + b]) return returns[at + a] < returns[at + b];
    }
    return false;
  });
  return out;
}

Square correlations_of(const Square& products) {
  Square out(products.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    for (std::size_t j = 0; j < out.size(); ++j) {
      const double value = products[i][j] / (std::sqrt(products[i][i]) * std::sqrt(products[j][j]));
      out[i][j] = i == j || value > 1 - kSame ? 1 : std::max(-1.0, value);
    }
  }
  return out;
}

// What a correlation of so many rows must reach, for it not to be chance: of the largest of all pairs.
double least_correlation(std::size_t rows, std::size_t columns, double significance) {
  if (rows <= 3) return 1;
  const double pairs = std::max(1.0, static_cast<double>(columns) * static_cast<double>(columns - 1) / 2);
  const double z = -normal_quantile(significance / pairs) / std::sqrt(static_cast<double>(rows - 3));
  const double grown = market::portable_expm1(std::clamp(2 * z, 0.0, 700.0));
  return grown / (grown + 2);  // tanh z
}

// Points that are clustered, by their distances from each other; and for each the distance from the nearest one that is
// a cluster of its own.
struct Points {
  Square squared, distance;
  std::vector<double> stranger;
  std::size_t size() const { return stranger.size(); }
};

// `members` are clustered in the space of their own distances and of those to `strangers`.
Points points_of(const Square& correlations, const std::vector<std::size_t>& members,
                 const std::vector<std::size_t>& strangers, unsigned threads) {
  std::vector<std::size_t> all = members;
  all.insert(all.end(), strangers.begin(), strangers.end());
  const auto apart = [&](std::size_t i, std::size_t j) { return std::sqrt((1 - correlations[all[i]][all[j]]) / 2); };
  // Near the middle of all points products cancel less.
  std::vector<double> middle(all.size());
  for (std::size_t d = 0; d < all.size(); ++d) {
    for (std::size_t i = 0; i < all.size(); ++i) middle[d] += apart(d, i);
    middle[d] /= static_cast<double>(all.size());
  }
  const Square products = sum_products(all.size(), all.size(), threads,
                                       [&](std::size_t d, std::size_t i) { return apart(d, i) - middle[d]; });
  const auto squared = [&](std::size_t i, std::size_t j) {
    if (correlations[all[i]][all[j]] == 1) return 0.0;
    return std::max(0.0, products[i][i] + products[j][j] - 2 * products[i][j]);
  };
  const std::size_t n = members.size();
  Points out{.squared = Square(n), .distance = Square(n), .stranger = std::vector<double>(n, kInfinity)};
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      out.squared[i][j] = squared(i, j);
      out.distance[i][j] = std::sqrt(out.squared[i][j]);
    }
    for (std::size_t j = n; j < all.size(); ++j) out.stranger[i] = std::min(out.stranger[i], std::sqrt(squared(i, j)));
  }
  return out;
}

// Sums over the points of each cluster of their rows of a square.
class ClusterSums {
 public:
  ClusterSums(const Square& of, std::size_t clusters) : of_(of), sums_(clusters * of.stride()) {}
  void add(std::size_t cluster, std::size_t point) {
    change(cluster, point, [](double sum, double value) { return sum + value; });
  }
  void take_away(std::size_t cluster, std::size_t point) {
    change(cluster, point, [](double sum, double value) { return sum - value; });
  }
  double at(std::size_t cluster, std::size_t point) const { return sums_[cluster * of_.stride() + point]; }

 private:
  const Square& of_;
  std::vector<double> sums_;

  template <class Change>
  void change(std::size_t cluster, std::size_t point, const Change& changed) {
    constexpr std::size_t kTogether = 8;
    double* __restrict sum = sums_.data() + cluster * of_.stride();
    const double* __restrict value = of_[point];
    for (std::size_t i = 0; i < of_.stride(); i += kTogether) {
      for (std::size_t lane = 0; lane < kTogether; ++lane) sum[i + lane] = changed(sum[i + lane], value[i + lane]);
    }
  }
};

struct Partition {
  std::vector<std::uint32_t> cluster;
  std::size_t clusters = 0;
  std::vector<double> silhouette;
  double quality = 0;
  bool at_most = false;
};

Partition each_alone(std::size_t points) {
  Partition out{
      .cluster = std::vector<std::uint32_t>(points), .clusters = points, .silhouette = std::vector<double>(points)};
  std::iota(out.cluster.begin(), out.cluster.end(), 0U);
  return out;
}

// The mean over the deviation of silhouettes.
double quality_of(std::span<const double> silhouettes, double least_deviation) {
  double mean = 0, squares = 0;
  for (const double each : silhouettes) mean += each;
  mean /= static_cast<double>(silhouettes.size());
  for (const double each : silhouettes) squares += (each - mean) * (each - mean);
  return mean / std::max(least_deviation, std::sqrt(squares / static_cast<double>(silhouettes.size())));
}

// Clusters are numbered by their first points; silhouettes and quality follow from who is where.
Partition judged(const Points& points, std::vector<std::uint32_t> cluster, double least_deviation) {
  constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  std::vector<std::uint32_t> number(*std::max_element(cluster.begin(), cluster.end()) + std::size_t{1}, kNone);
  Partition out{.cluster = std::move(cluster), .silhouette = std::vector<double>(points.size())};
  for (std::uint32_t& each : out.cluster) {
    if (number[each] == kNone) number[each] = static_cast<std::uint32_t>(out.clusters++);
    each = number[each];
  }
  ClusterSums sums(points.distance, out.clusters);
  std::vector<double> sizes(out.clusters);
  for (std::size_t i = 0; i < points.size(); ++i) {
    sums.add(out.cluster[i], i);
    ++sizes[out.cluster[i]];
  }
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::size_t own = out.cluster[i];
    if (sizes[own] == 1) continue;
    const double within = sums.at(own, i) / (sizes[own] - 1);
    double next = points.stranger[i];
    for (std::size_t c = 0; c < out.clusters; ++c) next = c == own ? next : std::min(next, sums.at(c, i) / sizes[c]);
    const double larger = std::max(within, next);
    out.silhouette[i] = larger > 0 ? (next - within) / larger : 0;
  }
  out.quality = quality_of(out.silhouette, least_deviation);
  return out;
}

// Points that are drawn by their squared distance from the nearest one that was (k-means++); fewer where no others
// differ.
std::vector<std::size_t> draw_seeds(const Points& points, std::size_t count, KeyedRandom& random) {
  std::vector<std::size_t> seeds{random.below(static_cast<std::uint32_t>(points.size()))};
  std::vector<double> nearest(points.size(), kInfinity);
  while (seeds.size() < count) {
    double all = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
      nearest[i] = std::min(nearest[i], points.squared[seeds.back()][i]);
      all += nearest[i];
    }
    if (!(all > 0)) break;
    const double drawn = static_cast<double>(random.bits()) * 0x1p-32 * all;
    double sum = 0;
    std::size_t at = points.size();
    for (std::size_t i = 0; i < points.size() && !(sum > drawn); ++i) {
      sum += nearest[i];
      if (nearest[i] > 0) at = i;  // rounding may leave the sum below what was drawn
    }
    seeds.push_back(at);
  }
  return seeds;
}

// Lloyd's rounds. The squared distance of a point from a cluster's middle is the mean of those from its points less
// half their mean from each other: no coordinates are needed.
std::vector<std::uint32_t> k_means(const Points& points, std::size_t clusters, KeyedRandom& random) {
  const std::vector<std::size_t> seeds = draw_seeds(points, clusters, random);
  const std::size_t n = points.size(), k = seeds.size();
  std::vector<std::uint32_t> out(n);
  ClusterSums sums(points.squared, k);
  std::vector<double> sizes(k), half(k);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::uint32_t c = 1; c < k; ++c) {
      if (points.squared[seeds[c]][i] < points.squared[seeds[out[i]]][i]) out[i] = c;
    }
    sums.add(out[i], i);
    ++sizes[out[i]];
  }
  std::vector<std::pair<std::size_t, std::uint32_t>> moves;
  for (std::size_t round = 0; round < kMostRounds; ++round) {
    std::fill(half.begin(), half.end(), 0);
    for (std::size_t i = 0; i < n; ++i) half[out[i]] += sums.at(out[i], i);
    for (std::size_t c = 0; c < k; ++c) half[c] /= 2 * sizes[c] * sizes[c];
    const auto from_middle = [&](std::size_t c, std::size_t i) { return sums.at(c, i) / sizes[c] - half[c]; };
    moves.clear();
    for (std::size_t i = 0; i < n; ++i) {
      std::uint32_t best = out[i];
      double least = from_middle(best, i);
      for (std::uint32_t c = 0; c < k; ++c) {
        // A cluster that lost all its points is given up.
        const double distance = sizes[c] > 0 ? from_middle(c, i) : kInfinity;
        best = distance < least ? c : best;
        least = std::min(distance, least);
      }
      if (best != out[i]) moves.emplace_back(i, best);
    }
    if (moves.empty()) break;
    for (const auto& [i, to] : moves) {
      sums.take_away(out[i], i);
      sums.add(to, i);
      --sizes[out[i]];
      ++sizes[to];
      out[i] = to;
    }
  }
  return out;
}

Partition best_partition(const Points& points, std::size_t level, const TrialClusterOptions& options,
                         unsigned threads) {
  const bool any_strangers = points.stranger.front() < kInfinity;
  const std::size_t fewest = any_strangers ? 1 : 2, most = std::min(options.most, points.size() - 1);
  if (most < fewest) return each_alone(points.size());
  struct Run {
    std::vector<std::uint32_t> cluster;
    double quality = 0;
  };
  std::vector<Run> runs((most - fewest + 1) * options.starts);
  for_each_piece(runs.size(), threads, [&](std::size_t run) {
    // Runs of many clusters take longest: they begin first.
    const std::size_t k = most - run / options.starts, start = run % options.starts;
    KeyedRandom random(options.seed, Stream::clustering, level << 20 | k, start);
    Partition found = judged(points, k_means(points, k, random), options.least_deviation);
    if (found.clusters >= fewest) runs[run] = {.cluster = std::move(found.cluster), .quality = found.quality};
  });
  const Run* chosen = nullptr;
  for (std::size_t k = fewest; k <= most; ++k) {
    for (std::size_t start = 0; start < options.starts; ++start) {
      const Run& run = runs[(most - k) * options.starts + start];
      if (run.quality > (chosen == nullptr ? 0 : chosen->quality)) chosen = &run;
    }
  }
  if (chosen == nullptr) return each_alone(points.size());
  Partition out = judged(points, chosen->cluster, options.least_deviation);
  out.at_most = out.clusters == options.most;
  return out;
}

std::vector<double> qualities_of(const Partition& partition, double least_deviation) {
  std::vector<std::vector<double>> silhouettes(partition.clusters);
  for (std::size_t i = 0; i < partition.cluster.size(); ++i)
    silhouettes[partition.cluster[i]].push_back(partition.silhouette[i]);
  std::vector<double> out;
  for (const auto& each : silhouettes) out.push_back(quality_of(each, least_deviation));
  return out;
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// The partition of `members`, whose worse clusters are split anew as long as that makes the whole better.
Partition partition_of(const Square& correlations, const std::vector<std::size_t>& members,
                       const std::vector<std::size_t>& strangers, std::size_t level, const TrialClusterOptions& options,
                       unsigned threads) {
  const Points points = points_of(correlations, members, strangers, threads);
  Partition out = best_partition(points, level, options, threads);
  if (!options.second_level) return out;
  const std::vector<double> qualities = qualities_of(out, options.least_deviation);
  const double mean = mean_of(qualities);
  std::vector<std::size_t> again, positions;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (qualities[out.cluster[i]] >= mean) continue;
    again.push_back(members[i]);
    positions.push_back(i);
  }
  const auto worse = std::count_if(qualities.begin(), qualities.end(), [&](double each) { return each < mean; });
  if (worse < 2 || again.size() == members.size()) return out;
  const Partition anew = partition_of(correlations, again, {}, level + 1, options, threads);
  std::vector<std::uint32_t> cluster = out.cluster;
  for (std::size_t i = 0; i < positions.size(); ++i)
    cluster[positions[i]] = static_cast<std::uint32_t>(out.clusters) + anew.cluster[i];
  Partition both = judged(points, std::move(cluster), options.least_deviation);
  both.at_most = out.at_most || anew.at_most;
  return mean_of(qualities_of(both, options.least_deviation)) > mean ? both : out;
}

// Columns that correlate with no other one more than chance, and the rest.
struct Strangers {
  std::vector<std::size_t> strangers, members;
};

Strangers strangers_of(const Square& correlations, std::size_t rows, double significance) {
  Strangers out;
  const double least = least_correlation(rows, correlations.size(), significance);
  for (std::size_t i = 0; i < correlations.size(); ++i) {
    bool alone = significance > 0;
    for (std::size_t j = 0; alone && j < correlations.size(); ++j) alone = i == j || correlations[i][j] < least;
    (alone ? out.strangers : out.members).push_back(i);
  }
  return out;
}

// The Sharpe ratio of a cluster's columns, weighted by inverse variance; their weights are written to `weight`.
double sharpe_of(const std::vector<std::size_t>& cluster, const Square& products, const std::vector<double>& means,
                 std::size_t rows, double risk_free, std::vector<double>& weight) {
  double all = 0, mean = 0, size = std::fabs(risk_free), squares = 0, together = 0;
  for (const std::size_t i : cluster) all += 1 / products[i][i];
  for (const std::size_t i : cluster) {
    weight[i] = 1 / products[i][i] / all;
    mean += weight[i] * means[i];
    size += weight[i] * std::fabs(means[i]);
    together += weight[i] * std::sqrt(products[i][i]);
  }
  for (const std::size_t i : cluster) {
    for (const std::size_t j : cluster) squares += weight[i] * weight[j] * products[i][j];
  }
  const double gain = mean - risk_free;
  // Columns that cancel out leave rounding alone.
  if (!(squares > 1e-20 * together * together))
    return std::fabs(gain) <= 1e-12 * size ? 0 : std::copysign(kInfinity, gain);
  return gain / std::sqrt(squares / static_cast<double>(rows - 1));
}

double variance_of(const std::vector<double>& values) {
  if (values.size() < 2) return 0;
  const double mean = mean_of(values);
  double squares = 0;
  for (const double each : values) squares += (each - mean) * (each - mean);
  return squares / static_cast<double>(values.size() - 1);
}

}  // namespace

TrialClusters cluster_trials(std::span<const double> returns, std::size_t columns, const TrialClusterOptions& options,
                             unsigned threads) {
  check(returns, columns, options);
  const std::size_t rows = returns.size() / columns;
  const std::vector<double> column_means = means_of(returns, columns, threads);
  const std::vector<std::size_t> order = sorted_columns(returns, columns, column_means);
  std::vector<double> means;
  for (const std::size_t c : order) means.push_back(column_means[c]);
  const Square products = sum_products(rows, columns, threads, [&](std::size_t row, std::size_t i) {
    return returns[row * columns + order[i]] - means[i];
  });
  for (std::size_t i = 0; i < columns; ++i) {
    if (!std::isnormal(products[i][i])) {
      throw DataError(
          fmt::format("the squares of column {} sum to {}: its returns are too small or too large to reckon "
                      "with. Give them as fractions.",
                      order[i], products[i][i]));
    }
  }
  const Square correlations = correlations_of(products);

  // Which cluster each column is in, strangers after all others.
  const Strangers who = strangers_of(correlations, rows, options.significance);
  const bool all_same =
      std::all_of(correlations[0], correlations[0] + columns, [](double correlation) { return correlation == 1; });
  Partition partition;
  if (all_same) {
    partition = {.cluster = std::vector<std::uint32_t>(columns),
                 .clusters = 1,
                 .silhouette = std::vector<double>(columns),
                 .quality = 0};
  } else if (!who.members.empty()) {
    partition = partition_of(correlations, who.members, who.strangers, 0, options, threads);
  }
  std::vector<std::vector<std::size_t>> clusters(partition.clusters);
  TrialClusters out{.rows = rows,
                    .cluster = std::vector<std::uint32_t>(columns),
                    .silhouette = std::vector<double>(columns),
                    .weight = std::vector<double>(columns),
                    .quality = partition.quality,
                    .at_most = partition.at_most};
  for (std::size_t i = 0; i < partition.cluster.size(); ++i) {
    const std::size_t column = all_same ? i : who.members[i];
    clusters[partition.cluster[i]].push_back(column);
    out.silhouette[order[column]] = partition.silhouette[i];
  }
  if (!all_same) {
    for (const std::size_t stranger : who.strangers) clusters.push_back({stranger});
  }

  std::vector<double> sharpes, weight(columns);
  for (const std::vector<std::size_t>& members : clusters) {
    sharpes.push_back(sharpe_of(members, products, means, rows, options.risk_free, weight));
    TrialCluster cluster{.sharpe = sharpes.back()};
    std::vector<double> silhouettes;
    for (const std::size_t i : members) {
      cluster.columns.push_back(order[i]);
      silhouettes.push_back(out.silhouette[order[i]]);
      out.weight[order[i]] = weight[i];
    }
    std::sort(cluster.columns.begin(), cluster.columns.end());
    cluster.quality = quality_of(silhouettes, options.least_deviation);
    out.clusters.push_back(std::move(cluster));
  }
  out.sharpe_variance = variance_of(sharpes);
  std::sort(out.clusters.begin(), out.clusters.end(),
            [](const TrialCluster& a, const TrialCluster& b) { return a.columns.front() < b.columns.front(); });
  for (std::size_t c = 0; c < out.clusters.size(); ++c) {
    for (const std::size_t column : out.clusters[c].columns) out.cluster[column] = static_cast<std::uint32_t>(c);
  }
  return out;
}

}  // namespace moola::validation
