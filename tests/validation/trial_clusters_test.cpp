#include "validation/trial_clusters.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <numeric>
#include <random>

#include "base/error.h"
#include "tests/support/messages.h"
#include "validation/normal.h"
#include "validation/sharpe.h"

using namespace moola;
using namespace moola::test;
using namespace moola::validation;

namespace {

using Columns = std::vector<std::vector<double>>;

std::vector<double> row_by_row(const Columns& columns) {
  std::vector<double> out;
  for (std::size_t row = 0; row < columns[0].size(); ++row) {
    for (const auto& column : columns) out.push_back(column[row]);
  }
  return out;
}

TrialClusters found_in(const Columns& columns, const TrialClusterOptions& options = {}, unsigned threads = 1) {
  return cluster_trials(row_by_row(columns), columns.size(), options, threads);
}

struct Block {
  std::size_t columns;
  double rho;  // of each with each
};

// Blocks of series that have a part in common; all blocks share `common` of that.
Columns planted(std::mt19937_64& random, std::size_t rows, const std::vector<Block>& blocks, double common = 0) {
  std::normal_distribution<double> normal;
  Columns out;
  std::vector<double> all;
  for (std::size_t row = 0; row < rows; ++row) all.push_back(normal(random));
  for (const Block& block : blocks) {
    std::vector<double> part;
    for (const double each : all) part.push_back(std::sqrt(common) * each + std::sqrt(1 - common) * normal(random));
    for (std::size_t c = 0; c < block.columns; ++c) {
      const double scale = 0.001 * static_cast<double>(1 + random() % 20), gain = 0.1 * normal(random);
      std::vector<double>& column = out.emplace_back();
      for (const double each : part)
        column.push_back(scale * (gain + std::sqrt(block.rho) * each + std::sqrt(1 - block.rho) * normal(random)));
    }
  }
  return out;
}

std::vector<std::uint32_t> blocks_of(const std::vector<Block>& blocks) {
  std::vector<std::uint32_t> out;
  for (std::uint32_t b = 0; b < blocks.size(); ++b) out.insert(out.end(), blocks[b].columns, b);
  return out;
}

double mean_of(const std::vector<double>& x) {
  return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
}

double product_of(const std::vector<double>& a, const std::vector<double>& b) {
  const double mean_a = mean_of(a), mean_b = mean_of(b);
  double out = 0;
  for (std::size_t i = 0; i < a.size(); ++i) out += (a[i] - mean_a) * (b[i] - mean_b);
  return out;
}

double correlation_of(const std::vector<double>& a, const std::vector<double>& b) {
  return product_of(a, b) / std::sqrt(product_of(a, a) * product_of(b, b));
}

// Distances of columns by the definition: of the rows of the matrix of their own distances.
std::vector<std::vector<double>> distances_of(const Columns& columns) {
  const std::size_t n = columns.size();
  std::vector<std::vector<double>> first(n, std::vector<double>(n)), out = first;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j)
      first[i][j] = i == j ? 0 : std::sqrt((1 - correlation_of(columns[i], columns[j])) / 2);
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      for (std::size_t d = 0; d < n; ++d) out[i][j] += (first[i][d] - first[j][d]) * (first[i][d] - first[j][d]);
      out[i][j] = std::sqrt(out[i][j]);
    }
  }
  return out;
}

std::vector<double> silhouettes_of(const std::vector<std::vector<double>>& distance,
                                   const std::vector<std::uint32_t>& cluster) {
  std::vector<double> out;
  for (std::size_t i = 0; i < cluster.size(); ++i) {
    std::vector<double> sums(cluster.size()), counts(cluster.size());
    for (std::size_t j = 0; j < cluster.size(); ++j) {
      sums[cluster[j]] += distance[i][j];
      counts[cluster[j]] += i == j ? 0 : 1;
    }
    if (counts[cluster[i]] == 0) {
      out.push_back(0);
      continue;
    }
    const double within = sums[cluster[i]] / counts[cluster[i]];
    double next = HUGE_VAL;
    for (std::size_t c = 0; c < cluster.size(); ++c) {
      if (c != cluster[i] && counts[c] > 0) next = std::min(next, sums[c] / counts[c]);
    }
    out.push_back((next - within) / std::max(next, within));
  }
  return out;
}

