#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "base/json.h"
#include "base/keyed_random.h"
#include "sweep/importance/ped_anova.h"
#include "sweep/importance/scott_density.h"
#include "sweep/space/unit_interval.h"

using namespace moola;
using namespace moola::sweep;

namespace {

// A study as vectors/importance.json has it.
Study study_of(const Json& stored, const Json& distributions) {
  Study out{.name = "stored"};
  for (const Json& each : stored["directions"])
    out.directions.push_back(each == "maximize" ? Direction::maximize : Direction::minimize);
  for (const Json& told : stored["trials"]) {
    Trial trial{.state = TrialState::complete, .values = told["values"].get<std::vector<double>>()};
    for (const auto& [name, pair] : told["params"].items()) {
      const StudyParameter parameter{name,
                                     parse_distribution(distributions[pair[1].get<std::size_t>()].get<std::string>())};
      auto at = std::ranges::find(out.parameters, parameter);
      if (at == out.parameters.end()) at = out.parameters.insert(at, parameter);
      trial.parameters.push_back(
          {.parameter = static_cast<std::uint32_t>(at - out.parameters.begin()), .value = pair[0].get<double>()});
    }
    out.trials.push_back(std::move(trial));
  }
  return out;
}

double uniform(std::uint64_t seed, std::uint64_t number, std::uint32_t which) {
  return KeyedRandom(seed, Stream::sampler, number, which).uniform_double();
}

// `trials` at random in a box of `parameters`, with the loss that is given.
Study random_study(std::uint64_t seed, std::size_t trials, const std::vector<StudyParameter>& parameters,
                   const std::function<double(const std::vector<double>&)>& loss) {
  Study out{.name = "random", .directions = {Direction::minimize}, .parameters = parameters};
  for (std::size_t n = 0; n < trials; ++n) {
    Trial trial{.state = TrialState::complete};
    std::vector<double> x;
    for (std::uint32_t p = 0; p < parameters.size(); ++p) {
      x.push_back(from_unit(parameters[p].distribution, uniform(seed, n, p)));
      trial.parameters.push_back({.parameter = p, .value = x.back()});
    }
    trial.values = {loss(x)};
    out.trials.push_back(std::move(trial));
  }
  return out;
}

const std::vector<StudyParameter> kParameters{
    {"planted", FloatDistribution{.low = -3, .high = 3}},
    {"idle", FloatDistribution{.low = 1e-4, .high = 1, .log = true}},
    {"some", IntDistribution{.low = 0, .high = 20}},
    {"kind", CategoricalDistribution{.choices = {std::string("a"), std::string("b"), std::string("c")}}}};

double planted_loss(const std::vector<double>& x) {
  return (x[0] - 1) * (x[0] - 1) + 0.01 * x[2];
}

const ParameterImportance& named(const std::vector<ParameterImportance>& all, std::string_view name) {
  return *std::ranges::find(all, name, &ParameterImportance::name);
}

// The density of a grid by numbers alone: every observation a kernel of its own, its mass by adding up thin slices.
std::vector<double> summed_density(const std::vector<double>& counts) {
  std::vector<double> each;
  for (std::size_t i = 0; i < counts.size(); ++i)
    each.insert(each.end(), static_cast<std::size_t>(counts[i]), static_cast<double>(i));
  const auto n = static_cast<double>(each.size()), size = static_cast<double>(counts.size());
  const double mean = std::accumulate(each.begin(), each.end(), 0.0) / n;
  double squares = 0;
  for (const double x : each) squares += (x - mean) * (x - mean);
  // The quartiles as Optuna takes them: at least a quarter lies at or below the first, more than three at or below the
  // other.
  const std::size_t quarter = each.size() / 4, three = each.size() * 3 / 4;
  const double quartiles = each[std::min(three, each.size() - 1)] - each[quarter == 0 ? 0 : quarter - 1];
  const double deviation = std::sqrt(squares / std::max(1.0, n - 1));
  const double width = std::max(0.5 / 1.64, 1.059 * std::min(quartiles / 1.34, deviation) / std::pow(n, 0.2));
  std::vector<double> out(counts.size(), 0);
  const auto add = [&](double center, double sigma) {
    constexpr int kSlices = 400;
    std::vector<double> mass(counts.size(), 0);
    for (std::size_t i = 0; i < counts.size(); ++i) {
      for (int s = 0; s < kSlices; ++s) {
        const double x = static_cast<double>(i) - 0.5 + (s + 0.5) / kSlices;
        mass[i] += std::exp(-0.5 * (x - center) * (x - center) / (sigma * sigma));
      }
    }
    const double whole = std::accumulate(mass.begin(), mass.end(), 0.0);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += mass[i] / whole / (n + 1);
  };
  for (const double x : each) add(x, width);
  add((size - 1) / 2, size);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(importance)

BOOST_AUTO_TEST_CASE(importances_are_those_of_optuna) {
  const Json stored = read_json(fmt::format("{}/tests/sweep/vectors/importance.json", MOOLA_SOURCE_DIR));
  std::size_t compared = 0;
  for (const Json& each : stored["cases"]) {
    const Study study = study_of(each, stored["distributions"]);
    for (const Json& asked : each["asked"]) {
      PedAnovaOptions options{
          .target = asked["target"], .region = asked["region"], .within_trials = asked["within"].get<bool>()};
      if (!asked["objective"].is_null()) options.objective = asked["objective"].get<std::size_t>();
      const std::vector<ParameterImportance> ours = ped_anova(study, options);
      BOOST_REQUIRE_EQUAL(ours.size(), asked["importance"].size());
      for (const ParameterImportance& importance : ours) {
        const double theirs = asked["importance"][importance.name].get<double>();
        BOOST_TEST_CONTEXT(importance.name << " of " << study.trials.size() << " trials, target " << options.target) {
          BOOST_CHECK_SMALL(importance.divergence - theirs, 1e-10 + 1e-9 * theirs);
        }
        ++compared;
      }
    }
  }
  BOOST_CHECK_GE(compared, 150);
}

BOOST_AUTO_TEST_CASE(a_density_is_the_sum_of_its_kernels) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    std::vector<double> counts(2 + static_cast<std::size_t>(uniform(seed, 0, 0) * 30));
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = std::max(0.0, std::floor(uniform(seed, i, 1) * 9 - 5));
    counts[counts.size() / 2] += 1;
    const std::vector<double> ours = scott_density(counts, false), sums = summed_density(counts);
    BOOST_CHECK_CLOSE_FRACTION(std::accumulate(ours.begin(), ours.end(), 0.0), 1, 1e-12);
    for (std::size_t i = 0; i < ours.size(); ++i) BOOST_CHECK_SMALL(ours[i] - sums[i], 1e-5);
  }
}

