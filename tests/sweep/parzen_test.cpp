#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <map>
#include <numbers>

#include "sweep/samplers/draws.h"
#include "sweep/samplers/tpe/parzen_estimator.h"
#include "sweep/samplers/tpe/parzen_kernel.h"
#include "sweep/space/unit_interval.h"

using namespace moola;
using namespace moola::sweep;

namespace {

Distribution choices(std::size_t count) {
  CategoricalDistribution out;
  for (std::size_t i = 0; i < count; ++i) out.choices.emplace_back(static_cast<std::int64_t>(i));
  return out;
}

const std::vector<Distribution>& mixed() {
  static const std::vector<Distribution> all{FloatDistribution{.low = -2, .high = 3},
                                             FloatDistribution{.low = 1e-5, .high = 0.1, .log = true},
                                             FloatDistribution{.low = 0, .high = 0.5, .step = 0.05},
                                             IntDistribution{.low = -4, .high = 4},
                                             IntDistribution{.low = 1, .high = 1000, .log = true},
                                             IntDistribution{.low = 16, .high = 256, .step = 16},
                                             choices(4)};
  return all;
}

// Values of trials: the same trial has the same values in every test.
double value_of(const Distribution& distribution, std::uint64_t trial, std::size_t axis) {
  return from_unit(distribution, draws(3, trial, axis).uniform_double());
}

ParzenEstimator estimator(const std::vector<Distribution>& distributions, ParzenOptions options = {}) {
  std::vector<ParzenAxis> axes;
  for (const Distribution& each : distributions) axes.push_back(axis_of(each));
  return {axes, options};
}

void observe(ParzenEstimator& parzen, const std::vector<Distribution>& distributions,
             const std::vector<std::uint64_t>& numbers) {
  parzen.observe(numbers, [&](std::uint64_t trial, std::size_t a) { return value_of(distributions[a], trial, a); });
}

std::vector<std::uint64_t> first_numbers(std::size_t n) {
  std::vector<std::uint64_t> out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = i;
  return out;
}

// The same density written down from its formulas, in long double and without regard to cost.
class Twin {
 public:
  Twin(const std::vector<Distribution>& distributions, std::vector<std::vector<double>> observed, ParzenOptions options)
      : distributions_(distributions), observed_(std::move(observed)), options_(options) {
    for (std::size_t k = 0; k <= observed_.size(); ++k)
      for (std::size_t a = 0; a < distributions.size(); ++a)
        normals_.push_back(distributions[a].index() == 2 ? Normal{} : found_normal(k, a));
  }

  std::vector<double> given = {};  // weights of the observations, if not by age

  // `point` has a value per axis.
  long double log_density(const std::vector<double>& point) const {
    const std::size_t n = observed_.size();
    std::vector<long double> terms;
    long double weights = 0;
    for (std::size_t k = 0; k <= n; ++k) weights += weight(k);
    for (std::size_t k = 0; k <= n; ++k) {
      long double term = std::log(weight(k) / weights);
      for (std::size_t a = 0; a < distributions_.size(); ++a) term += log_factor(k, a, point[a]);
      terms.push_back(term);
    }
    const long double most = *std::ranges::max_element(terms);
    long double sum = 0;
    for (const long double term : terms) sum += std::exp(term - most);
    return most + std::log(sum);
  }

  // P(x <= value) of a single axis with numbers.
  double cumulative(double value) const {
    const Ends ends = ends_of(0);
    long double out = 0, weights = 0;
    for (std::size_t k = 0; k <= observed_.size(); ++k) weights += weight(k);
    for (std::size_t k = 0; k <= observed_.size(); ++k) {
      const auto [centre, deviation] = normal_of(k, 0);
      out += weight(k) / weights * mass(centre, deviation, ends.low, place(0, value)) /
             mass(centre, deviation, ends.low, ends.high);
    }
    return static_cast<double>(out);
  }