double quality_of(const std::vector<double>& silhouettes, double least_deviation) {
  const double mean = mean_of(silhouettes);
  double squares = 0;
  for (const double each : silhouettes) squares += (each - mean) * (each - mean);
  return mean / std::max(least_deviation, std::sqrt(squares / static_cast<double>(silhouettes.size())));
}

bool near(double a, double b, double tolerance = 1e-9) {
  return std::fabs(a - b) <= tolerance * std::max(1.0, std::fabs(b));
}

double mean_quality(const TrialClusters& found) {
  double out = 0;
  for (const TrialCluster& each : found.clusters) out += each.quality / static_cast<double>(found.effective());
  return out;
}

// Series that correlate with each other by exactly what is asked for, but for rounding.
Columns uncorrelated(std::mt19937_64& random, std::size_t rows, std::size_t columns) {
  std::normal_distribution<double> normal;
  Columns out;
  for (std::size_t c = 0; c < columns; ++c) {
    std::vector<double> x;
    for (std::size_t row = 0; row < rows; ++row) x.push_back(normal(random));
    for (int again = 0; again < 2; ++again) {
      const double mean = mean_of(x);
      for (double& each : x) each -= mean;
      for (const auto& other : out) {
        const double share = product_of(x, other) / product_of(other, other);
        for (std::size_t row = 0; row < rows; ++row) x[row] -= share * other[row];
      }
    }
    const double size = std::sqrt(product_of(x, x));
    for (double& each : x) each /= size;
    out.push_back(x);
  }
  return out;
}

