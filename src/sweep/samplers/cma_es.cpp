#include "sweep/samplers/cma_es.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <tuple>

#include "base/error.h"
#include "sweep/samplers/cma/cma_distribution.h"
#include "sweep/samplers/cma/cma_margin.h"
#include "sweep/samplers/draws.h"

namespace moola::sweep {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

enum : std::uint64_t { kStartup = 0x434d4153, kRestart };

// Distributions in which a late trial's own is looked for.
constexpr std::size_t kRemembered = 32;

// How a trial compares, less is better: feasible and complete, pruned, infeasible; then by what each of them knows.
std::tuple<int, double, double> standing(const Observation& trial) {
  if (trial.violation > 0) return {2, trial.violation, 0};
  if (trial.state == TrialState::complete) return {0, trial.losses[0], 0};
  if (trial.reports.empty()) return {1, kInfinity, kInfinity};
  const Report& last = trial.reports.back();
  return {1, -static_cast<double>(last.step), std::isnan(last.value) ? kInfinity : last.value};
}

Point startup_point(const SearchSpace& space, std::uint64_t seed, std::uint64_t number) {
  KeyedRandom random = draws(seed, number, kStartup);
  return random_point(space, random);
}

}  // namespace

// What the finished trials of one history have led to.
class CmaEsSampler::Search {
 public:
  Search(const CmaEsOptions& options, const History& history)
      : options_(options),
        space_(history.space()),
        history_(history.identity()),
        coordinates_(space_),
        usual_(options.population.value_or(EvolutionStrategy::usual_population(
            std::max<std::size_t>(1, coordinates_.numbers.size() + coordinates_.choices.size())))),
        large_(usual_) {
    begin(std::vector<double>(coordinates_.numbers.size(), 0.5), options.sigma, usual_);
  }

  bool is_of(const History& history) const { return history.identity() == history_; }

  void follow(const History& history) {
    for (; followed_ < history.finished().size(); ++followed_) count(history.trials()[history.finished()[followed_]]);
  }

  Point ask(std::uint64_t number) const {
    if (number < options_.startup_trials) return startup_point(space_, options_.seed, number);
    return propose(space_, coordinates_, distributions_.front(), options_.seed, number).point;
  }

 private:
  struct Member {
    Offspring offspring;
    std::tuple<int, double, double> standing;
    Point point;
  };

  CmaEsOptions options_;
  const SearchSpace& space_;
  std::uint64_t history_;
  CmaCoordinates coordinates_;
  std::size_t followed_ = 0;  // finished trials that have been counted

  std::optional<EvolutionStrategy> strategy_;  // none where there is no coordinate
  std::size_t population_ = 0;
  std::deque<CmaDistribution> distributions_;  // newest first
  std::vector<Member> generation_;
  std::deque<std::pair<double, double>> extremes_;  // the best and the worst loss of the last generations

  std::size_t usual_, large_;                          // populations
  std::uint64_t large_trials_ = 0, small_trials_ = 0;  // of restarts, for BIPOP
  bool is_small_ = false;

  void begin(std::vector<double> mean, double sigma, std::size_t population) {
    population_ = population;
    strategy_.reset();
    CmaDistribution out{.normal = {}, .spread = std::vector<double>(mean.size(), 1), .frequencies = {}};
    if (!mean.empty()) {
      strategy_.emplace(std::move(mean), sigma, population);
      out.normal = strategy_->normal();
    }
    for (const std::size_t p : coordinates_.choices) {
      const std::uint64_t choices = *count_of(space_[p].distribution);
      out.frequencies.emplace_back(choices, 1 / static_cast<double>(choices));
    }
    if (!distributions_.empty()) out.restarts = distributions_.front().restarts + 1;
    remember(std::move(out));
    generation_.clear();
    extremes_.clear();
  }

  void remember(CmaDistribution distribution) {
    distributions_.push_front(std::move(distribution));
    if (distributions_.size() > kRemembered) distributions_.pop_back();
  }

  void count(const Observation& trial) {
    if (trial.state == TrialState::failed) return;
    if (trial.number < options_.startup_trials &&
        same_point(trial.point, startup_point(space_, options_.seed, trial.number)))
      return;
    Member member{.offspring = {}, .standing = standing(trial), .point = trial.point};
    const auto own = std::ranges::find_if(distributions_, [&](const CmaDistribution& each) {
      CmaProposal proposal = propose(space_, coordinates_, each, options_.seed, trial.number);
      if (!same_point(proposal.point, trial.point)) return false;
      member.offspring = {std::move(proposal.x), &each == &distributions_.front()};
      return true;
    });
    if (own == distributions_.end()) {
      member.offspring = {
          coordinates_of(space_, coordinates_, distributions_.front(), trial.point, options_.seed, trial.number),
          false};
    } else if (own->restarts != distributions_.front().restarts ||
               member.offspring.x.size() != coordinates_.numbers.size()) {
      return;  // of a search that is over, or not of the search at all
    }
    generation_.push_back(std::move(member));
    if (generation_.size() == population_) end_generation();
  }

