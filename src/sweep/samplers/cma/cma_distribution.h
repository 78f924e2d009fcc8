#pragma once
#include <cstdint>
#include <vector>

#include "sweep/samplers/cma/evolution_strategy.h"
#include "sweep/space/search_space.h"

namespace moola::sweep {

/// Which parameters are coordinates of a normal distribution, and which are choices; those of one value are neither.
struct CmaCoordinates {
  explicit CmaCoordinates(const SearchSpace& space);

  std::vector<std::size_t> numbers;  // parameters, by coordinate
  std::vector<bool> on_steps;        // of each of them
  std::vector<std::size_t> choices;  // categorical parameters
};

/// All that trials of one generation are drawn from.
struct CmaDistribution {
  SearchNormal normal;                           // of places in the unit interval (unit_interval.h), by coordinate
  std::vector<double> spread;                    // by coordinate: how much wider than drawn values on steps are taken
  std::vector<std::vector<double>> frequencies;  // of each categorical parameter's choices
  std::uint64_t restarts = 0;                    // how often the search had begun anew
};

struct CmaProposal {
  Point point;
  std::vector<double> x;    // what was drawn for the coordinates, also for those that are not active
  bool from_space = false;  // drawn from the whole space, as no draw was allowed; x is empty
};

/// What trial `number` tries. Coordinates that are not in the unit interval are drawn again, and at last moved to its
/// ends; what the constraints forbid is drawn again, and at last from the whole space.
CmaProposal propose(const SearchSpace& space, const CmaCoordinates& coordinates, const CmaDistribution& distribution,
                    std::uint64_t seed, std::uint64_t number);

/// Coordinates that lead to a point of anybody's: values on steps in the middle of what rounds to them, what is not
/// active drawn.
std::vector<double> coordinates_of(const SearchSpace& space, const CmaCoordinates& coordinates,
                                   const CmaDistribution& distribution, const Point& point, std::uint64_t seed,
                                   std::uint64_t number);

}  // namespace moola::sweep
