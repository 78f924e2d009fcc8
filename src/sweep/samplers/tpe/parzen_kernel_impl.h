#pragma once
// The kernel of one instruction set; included once by each parzen_kernel_v*.cpp. Calls no template of the standard
// library, of which the linker would keep one copy for all sets.
#include "sweep/samplers/tpe/parzen_lanes.h"

namespace {

using moola::sweep::parzen_kernel::Candidates;
using moola::sweep::parzen_kernel::Interval;
using moola::sweep::parzen_kernel::kBlock;
using moola::sweep::parzen_kernel::Kernel;
using moola::sweep::parzen_kernel::kTile;
using moola::sweep::parzen_kernel::Mixture;

constexpr std::size_t kParts = kBlock / kLanes;
constexpr double kRootHalf = 0.7071067811865476;

// The logarithm of one component's density at one candidate.
double log_product(const Mixture& mixture, const Candidates& candidates, std::size_t component, std::size_t candidate) {
  double out = mixture.constants[component];
  for (std::size_t d = 0; d < mixture.continuous; ++d) {
    const double z = (candidates.values[d * candidates.count + candidate] - mixture.centres[d][component]) *
                     mixture.scales[d][component];
    out -= z * z;
  }
  for (std::size_t d = 0; d < mixture.tabulated; ++d)
    out += candidates.tables[d * candidates.count + candidate][mixture.rows[d][component]];
  return out;
}

MOOLA_INLINE Lanes largest(const Lanes (&of_tile)[kTile]) {
  Lanes out = of_tile[0];
  for (std::size_t c = 1; c < kTile; ++c) out = larger(out, of_tile[c]);
  return out;
}

// Sums of all components' densities over e^reference, by lane of the block, for the candidates of one tile. Those below
// e^least count as nothing. As logarithms of densities only fall from dimension to dimension, most components of many
// dimensions are left early.
void sum_of_tile(const Mixture& mixture, const Candidates& candidates, std::size_t first, const double* references,
                 double least, double (*sums)[kBlock]) {
  constexpr std::size_t kBetweenLooks = 2;
  Lanes sum[kParts][kTile] = {};
  const double* values = candidates.values + first;
  const double* const* tables = candidates.tables + first;
  const std::size_t count = candidates.count;
  for (std::size_t at = 0; at < mixture.components; at += kBlock) {
    for (std::size_t part = 0; part < kParts; ++part) {
      const std::size_t k = at + part * kLanes;
      Lanes power[kTile];
      const Lanes constant = load(mixture.constants + k);
      for (std::size_t c = 0; c < kTile; ++c) power[c] = constant - references[c];
      bool matters = true;
      for (std::size_t d = 0; d < mixture.continuous && matters;) {
        const std::size_t look = d + kBetweenLooks < mixture.continuous ? d + kBetweenLooks : mixture.continuous;
        for (; d < look; ++d) {
          const Lanes centre = load(mixture.centres[d] + k), scale = load(mixture.scales[d] + k);
          for (std::size_t c = 0; c < kTile; ++c) {
            const Lanes z = (values[d * count + c] - centre) * scale;
            power[c] -= z * z;
          }
        }
        matters = any_above(largest(power), least);
      }
      for (std::size_t d = 0; d < mixture.tabulated && matters; ++d) {
        for (std::size_t c = 0; c < kTile; ++c) power[c] += looked_up(tables[d * count + c], mixture.rows[d] + k);
        matters = any_above(largest(power), least);
      }
      if (!matters) continue;
      const Lanes weight = load(mixture.weights + k);
      for (std::size_t c = 0; c < kTile; ++c) sum[part][c] += weight * exponential(power[c], least);
    }
  }
  for (std::size_t part = 0; part < kParts; ++part) {
    for (std::size_t c = 0; c < kTile; ++c) store(sums[c] + part * kLanes, sum[part][c]);
  }
}

void log_densities_of_set(const Mixture& mixture, const Candidates& candidates, double* out) {
  const std::size_t prior = mixture.components - 1;
  for (std::size_t first = 0; first < candidates.count; first += kTile) {
    double priors[kTile], references[kTile], sums[kTile][kBlock];
    double negligible = -60.0;
    for (std::size_t c = 0; c < kTile; ++c) {
      priors[c] = log_product(mixture, candidates, prior, first + c);
      // No density is more than e^600 times the reference, so that the sum is finite.
      const double least = mixture.peak - 600.0;
      references[c] = priors[c] > least ? priors[c] : least;
      if (priors[c] < least) negligible = -708.0;
    }
    sum_of_tile(mixture, candidates, first, references, negligible, sums);
    for (std::size_t c = 0; c < kTile; ++c) {
      const double* s = sums[c];
      const double sum = ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
      const double of_prior = priors[c] + logarithm(all(mixture.weights[prior]))[0];
      const double of_sum = references[c] + logarithm(all(sum > 1e-300 ? sum : 1.0))[0];
      out[first + c] = sum > 1e-300 && of_sum > of_prior ? of_sum : of_prior;
    }
  }
}

// Calls `one` with where a register begins, and how many of its lanes count.
template <class F>
MOOLA_INLINE void for_lanes(std::size_t n, F&& one) {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) one(i, kLanes);
  if (i < n) one(i, n - i);
}
MOOLA_INLINE Lanes load_up_to(const double* p, std::size_t n) {
  return n == kLanes ? load(p) : load_some(p, n);
}
MOOLA_INLINE void store_up_to(double* p, Lanes value, std::size_t n) {
  n == kLanes ? store(p, value) : store_some(p, value, n);
}