  void end_generation() {
    std::ranges::stable_sort(generation_, {}, &Member::standing);
    CmaDistribution next = distributions_.front();
    if (strategy_ && !strategy_->is_spent()) {
      std::vector<Offspring> ranked;
      for (Member& each : generation_) ranked.push_back(std::move(each.offspring));
      strategy_->learn(ranked);
      if (!strategy_->is_spent()) keep_margins(next);
    }
    learn_frequencies(next);
    (is_small_ ? small_trials_ : large_trials_) += population_;
    const auto loss = [](const Member& each) {
      return std::get<0>(each.standing) == 0 ? std::get<1>(each.standing) : kInfinity;
    };
    extremes_.emplace_front(loss(generation_.front()), loss(generation_.back()));
    generation_.clear();
    const bool stuck = is_stuck();
    if (stuck && options_.restarts != CmaRestarts::none)
      restart();
    else
      remember(std::move(next));
  }

  void keep_margins(CmaDistribution& next) {
    const double margin = 1 / static_cast<double>(coordinates_.numbers.size() * population_);
    next.normal = strategy_->normal();
    for (std::size_t k = 0; k < coordinates_.numbers.size(); ++k) {
      if (!coordinates_.on_steps[k]) continue;
      const CmaMargin kept = with_margin(space_[coordinates_.numbers[k]].distribution, next.normal.mean[k],
                                         next.normal.deviation[k], next.spread[k], margin);
      strategy_->move_mean(k, kept.mean);
      next.normal.mean[k] = kept.mean;
      next.spread[k] = kept.spread;
    }
  }

  void learn_frequencies(CmaDistribution& next) const {
    if (coordinates_.choices.empty()) return;
    std::vector<double> weights;
    double sum = 0;
    for (std::size_t i = 0; i < population_ / 2; ++i) {
      weights.push_back(std::log((static_cast<double>(population_) + 1) / 2) - std::log(static_cast<double>(i + 1)));
      sum += weights.back();
    }
    // The best of 0.1, 0.2, 0.3 and 0.5 on a table of real trainings that has three choices of two.
    constexpr double kRate = 0.3;
    for (std::size_t c = 0; c < coordinates_.choices.size(); ++c) {
      std::vector<double>& frequencies = next.frequencies[c];
      const std::vector<double> before = frequencies;
      for (std::size_t i = 0; i < weights.size(); ++i) {
        const double choice = generation_[i].point[coordinates_.choices[c]];
        if (!contains(space_[coordinates_.choices[c]].distribution, choice)) continue;  // not active
        const double gained = kRate * weights[i] / sum;
        for (std::size_t k = 0; k < frequencies.size(); ++k) frequencies[k] -= gained * before[k];
        frequencies[static_cast<std::size_t>(choice)] += gained;
      }
      // Like values on steps, every choice keeps a chance.
      const double least = 1 / static_cast<double>(coordinates_.choices.size() * population_ * frequencies.size());
      double all = 0;
      for (double& each : frequencies) all += each = std::max(each, least);
      for (double& each : frequencies) each /= all;
    }
  }

  // As Hansen's and the cmaes package's, but for differences that are measured by the losses themselves.
  bool is_stuck() {
    const std::size_t dimensions = std::max<std::size_t>(1, coordinates_.numbers.size());
    const std::size_t long_enough = 10 + (30 * dimensions + population_ - 1) / population_;
    if (extremes_.size() > long_enough) extremes_.pop_back();
    if (strategy_ && strategy_->is_spent()) return true;
    if (extremes_.size() < long_enough) return false;
    double lowest = kInfinity, highest = extremes_.front().second;
    for (const auto& [best, worst] : extremes_) {
      lowest = std::min(lowest, best);
      highest = std::max(highest, best);
    }
    return lowest == highest || highest - lowest <= 1e-12 * std::max(std::fabs(lowest), std::fabs(highest));
  }

  void restart() {
    KeyedRandom random = draws(options_.seed, distributions_.front().restarts, kRestart);
    is_small_ =
        options_.restarts == CmaRestarts::bipop && small_trials_ < large_trials_ && distributions_.front().restarts > 0;
    double sigma = options_.sigma;
    std::size_t population = large_;
    if (is_small_) {
      const double share = random.uniform_double(), growth = static_cast<double>(large_) / static_cast<double>(usual_);
      population = std::max<std::size_t>(
          2, static_cast<std::size_t>(static_cast<double>(usual_) * std::pow(growth / 2, share * share)));
      sigma *= std::pow(10, -2 * random.uniform_double());
    } else {
      population = large_ *= 2;
    }
    std::vector<double> mean(coordinates_.numbers.size());
    for (double& each : mean) each = random.uniform_double();
    begin(std::move(mean), sigma, population);
  }
};

CmaEsSampler::CmaEsSampler(CmaEsOptions options) : options_(options) {
  if (!(options.sigma > 0) || !std::isfinite(options.sigma))
    throw ConfigError(
        fmt::format("CMA-ES: its sigma must be above 0, not {}. A sixth of the ranges is usual.", options.sigma));
  if (options.population && *options.population < 2)
    throw ConfigError(fmt::format("CMA-ES: its population must be 2 or more, not {}.", *options.population));
}

CmaEsSampler::~CmaEsSampler() = default;

std::optional<Point> CmaEsSampler::ask(const History& history, std::uint64_t number) {
  if (history.objectives() != 1) {
    throw ConfigError(fmt::format(
        "CMA-ES looks for the least of one objective, and the study has {}. Take nsga2 or tpe.", history.objectives()));
  }
  if (!search_ || !search_->is_of(history)) search_ = std::make_unique<Search>(options_, history);
  search_->follow(history);
  return search_->ask(number);
}

}  // namespace moola::sweep
