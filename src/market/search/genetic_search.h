#pragma once
#include <cstdint>

#include "base/keyed_random.h"
#include "market/search/box_search.h"

namespace moola::market {

struct GeneticOptions {
  int population = 50, generations = 30;
  int tournament = 3;                                        // the best of so many becomes a parent
  int elite = 2;                                             // the best live on unchanged
  double crossover = 0.7, blend = 0.3;                       // share of pairs that are mixed, and how far beyond them
  double mutation = 0.2, gene_mutation = 0.3, sigma = 0.12;  // of children, of their genes; in widths of the box
};

/// A genetic algorithm: tournaments choose parents, a blend crossover (BLX-alpha, Eshelman and Schaffer 1993) mixes
/// them, Gaussian noise moves some genes, and the best are kept. Every number is drawn by (seed, generation, child).
class GeneticSearch final : public BoxSearch {
 public:
  /// `beginnings`: points that the first generation holds besides random ones; at most the population. Throws
  /// ConfigError for options that make no search, std::invalid_argument for beginnings outside the box.
  GeneticSearch(std::vector<Side> box, const GeneticOptions& options, std::vector<Point> beginnings,
                std::uint64_t seed);

  std::vector<Point> ask() override;
  void tell(std::span<const double> values) override;

 private:
  struct Individual {
    Point point;
    double value;
  };
  std::vector<Side> box_;
  GeneticOptions options_;
  std::vector<Point> beginnings_;
  std::uint64_t seed_;
  int generation_ = 0;
  std::vector<Point> asked_;
  std::vector<Individual> population_;  // the best first

  KeyedRandom draws(std::size_t child) const;
  Point random_point(std::size_t child) const;
  const Point& parent(KeyedRandom& random) const;
  void mutate(Point& child, KeyedRandom& random) const;
};

}  // namespace moola::market