std::vector<double> mix(const std::vector<double>& a, double share_a, const std::vector<double>& b, double share_b) {
  std::vector<double> out;
  for (std::size_t i = 0; i < a.size(); ++i) out.push_back(share_a * a[i] + share_b * b[i]);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(clusters_of_trials)

BOOST_AUTO_TEST_CASE(planted_blocks_are_found) {
  const std::vector<std::vector<Block>> cases{{{5, 0.9}, {5, 0.9}, {5, 0.9}},
                                              {{2, 0.9}, {2, 0.9}},
                                              {{5, 0.9}, {5, 0.9}, {5, 0.9}, {5, 0.5}, {7, 0.3}, {3, 0.7}},
                                              {{40, 0.7}, {20, 0.8}, {10, 0.9}, {10, 0.5}}};
  std::mt19937_64 random(71);
  for (const auto& blocks : cases) {
    for (int round = 0; round < 10; ++round) {
      const TrialClusters found = found_in(planted(random, 1000, blocks));
      BOOST_TEST(found.effective() == blocks.size());
      BOOST_TEST(found.cluster == blocks_of(blocks));
      BOOST_TEST(found.rows == 1000U);
      BOOST_TEST(!found.at_most);
      std::size_t first = 0;
      for (std::size_t b = 0; b < std::min(blocks.size(), found.effective()); ++b) {
        std::vector<std::size_t> columns(blocks[b].columns);
        std::iota(columns.begin(), columns.end(), first);
        first += blocks[b].columns;
        BOOST_TEST(found.clusters[b].columns == columns);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(columns_with_nothing_in_common_are_trials_of_their_own) {
  std::mt19937_64 random(72);
  const std::vector<Block> strangers(50, {1, 0});
  const TrialClusters alone = found_in(planted(random, 500, strangers));
  BOOST_TEST(alone.effective() == 50U);
  BOOST_TEST(alone.quality == 0);
  for (const double each : alone.silhouette) BOOST_TEST(each == 0);
  for (const double each : alone.weight) BOOST_TEST(each == 1);

  const std::vector<Block> mixed{{1, 0}, {5, 0.9}, {1, 0}, {5, 0.6}, {1, 0}, {1, 0}};
  BOOST_TEST(found_in(planted(random, 1000, mixed)).cluster == blocks_of(mixed));
  // One block beside strangers is one trial, not two.
  const std::vector<Block> one{{5, 0.7}, {1, 0}, {1, 0}};
  BOOST_TEST(found_in(planted(random, 1000, one)).cluster == blocks_of(one));
}

// Three columns of 103 rows: the largest of three correlations must reach tanh(z / 10) with a third of 5 % above z.
BOOST_AUTO_TEST_CASE(a_correlation_is_chance_up_to_its_bound) {
  std::mt19937_64 random(73);
  const double bound = std::tanh(-normal_quantile(0.05 / 3) / 10);
  for (const double more : {-1e-9, 1e-9}) {
    Columns columns = uncorrelated(random, 103, 3);
    const double rho = bound + more;
    columns[1] = mix(columns[0], rho, columns[1], std::sqrt(1 - rho * rho));
    const TrialClusters found = found_in(columns);
    BOOST_TEST(found.effective() == (more < 0 ? 3U : 2U));
    BOOST_TEST(
        (found.cluster == (more < 0 ? std::vector<std::uint32_t>{0, 1, 2} : std::vector<std::uint32_t>{0, 0, 1})));
  }
}

BOOST_AUTO_TEST_CASE(the_same_columns_are_one_trial) {
  std::mt19937_64 random(74);
  const Columns one = planted(random, 300, {{1, 0}});
  BOOST_TEST(found_in(one).effective() == 1U);
  BOOST_TEST(found_in(one).weight == std::vector<double>{1});
  BOOST_TEST(found_in(one).sharpe_variance == 0);
  BOOST_TEST(near(found_in(one).clusters[0].sharpe, measure_returns(one[0]).sharpe));

  Columns copies(7, one[0]);
  for (std::size_t c = 0; c < copies.size(); ++c) {
    for (double& each : copies[c]) each = each * static_cast<double>(c + 1) + 0.001 * static_cast<double>(c);
  }
  for (std::size_t count = 2; count <= copies.size(); ++count) {
    const TrialClusters found = found_in({copies.begin(), copies.begin() + static_cast<std::ptrdiff_t>(count)});
    BOOST_TEST(found.effective() == 1U);
    BOOST_TEST(found.clusters[0].columns.size() == count);
  }
  // Groups of copies, also where they resemble each other.
  for (const double common : {0.0, 0.5}) {
    Columns groups;
    for (const auto& each : planted(random, 300, {{1, 1}, {1, 1}, {1, 1}}, common)) {
      for (const double times : {1.0, 0.7, 3.1, 1e5}) groups.push_back(mix(each, times, each, 0));
    }
    const TrialClusters found = found_in(groups);
    BOOST_TEST(found.cluster == blocks_of({{4, 1}, {4, 1}, {4, 1}}));
    for (const double each : found.silhouette) BOOST_TEST(each == 1);
  }
}

BOOST_AUTO_TEST_CASE(two_columns_are_two_trials_unless_they_are_the_same) {
  std::mt19937_64 random(75);
  const Columns base = uncorrelated(random, 200, 2);
  for (const double apart : {0.5, 1e-3, 1e-8, 1e-12}) {
    const double rho = 1 - apart;
    const Columns columns{base[0], mix(base[0], rho, base[1], std::sqrt(1 - rho * rho))};
    BOOST_TEST(found_in(columns).effective() == (apart < 1e-10 ? 1U : 2U), apart);
  }
}

BOOST_AUTO_TEST_CASE(silhouettes_and_representatives_are_those_of_the_definitions) {
  std::mt19937_64 random(76);
  for (int round = 0; round < 60; ++round) {
    std::vector<Block> blocks;
    for (std::size_t b = 0, count = 2 + random() % 4; b < count; ++b)
      blocks.push_back({1 + random() % 6, 0.1 * static_cast<double>(random() % 10)});
    const Columns columns = planted(random, 40 + random() % 200, blocks, 0.1 * static_cast<double>(random() % 5));
    const TrialClusterOptions options{.significance = round % 2 == 0 ? 0.05 : 0,
                                      .least_deviation = round % 3 == 0 ? 0.01 : 0.2,
                                      .risk_free = round % 2 == 0 ? 0 : 0.0001};
    const TrialClusters found = found_in(columns, options, static_cast<unsigned>(1 + random() % 3));
    if (found.effective() == 1) continue;
    const std::vector<double> expected = silhouettes_of(distances_of(columns), found.cluster);
    for (std::size_t c = 0; c < columns.size(); ++c) BOOST_REQUIRE(near(found.silhouette[c], expected[c]));
    std::vector<double> sharpes;
    for (const TrialCluster& cluster : found.clusters) {
      double all = 0;
      for (const std::size_t c : cluster.columns) all += 1 / product_of(columns[c], columns[c]);
      std::vector<double> together(columns[0].size()), silhouettes;
      for (const std::size_t c : cluster.columns) {
        const double weight = 1 / product_of(columns[c], columns[c]) / all;
        BOOST_REQUIRE(near(found.weight[c], weight));
        for (std::size_t row = 0; row < together.size(); ++row) together[row] += weight * columns[c][row];
        silhouettes.push_back(expected[c]);
      }
      BOOST_REQUIRE(near(cluster.sharpe, measure_returns(together, options.risk_free).sharpe));
      BOOST_REQUIRE(near(cluster.quality, quality_of(silhouettes, options.least_deviation)));
      sharpes.push_back(cluster.sharpe);
    }
    const double spread = measure_returns(sharpes.size() > 2 ? sharpes : std::vector{0.0, 1.0, 2.0}).deviation;
    const double variance =
        sharpes.size() > 2 ? spread * spread : (sharpes[0] - sharpes[1]) * (sharpes[0] - sharpes[1]) / 2;
    BOOST_REQUIRE(near(found.sharpe_variance, variance));
    if (options.significance == 0) BOOST_REQUIRE(near(found.quality, quality_of(expected, options.least_deviation)));
  }
}

// Middles of clusters are in the space of the columns' distances from all columns.
BOOST_AUTO_TEST_CASE(every_column_is_nearest_to_the_middle_of_its_cluster) {
  std::mt19937_64 random(84);
  for (int round = 0; round < 100; ++round) {
    const Columns columns = planted(random, 60, {{3 + random() % 10, 0.2}, {1 + random() % 3, 0.5}, {9, 0}}, 0.2);
    const std::size_t n = columns.size();
    const TrialClusters found =
        found_in(columns, {.most = 2 + random() % 4, .starts = 1, .significance = 0, .second_level = false});
    std::vector<std::vector<double>> middle(found.effective(), std::vector<double>(n));
    const auto coordinate = [&](std::size_t i, std::size_t d) {
      return i == d ? 0 : std::sqrt((1 - correlation_of(columns[i], columns[d])) / 2);
    };
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t d = 0; d < n; ++d) {
        const TrialCluster& cluster = found.clusters[found.cluster[i]];
        middle[found.cluster[i]][d] += coordinate(i, d) / static_cast<double>(cluster.columns.size());
      }
    }
    for (std::size_t i = 0; i < n; ++i) {
      const auto from = [&](std::size_t c) {
        double out = 0;
        for (std::size_t d = 0; d < n; ++d) out += std::pow(coordinate(i, d) - middle[c][d], 2);
        return out;
      };
      for (std::size_t c = 0; c < found.effective(); ++c) BOOST_REQUIRE(from(found.cluster[i]) <= from(c) + 1e-12);
    }
  }
}

// Of all ways to split six columns into two to five clusters.
BOOST_AUTO_TEST_CASE(no_split_of_few_columns_is_better) {
  std::mt19937_64 random(77);
  for (int round = 0; round < 30; ++round) {
    const Columns columns = planted(random, 400, {{2, 0.8}, {2, 0.6}, {2, 0.7}}, 0.2);
    const TrialClusterOptions options{.significance = 0, .second_level = false};
    const TrialClusters found = found_in(columns, options);
    const auto distance = distances_of(columns);
    double best = 0;
    std::vector<std::uint32_t> cluster(6);
    const std::function<void(std::size_t, std::uint32_t)> split = [&](std::size_t at, std::uint32_t clusters) {
      if (at == cluster.size()) {
        if (clusters >= 2 && clusters <= 5)
          best = std::max(best, quality_of(silhouettes_of(distance, cluster), options.least_deviation));
        return;
      }
      for (std::uint32_t c = 0; c <= clusters; ++c) {
        cluster[at] = c;
        split(at + 1, std::max(clusters, c + 1));
      }
    };
    split(0, 0);
    BOOST_TEST(near(found.quality, best));
  }
}

BOOST_AUTO_TEST_CASE(the_second_level_only_makes_it_better) {
  std::mt19937_64 random(78);
  int differ = 0, capped = 0;
  for (int round = 0; round < 60; ++round) {
    const Columns columns = planted(random, 300, {{10, 0.2}, {10, 0.3}, {10, 0.4}, {10, 0.1}}, 0.3);
    const std::size_t most = round % 2 == 0 ? 40 : 3;
    const TrialClusters one = found_in(columns, {.most = most, .significance = 0, .second_level = false}),
                        two = found_in(columns, {.most = most, .significance = 0});
    if (one.cluster == two.cluster) continue;
    ++differ;
    BOOST_TEST((two.at_most || !one.at_most));
    capped += one.at_most ? 1 : 0;
    BOOST_TEST(mean_quality(two) > mean_quality(one));
    // What was better than the mean stays as it was.
    for (const TrialCluster& cluster : one.clusters) {
      if (cluster.quality < mean_quality(one) - 1e-9) continue;
      BOOST_TEST(std::any_of(two.clusters.begin(), two.clusters.end(),
                             [&](const TrialCluster& each) { return each.columns == cluster.columns; }));
    }
  }
  BOOST_TEST(differ > 0);
  BOOST_TEST(capped > 0);
}

// Without a bound of the deviation halves that are all alike may win, as published.
BOOST_AUTO_TEST_CASE(the_least_deviation_keeps_halves_without_meaning_from_winning) {
  std::mt19937_64 random(79);
  const std::vector<Block> blocks{{5, 0.9}, {5, 0.9}, {5, 0.9}, {5, 0.5}, {7, 0.3}, {3, 0.7}};
  int fewer = 0;
  for (int round = 0; round < 20; ++round) {
    const Columns columns = planted(random, 1000, blocks);
    BOOST_TEST(found_in(columns).effective() == 6U);
    fewer += found_in(columns, {.least_deviation = 1e-9}).effective() < 6U ? 1 : 0;
  }
  BOOST_TEST(fewer > 0);
}

// Whoever bets on something and against it gains nothing and risks nothing.
BOOST_AUTO_TEST_CASE(columns_that_cancel_out_have_no_sharpe_ratio) {
  std::mt19937_64 random(85);
  Columns columns = planted(random, 400, {{12, 0.9}, {1, 0}});
  for (double& each : columns[12]) each += 0.001;
  columns.push_back(mix(columns[12], -1, columns[12], 0));
  const TrialClusters found = found_in(columns, {.most = 2, .significance = 0, .second_level = false});
  BOOST_TEST(found.cluster == blocks_of({{12, 1}, {2, 1}}));
  BOOST_TEST(found.clusters[1].sharpe == 0);
  BOOST_TEST(std::isfinite(found.sharpe_variance));
  const TrialClusters costly =
      found_in(columns, {.most = 2, .significance = 0, .second_level = false, .risk_free = 0.0001});
  BOOST_TEST(costly.clusters[1].sharpe == -HUGE_VAL);
}

BOOST_AUTO_TEST_CASE(no_more_clusters_are_looked_for_than_allowed) {
  std::mt19937_64 random(80);
  const Columns columns = planted(random, 500, {{5, 0.9}, {5, 0.9}, {5, 0.9}});
  const TrialClusters two = found_in(columns, {.most = 2, .second_level = false});
  BOOST_TEST(two.effective() == 2U);
  BOOST_TEST(two.at_most);
  const TrialClusters three = found_in(columns, {.most = 3});
  BOOST_TEST(three.effective() == 3U);
  BOOST_TEST(three.at_most);
  BOOST_TEST(!found_in(columns, {.most = 4}).at_most);
}

BOOST_AUTO_TEST_CASE(the_order_of_columns_changes_nothing_else) {
  std::mt19937_64 random(81);
  for (int round = 0; round < 20; ++round) {
    const Columns columns =
        planted(random, 200, {{6, 0.4}, {5, 0.3}, {1, 0}, {4, 0.6}, {1, 0}}, round % 2 == 0 ? 0.0 : 0.3);
    std::vector<std::size_t> order(columns.size());
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    Columns shuffled;
    for (const std::size_t c : order) shuffled.push_back(columns[c]);
    const TrialClusters found = found_in(columns), other = found_in(shuffled);
    BOOST_REQUIRE(found.effective() == other.effective());
    BOOST_REQUIRE(found.quality == other.quality);
    BOOST_REQUIRE(found.sharpe_variance == other.sharpe_variance);
    for (std::size_t i = 0; i < order.size(); ++i) {
      BOOST_REQUIRE(other.silhouette[i] == found.silhouette[order[i]]);
      BOOST_REQUIRE(other.weight[i] == found.weight[order[i]]);
      for (std::size_t j = 0; j < order.size(); ++j) {
        BOOST_REQUIRE((other.cluster[i] == other.cluster[j]) == (found.cluster[order[i]] == found.cluster[order[j]]));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(threads_change_no_bit) {
  std::mt19937_64 random(82);
  const Columns columns = planted(random, 5000, {{20, 0.3}, {30, 0.2}, {7, 0.5}, {1, 0}, {9, 0.1}}, 0.2);
  const TrialClusters one = found_in(columns, {}, 1), three = found_in(columns, {}, 3);
  BOOST_TEST(one.cluster == three.cluster);
  BOOST_TEST(one.silhouette == three.silhouette);
  BOOST_TEST(one.weight == three.weight);
  BOOST_TEST(one.quality == three.quality);
  BOOST_TEST(one.sharpe_variance == three.sharpe_variance);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_clustered_is_refused_with_its_place) {
  std::mt19937_64 random(83);
  Columns columns = planted(random, 20, {{2, 0.5}, {3, 0.5}});
  const auto refused = [&](TrialClusterOptions options) {
    return message_of<Error>([&] { found_in(columns, options); });
  };
  BOOST_TEST(refused({}) == "");
  BOOST_TEST(refused({.most = 2, .starts = 1}) == "");
  BOOST_TEST(holds(refused({.most = 1}), "in 1 clusters at most"));
  BOOST_TEST(holds(refused({.starts = 0}), "0 starts"));
  BOOST_TEST(holds(refused({.significance = 1}), "the significance 1"));
  BOOST_TEST(holds(refused({.significance = -0.1}), "the significance -0.1"));
  BOOST_TEST(holds(refused({.least_deviation = 0}), "least deviation is 0"));
  BOOST_TEST(holds(refused({.risk_free = std::nan("")}), "risk-free return of nan"));
  columns[1].assign(20, 0.5);
  columns[4].assign(20, 0);
  BOOST_TEST(holds(refused({}), "2 of 5 columns never change, among them 1, 4"));
  columns[1][19] = 0.6;
  BOOST_TEST(holds(refused({}), "1 of 5 columns never change, among them 4"));
  columns[4][0] = 1e-200;
  BOOST_TEST(holds(refused({}), "the squares of column 4 sum to 0"));
  columns[4][0] = 1;
  BOOST_TEST(refused({}) == "");
  columns[0][3] = columns[0][4] = 1e308;
  BOOST_TEST(holds(refused({}), "the returns of column 0 sum to inf"));
  columns[3][7] = std::nan("");
  columns[2][9] = HUGE_VAL;
  BOOST_TEST(holds(refused({}), "row 7 of column 3 is nan"));
  for (auto& column : columns) column.resize(2);
  BOOST_TEST(holds(refused({}), "2 rows of returns"));
  BOOST_CHECK_THROW(cluster_trials(std::vector<double>(7), 2), std::invalid_argument);
  BOOST_CHECK_THROW(cluster_trials({}, 0), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