BOOST_AUTO_TEST_CASE(the_density_of_choices_adds_up_to_one_and_grows_with_their_counts) {
  const std::vector<double> density = scott_density(std::vector<double>{5, 0, 2, 5}, true);
  BOOST_CHECK_CLOSE_FRACTION(std::accumulate(density.begin(), density.end(), 0.0), 1, 1e-12);
  BOOST_CHECK_EQUAL(density[0], density[3]);
  BOOST_CHECK_GT(density[0], density[2]);
  BOOST_CHECK_GT(density[2], density[1]);
  BOOST_CHECK_GT(density[1], 0);
}

BOOST_AUTO_TEST_CASE(values_lie_at_the_nearest_place_of_the_grid) {
  const FloatDistribution real{.low = 0, .high = 49};  // 50 places, one for each whole number
  const std::vector<double> counts = grid_counts(real, std::vector<double>{0, 0.4, 0.5, 0.6, 48.6, 49, 80, -3});
  BOOST_CHECK_EQUAL(counts.size(), 50);
  BOOST_CHECK_EQUAL(counts[0], 4);  // 0.5 lies between two and goes to the lower, -3 is outside
  BOOST_CHECK_EQUAL(counts[1], 1);
  BOOST_CHECK_EQUAL(counts[49], 3);
  // 1, 2, 4, 8, 16: doublings of 16 values, and their ends.
  BOOST_CHECK_EQUAL(grid_counts(IntDistribution{.low = 1, .high = 16, .log = true}, {}).size(), 5);
  BOOST_CHECK_EQUAL(grid_counts(FloatDistribution{.low = 0, .high = 1, .step = 0.25}, {}).size(), 5);
  BOOST_CHECK_EQUAL(grid_counts(IntDistribution{.low = 0, .high = 1000}, {}).size(), 50);
}

BOOST_AUTO_TEST_CASE(a_planted_parameter_comes_first_and_an_idle_one_has_little) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::vector<ParameterImportance> all = ped_anova(random_study(seed, 300, kParameters, planted_loss));
    BOOST_CHECK_EQUAL(all.front().name, "planted");
    BOOST_CHECK_GT(all.front().share, 0.5);
    BOOST_CHECK_LT(named(all, "idle").share, 0.3);
    double sum = 0;
    for (const ParameterImportance& each : all) sum += each.share;
    BOOST_CHECK_CLOSE_FRACTION(sum, 1, 1e-12);
  }
}

BOOST_AUTO_TEST_CASE(the_better_half_of_a_sorted_study_is_what_maximising_its_negative_finds) {
  Study study = random_study(7, 200, kParameters, planted_loss);
  const std::vector<ParameterImportance> down = ped_anova(study);
  study.directions = {Direction::maximize};
  for (Trial& trial : study.trials) trial.values[0] = -trial.values[0];
  const std::vector<ParameterImportance> up = ped_anova(study);
  for (std::size_t i = 0; i < down.size(); ++i) {
    BOOST_CHECK_EQUAL(down[i].name, up[i].name);
    BOOST_CHECK_EQUAL(down[i].divergence, up[i].divergence);
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_complete_or_not_finite_does_not_count) {
  Study study = random_study(3, 100, kParameters, planted_loss);
  const std::vector<ParameterImportance> before = ped_anova(study);
  for (const double value : {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    study.trials.push_back(study.trials.front());
    study.trials.back().values = {value};
  }
  for (const TrialState state : {TrialState::pruned, TrialState::failed, TrialState::running, TrialState::waiting}) {
    study.trials.push_back(study.trials.front());
    study.trials.back().state = state;
  }
  study.trials.push_back(study.trials.front());
  study.trials.back().values = {1, 2};  // of a study with one objective
  const std::vector<ParameterImportance> after = ped_anova(study);
  for (std::size_t i = 0; i < before.size(); ++i) BOOST_CHECK_EQUAL(before[i].divergence, after[i].divergence);
}

BOOST_AUTO_TEST_CASE(too_few_trials_make_all_parameters_equal) {
  for (const std::size_t trials : {0, 1}) {
    const std::vector<ParameterImportance> all = ped_anova(random_study(1, trials, kParameters, planted_loss));
    BOOST_CHECK_EQUAL(all.size(), trials == 0 ? 0 : kParameters.size());
    for (const ParameterImportance& each : all) {
      BOOST_CHECK_EQUAL(each.divergence, 0);
      BOOST_CHECK_EQUAL(each.share, 0.25);
    }
  }
  const Study study = random_study(1, 5, kParameters, planted_loss);
  BOOST_CHECK_THROW(ped_anova(study, {.target = 0.5, .region = 0.5}), std::invalid_argument);
  BOOST_CHECK_THROW(ped_anova(study, {.objective = 1}), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