 private:
  struct Ends {
    long double low, high;
    bool log;
    long double step;
  };
  using Normal = std::pair<long double, long double>;  // centre and deviation
  std::vector<Distribution> distributions_;
  std::vector<std::vector<double>> observed_;
  ParzenOptions options_;
  std::vector<Normal> normals_ = {};

  long double weight(std::size_t k) const {
    const std::size_t n = observed_.size();
    if (k == n) return n == 0 ? 1.0L : static_cast<long double>(options_.prior_weight);
    if (!given.empty()) return given[k];
    if (n <= 25 || k >= n - 25) return 1;
    const long double least = 1 / static_cast<long double>(n);
    return n == 26 ? least : least + (1 - least) * static_cast<long double>(k) / static_cast<long double>(n - 26);
  }

  Ends ends_of(std::size_t a) const {
    Ends out{};
    if (const auto* f = std::get_if<FloatDistribution>(&distributions_[a]))
      out = {f->low - f->step / 2, f->high + f->step / 2, f->log, f->step};
    if (const auto* i = std::get_if<IntDistribution>(&distributions_[a])) {
      const long double half = static_cast<long double>(i->step) / 2;
      out = {static_cast<long double>(i->low) - half, static_cast<long double>(i->high) + half, i->log, 2 * half};
    }
    if (out.log) {
      out.low = std::log(out.low);
      out.high = std::log(out.high);
    }
    return out;
  }

  long double place(std::size_t a, long double value) const { return ends_of(a).log ? std::log(value) : value; }

  const Normal& normal_of(std::size_t k, std::size_t a) const { return normals_[k * distributions_.size() + a]; }

  Normal found_normal(std::size_t k, std::size_t a) const {
    const Ends ends = ends_of(a);
    const long double width = ends.high - ends.low;
    const std::size_t n = observed_.size();
    if (k == n) return {(ends.low + ends.high) / 2, width};
    // In order of value, of equal ones by number.
    std::vector<std::pair<long double, std::size_t>> sorted;
    for (std::size_t i = 0; i < n; ++i) sorted.emplace_back(place(a, observed_[i][a]), i);
    std::ranges::sort(sorted);
    std::size_t at = 0;
    while (sorted[at].second != k) ++at;
    const long double centre = sorted[at].first;
    long double deviation = 0;
    if (options_.bandwidth == ParzenBandwidth::scott) {
      deviation = 0.2L *
                  std::pow(static_cast<long double>(n), -1.0L / static_cast<long double>(distributions_.size() + 4)) *
                  width;
    } else if (n == 1) {
      deviation = std::max(centre - ends.low, ends.high - centre);
    } else {
      if (at > 0) deviation = std::max(deviation, centre - sorted[at - 1].first);
      if (at + 1 < n) deviation = std::max(deviation, sorted[at + 1].first - centre);
    }
    return {centre, std::clamp(deviation, width / std::min(100.0L, static_cast<long double>(n + 2)), width)};
  }

  static long double mass(long double centre, long double deviation, long double low, long double high) {
    const long double a = (low - centre) / deviation / std::numbers::sqrt2_v<long double>;
    const long double b = (high - centre) / deviation / std::numbers::sqrt2_v<long double>;
    if (a > 0) return (std::erfc(a) - std::erfc(b)) / 2;
    if (b < 0) return (std::erfc(-b) - std::erfc(-a)) / 2;
    return 1 - (std::erfc(-a) + std::erfc(b)) / 2;
  }