void log_masses_of_set(const double* middles, const double* halves, std::size_t n, double* out) {
  for_lanes(n, [&](std::size_t i, std::size_t some) {
    const Mass mass = normal_mass(load_up_to(middles + i, some), load_up_to(halves + i, some));
    store_up_to(out + i, mass.shift + logarithm(mass.rest), some);
  });
}

void normalisers_of_set(const double* centres, const double* deviations, std::size_t n, Interval interval, double* out,
                        double* scales) {
  for_lanes(n, [&](std::size_t i, std::size_t some) {
    const Lanes deviation = load_up_to(deviations + i, some);
    const Mass mass =
        normal_mass((interval.middle - load_up_to(centres + i, some)) / deviation, interval.half / deviation);
    store_up_to(out + i, mass.shift + logarithm(mass.rest * deviation * 2.5066282746310002), some);
    store_up_to(scales + i, kRootHalf / deviation, some);
  });
}

void draw_of_set(const double* centres, const double* deviations, const double* uniforms, std::size_t n,
                 Interval interval, double* out) {
  for_lanes(n, [&](std::size_t i, std::size_t some) {
    const Lanes centre = load_up_to(centres + i, some), deviation = load_up_to(deviations + i, some);
    const Lanes uniform = load_up_to(uniforms + i, some);
    // Centres lie in the interval: `below` and `above` are how far its ends are from them.
    const Lanes below = larger((centre - (interval.middle - interval.half)) / deviation, Lanes{});
    const Lanes above = larger(((interval.middle + interval.half) - centre) / deviation, Lanes{});
    const Lanes cut_below = scaled_tail(below) * exponential(below * below * -0.5);
    const Lanes cut_above = scaled_tail(above) * exponential(above * above * -0.5);
    const Lanes kept = 1.0 - cut_below - cut_above;
    const Lanes chance_below = cut_below + uniform * kept, chance_above = cut_above + (1.0 - uniform) * kept;
    const Lanes t = tail_quantile(larger(smaller(smaller(chance_below, chance_above), all(0.5)), all(1e-300)));
    const Lanes z = chance_below < chance_above ? -smaller(t, below) : smaller(t, above);
    store_up_to(out + i, centre + deviation * z, some);
  });
}

void logarithms_of_set(const double* values, std::size_t n, double* out) {
  for_lanes(
      n, [&](std::size_t i, std::size_t some) { store_up_to(out + i, logarithm(load_up_to(values + i, some)), some); });
}

void exponentials_of_set(const double* values, std::size_t n, double* out) {
  for_lanes(n, [&](std::size_t i, std::size_t some) {
    store_up_to(out + i, exponential(load_up_to(values + i, some)), some);
  });
}

constexpr Kernel kernel_of_set() {
  return {.log_densities = log_densities_of_set,
          .log_masses = log_masses_of_set,
          .normalisers = normalisers_of_set,
          .draw = draw_of_set,
          .logarithms = logarithms_of_set,
          .exponentials = exponentials_of_set};
}

}  // namespace