  long double log_factor(std::size_t k, std::size_t a, double value) const {
    const std::size_t n = observed_.size();
    if (const auto* categorical = std::get_if<CategoricalDistribution>(&distributions_[a])) {
      const auto count = static_cast<long double>(categorical->choices.size());
      if (k == n) return -std::log(count);
      const long double share = static_cast<long double>(options_.prior_weight) / static_cast<long double>(n + 1);
      return std::log((share + (observed_[k][a] == value ? 1 : 0)) / (1 + count * share));
    }
    const Ends ends = ends_of(a);
    const auto [centre, deviation] = normal_of(k, a);
    const long double whole = mass(centre, deviation, ends.low, ends.high);
    if (ends.step > 0) {
      const long double half = ends.step / 2;
      return std::log(mass(centre, deviation, place(a, static_cast<long double>(value) - half),
                           place(a, static_cast<long double>(value) + half)) /
                      whole);
    }
    const long double z = (place(a, value) - centre) / deviation;
    return -z * z / 2 - std::log(std::sqrt(2 * std::numbers::pi_v<long double>) * deviation * whole);
  }
};

Twin twin(const std::vector<Distribution>& distributions, const std::vector<std::uint64_t>& numbers,
          ParzenOptions options = {}) {
  std::vector<std::vector<double>> observed;
  for (const std::uint64_t number : numbers) {
    observed.emplace_back();
    for (std::size_t a = 0; a < distributions.size(); ++a)
      observed.back().push_back(value_of(distributions[a], number, a));
  }
  return {distributions, std::move(observed), options};
}

// Points that are not observed, axis by axis.
std::vector<double> fresh_points(const std::vector<Distribution>& distributions, std::size_t count) {
  std::vector<double> out;
  for (std::size_t a = 0; a < distributions.size(); ++a)
    for (std::size_t i = 0; i < count; ++i) out.push_back(value_of(distributions[a], 1'000'000 + i, a));
  return out;
}

std::vector<Isa> supported_sets() {
  std::vector<Isa> out;
  for (const Isa set : {Isa::v2, Isa::v3, Isa::v4}) {
    if (supported(set)) out.push_back(set);
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(parzen_estimators)

// Middle, half width and the logarithm of the mass, found in 60 digits.
BOOST_AUTO_TEST_CASE(masses_of_normal_intervals_are_right_in_the_middle_in_tails_and_when_narrow) {
  const std::vector<std::array<double, 3>> known{
      {0.0, 1.0, -0.38171514630212607227},   {0.5, 0.25, -1.7448778569559151016},
      {-0.5, 0.25, -1.7448778569559151016},  {3.0, 5.0, -0.023012909328964125044},
      {2.0, 0.5, -2.8035010477387980335},    {10.0, 0.5, -48.306060454703855177},
      {37.0, 1.0, -652.50322759379839685},   {-37.0, 1.0, -652.50322759379839685},
      {60.0, 0.5, -1775.1301971124937011},   {99.5, 0.5, -4906.0141603877319049},
      {0.0, 0.001, -7.1335467982935200192},  {0.3, 1e-09, -20.994057189591138523},
      {20.0, 1e-07, -216.34388700360238227}, {40.0, 0.001, -807.13328014588318109},
      {5.0, 0.0016, -19.163532762407452394}, {0.0, 50.0, 0.0},
      {4.0, 4.0, -0.69314718055994655361},   {12.0, 3.0, -43.628149113332115497},
      {1.0, 0.01, -5.3309615387994822717}};
  for (const auto& [middle, half, expected] : known) {
    double found = 0;
    parzen_kernel::kernel(isa()).log_masses(&middle, &half, 1, &found);
    BOOST_TEST_CONTEXT("middle " << middle << ", half " << half)
    BOOST_TEST(std::fabs(found - expected) < 2e-12 * std::max(1.0, std::fabs(expected)));
  }
}

// Quantiles of the standard normal distribution, found in 60 digits.
BOOST_AUTO_TEST_CASE(draws_are_quantiles) {
  const std::vector<std::pair<double, double>> known{{0.25, -0.6744897501960817432},  {0.1, -1.2815515655446004353},
                                                     {0.975, 1.9599639845400538556},  {0.999, 3.0902323061678132778},
                                                     {1e-5, -4.2648907939228246102},  {1e-10, -6.3613409024040561991},
                                                     {1e-15, -7.9413453261709967713}, {0.5, 0.0}};
  for (const auto& [uniform, expected] : known) {
    const double centre = 0, deviation = 1;
    double found = 0;
    parzen_kernel::kernel(isa()).draw(&centre, &deviation, &uniform, 1, {.middle = 0, .half = 60}, &found);
    BOOST_TEST(std::fabs(found - expected) < 1e-13 * std::max(1.0, std::fabs(expected)));
  }
}

BOOST_AUTO_TEST_CASE(logarithms_and_powers_are_those_of_the_library) {
  std::vector<double> values, powers;
  for (int i = -3000; i <= 3000; ++i) {
    values.push_back(std::pow(1.1, i));
    powers.push_back(0.2 * i + 0.0137);
  }
  std::vector<double> logs(values.size()), exps(values.size());
  parzen_kernel::kernel(isa()).logarithms(values.data(), values.size(), logs.data());
  parzen_kernel::kernel(isa()).exponentials(powers.data(), powers.size(), exps.data());
  for (std::size_t i = 0; i < values.size(); ++i) {
    BOOST_REQUIRE_SMALL(logs[i] - std::log(values[i]), 4e-16 * std::max(1.0, std::fabs(logs[i])));
    BOOST_REQUIRE_SMALL(exps[i] - std::exp(powers[i]), 5e-16 * exps[i]);
  }
  const double low = -708.5;
  double nothing = 1;
  parzen_kernel::kernel(isa()).exponentials(&low, 1, &nothing);
  BOOST_TEST(nothing == 0);
}

BOOST_AUTO_TEST_CASE(all_instruction_sets_agree_bit_for_bit) {
  for (const std::size_t n : {1, 7, 8, 9, 31, 200}) {
    std::vector<double> centres, deviations, uniforms, weights, constants;
    std::vector<std::uint32_t> rows;
    KeyedRandom random = draws(1, n, 0);
    const std::size_t wide = parzen_kernel::padded(n);
    for (std::size_t i = 0; i < wide; ++i) {
      centres.push_back(random.uniform_double());
      deviations.push_back(0.01 + random.uniform_double());
      uniforms.push_back(random.uniform_double());
      weights.push_back(i < n ? 0.1 + random.uniform_double() : 0);
      constants.push_back(random.normal());
      rows.push_back(random.below(5));
    }
    std::vector<double> values(2 * 16), table(5);
    for (double& each : values) each = random.uniform_double();
    for (double& each : table) each = -random.uniform_double();
    const std::vector<const double*> tables(16, table.data());
    const auto answers = [&](Isa set) {
      const parzen_kernel::Kernel& kernel = parzen_kernel::kernel(set);
      std::vector<double> out(5 * wide), scales(wide), densities(16);
      kernel.log_masses(centres.data(), deviations.data(), n, out.data());
      kernel.normalisers(centres.data(), deviations.data(), n, {.middle = 0.5, .half = 0.5}, out.data() + wide,
                         scales.data());
      kernel.draw(centres.data(), deviations.data(), uniforms.data(), n, {.middle = 0.5, .half = 0.5},
                  out.data() + 2 * wide);
      kernel.logarithms(deviations.data(), n, out.data() + 3 * wide);
      kernel.exponentials(constants.data(), n, out.data() + 4 * wide);
      scales.resize(n);
      scales.resize(wide, 0.0);
      const double* const of_centres[] = {centres.data(), uniforms.data()};
      const double* const of_scales[] = {scales.data(), scales.data()};
      const std::uint32_t* const of_rows[] = {rows.data()};
      kernel.log_densities({.components = n,
                            .continuous = 2,
                            .tabulated = 1,
                            .centres = of_centres,
                            .scales = of_scales,
                            .rows = of_rows,
                            .constants = constants.data(),
                            .weights = weights.data(),
                            .peak = *std::ranges::max_element(constants)},
                           {.count = 16, .values = values.data(), .tables = tables.data()}, densities.data());
      out.insert(out.end(), scales.begin(), scales.end());
      out.insert(out.end(), densities.begin(), densities.end());
      return out;
    };
    const std::vector<double> first = answers(Isa::v2);
    BOOST_TEST(std::ranges::all_of(first, [](double x) { return std::isfinite(x); }));
    for (const Isa set : supported_sets()) BOOST_TEST((answers(set) == first));
  }
}

BOOST_AUTO_TEST_CASE(densities_are_those_of_the_formulas) {
  for (const ParzenOptions options :
       {ParzenOptions{}, ParzenOptions{.bandwidth = ParzenBandwidth::scott}, ParzenOptions{.prior_weight = 0.3}}) {
    for (const std::size_t n : {0, 1, 2, 3, 9, 24, 25, 26, 27, 60, 98, 99, 130}) {
      const std::vector<std::uint64_t> numbers = first_numbers(n);
      for (std::size_t only = 0; only <= mixed().size(); ++only) {
        // Each kind alone, then all together.
        std::vector<Distribution> distributions = mixed();
        if (only < mixed().size()) distributions = {mixed()[only]};
        ParzenEstimator parzen = estimator(distributions, options);
        observe(parzen, distributions, numbers);
        const Twin expected = twin(distributions, numbers, options);
        const std::size_t count = 11;
        std::vector<double> points = fresh_points(distributions, count), found;
        parzen.log_densities(points, count, found);
        BOOST_REQUIRE(found.size() == count);
        for (std::size_t i = 0; i < count; ++i) {
          std::vector<double> point;
          for (std::size_t a = 0; a < distributions.size(); ++a) point.push_back(points[a * count + i]);
          BOOST_TEST_CONTEXT(n << " observations, kind " << only)
          BOOST_REQUIRE_SMALL(found[i] - static_cast<double>(expected.log_density(point)), 1e-9);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(weights_can_be_given_and_taken_back) {
  const std::vector<Distribution> distributions{mixed()[0]};
  ParzenEstimator parzen = estimator(distributions);
  observe(parzen, distributions, first_numbers(4));
  Twin expected = twin(distributions, first_numbers(4));
  const std::vector<double> point{0.3};
  std::vector<double> found;
  for (const std::vector<double>& weights : {std::vector<double>{1, 0.2, 3, 1e-12}, {}, {0.1, 0.1, 5, 0.1}}) {
    parzen.weigh(weights);
    expected.given = weights;
    parzen.log_densities(point, 1, found);
    BOOST_TEST(std::fabs(found[0] - static_cast<double>(expected.log_density(point))) < 1e-12);
  }
}

BOOST_AUTO_TEST_CASE(a_density_of_two_hundred_dimensions_neither_overflows_nor_vanishes) {
  const std::vector<Distribution> distributions(200, FloatDistribution{.low = 0, .high = 1});
  const std::vector<std::uint64_t> numbers = first_numbers(120);
  ParzenEstimator parzen = estimator(distributions);
  observe(parzen, distributions, numbers);
  // An observed point, and one far from all of them.
  std::vector<double> points, found;
  for (std::size_t a = 0; a < 200; ++a) {
    points.push_back(value_of(distributions[a], 5, a));
    points.push_back(a % 2 == 0 ? 0.0 : 1.0);
  }
  parzen.log_densities(points, 2, found);
  const Twin expected = twin(distributions, numbers);
  for (std::size_t i = 0; i < 2; ++i) {
    std::vector<double> point;
    for (std::size_t a = 0; a < 200; ++a) point.push_back(points[2 * a + i]);
    BOOST_TEST(std::fabs(found[i] - static_cast<double>(expected.log_density(point))) < 1e-8);
  }
}

BOOST_AUTO_TEST_CASE(densities_of_discrete_parameters_sum_to_one) {
  for (const Distribution& each : {mixed()[2], mixed()[3], mixed()[4], mixed()[5]}) {
    ParzenEstimator parzen = estimator({each});
    observe(parzen, {each}, first_numbers(40));
    const std::uint64_t count = count_of(each).value();
    std::vector<double> values, found;
    const ParzenAxis axis = axis_of(each);
    for (std::uint64_t i = 0; i < count; ++i)
      values.push_back(nearest_value(each, axis.low + static_cast<double>(i) * axis.step));
    parzen.log_densities(values, values.size(), found);
    double sum = 0;
    for (const double x : found) sum += std::exp(x);
    BOOST_TEST(std::fabs(sum - 1) < 1e-12);
  }
}

BOOST_AUTO_TEST_CASE(the_way_to_the_observations_does_not_matter) {
  for (const ParzenBandwidth bandwidth : {ParzenBandwidth::gap, ParzenBandwidth::scott}) {
    ParzenEstimator warm = estimator(mixed(), {.bandwidth = bandwidth});
    KeyedRandom random = draws(8, 0, 0);
    std::vector<std::uint64_t> numbers;
    const std::size_t count = 24;
    const std::vector<double> points = fresh_points(mixed(), count);
    for (std::uint64_t step = 0; step < 400; ++step) {
      // Some come in any order, some go, at times many at once.
      for (std::uint32_t k = step % 50 == 49 ? 60 : 1 + random.below(3); k > 0; --k)
        numbers.push_back(random.below(1000));
      for (std::uint32_t k = random.below(step % 70 == 69 ? 90 : 3); k > 0 && !numbers.empty(); --k)
        numbers.erase(numbers.begin() + random.below(static_cast<std::uint32_t>(numbers.size())));
      std::ranges::sort(numbers);
      numbers.erase(std::ranges::unique(numbers).begin(), numbers.end());
      if (step % 9 == 8 && !numbers.empty())
        warm.forget(numbers[random.below(static_cast<std::uint32_t>(numbers.size()))]);
      observe(warm, mixed(), numbers);
      if (step % 3 == 2) continue;  // several changes before it is asked again
      ParzenEstimator cold = estimator(mixed(), {.bandwidth = bandwidth});
      observe(cold, mixed(), numbers);
      std::vector<double> of_warm, of_cold, drawn_warm, drawn_cold;
      warm.log_densities(points, count, of_warm);
      cold.log_densities(points, count, of_cold);
      BOOST_REQUIRE(of_warm == of_cold);
      KeyedRandom a = draws(1, step, 1), b = draws(1, step, 1);
      warm.draw(count, a, drawn_warm);
      cold.draw(count, b, drawn_cold);
      BOOST_REQUIRE(drawn_warm == drawn_cold);
    }
    BOOST_TEST(numbers.size() > 100U);
  }
}

BOOST_AUTO_TEST_CASE(one_observation_after_the_other_is_as_good_as_all_at_once) {
  // The least width depends on how many there are, up to 98 of them.
  ParzenEstimator warm = estimator(mixed());
  const std::vector<double> points = fresh_points(mixed(), 8);
  for (std::size_t n = 0; n < 130; ++n) {
    observe(warm, mixed(), first_numbers(n));
    ParzenEstimator cold = estimator(mixed());
    observe(cold, mixed(), first_numbers(n));
    std::vector<double> of_warm, of_cold;
    warm.log_densities(points, 8, of_warm);
    cold.log_densities(points, 8, of_cold);
    BOOST_REQUIRE(of_warm == of_cold);
  }
}

BOOST_AUTO_TEST_CASE(draws_of_numbers_follow_their_density) {
  for (const Distribution& each : {mixed()[0], mixed()[1]}) {
    for (const std::size_t n : {0, 1, 30}) {
      const std::vector<std::uint64_t> numbers = first_numbers(n);
      ParzenEstimator parzen = estimator({each});
      observe(parzen, {each}, numbers);
      const std::size_t count = 20'000;
      KeyedRandom random = draws(2, n, 0);
      std::vector<double> drawn;
      parzen.draw(count, random, drawn);
      std::ranges::sort(drawn);
      const Twin expected = twin({each}, numbers);
      double apart = 0;
      for (std::size_t i = 0; i < count; ++i) {
        BOOST_REQUIRE(contains(each, drawn[i]));
        apart = std::max(apart, std::fabs(expected.cumulative(drawn[i]) - (static_cast<double>(i) + 0.5) / count));
      }
      // Kolmogorov and Smirnov: beyond this by chance once in 1,000.
      BOOST_TEST(apart * std::sqrt(static_cast<double>(count)) < 1.95);
    }
  }
}

BOOST_AUTO_TEST_CASE(draws_of_steps_and_choices_follow_their_mass) {
  for (const Distribution& each : {mixed()[2], mixed()[3], mixed()[5], mixed()[6],
                                   Distribution(IntDistribution{.low = 1, .high = 12, .log = true})}) {
    for (const std::size_t n : {0, 1, 30}) {
      ParzenEstimator parzen = estimator({each});
      observe(parzen, {each}, first_numbers(n));
      const std::size_t count = 20'000;
      KeyedRandom random = draws(2, n, 1);
      std::vector<double> drawn, values, logs;
      parzen.draw(count, random, drawn);
      std::map<double, double> times;
      for (const double x : drawn) {
        BOOST_REQUIRE(contains(each, x));
        times[nearest_value(each, x)] += 1;
      }
      for (const auto& [value, counted] : times) values.push_back(value);
      BOOST_TEST(values.size() == count_of(each).value());
      parzen.log_densities(values, values.size(), logs);
      double chi_squared = 0;
      for (std::size_t i = 0; i < values.size(); ++i) {
        const double expected = count * std::exp(logs[i]);
        chi_squared += std::pow(times[values[i]] - expected, 2) / expected;
      }
      // Of at most 15 degrees of freedom beyond this by chance once in 10,000.
      BOOST_TEST(chi_squared < 44.3);
    }
  }
}

BOOST_AUTO_TEST_CASE(thousands_of_equal_values_are_no_trouble) {
  const std::vector<Distribution> distributions{mixed()[0], mixed()[3], mixed()[6]};
  ParzenEstimator parzen = estimator(distributions);
  parzen.observe(first_numbers(5000), [](std::uint64_t, std::size_t axis) { return axis == 1 ? -4.0 : 0.0; });
  std::vector<double> drawn, logs;
  KeyedRandom random = draws(1, 1, 1);
  parzen.draw(100, random, drawn);
  parzen.log_densities(drawn, 100, logs);
  for (std::size_t i = 0; i < 100; ++i) {
    BOOST_TEST(std::isfinite(logs[i]));
    for (std::size_t a = 0; a < 3; ++a) BOOST_REQUIRE(contains(distributions[a], drawn[a * 100 + i]));
  }
}

BOOST_AUTO_TEST_CASE(values_are_sorted_as_the_library_sorts_them) {
  KeyedRandom random = draws(4, 4, 4);
  for (const std::size_t n : {0, 1, 2, 24, 25, 100, 3000}) {
    for (const int shape : {0, 1, 2, 3}) {
      std::vector<double> values(n);
      for (double& x : values) {
        x = random.uniform_double();
        if (shape == 1) x = std::pow(x, 30);                             // nearly all at one end
        if (shape == 2) x = std::floor(x * 7) / 7;                       // many equal ones
        if (shape == 3) x = random.below(50) == 0 ? x : x * 1e-9 + 0.5;  // one crowd
      }
      std::vector<std::uint32_t> expected(n);
      for (std::size_t i = 0; i < n; ++i) expected[i] = static_cast<std::uint32_t>(i);
      std::ranges::stable_sort(expected, {}, [&](std::uint32_t i) { return values[i]; });
      BOOST_TEST((ascending_order(values, 0, 1) == expected));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
