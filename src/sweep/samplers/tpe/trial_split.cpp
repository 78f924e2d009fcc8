#include "sweep/samplers/tpe/trial_split.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sweep/study/pareto.h"

namespace moola::sweep {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kMostBest = 25;

// Several objectives: which of the complete trials are the best `size`, as indices of the rows.
std::vector<std::size_t> best_rows(std::span<const double> losses, std::size_t objectives, std::size_t size) {
  const std::size_t n = losses.size() / objectives;
  std::vector<std::size_t> out;
  const std::vector<std::size_t> ranks = nondominated_ranks(losses, objectives, size);
  for (std::size_t rank = 0; out.size() < size; ++rank) {
    std::vector<std::size_t> front;
    for (std::size_t i = 0; i < n; ++i) {
      if (ranks[i] == rank) front.push_back(i);
    }
    if (out.size() + front.size() > size) {
      std::vector<double> own;
      for (const std::size_t i : front)
        own.insert(own.end(), losses.begin() + static_cast<std::ptrdiff_t>(i * objectives),
                   losses.begin() + static_cast<std::ptrdiff_t>((i + 1) * objectives));
      std::vector<std::size_t> kept =
          largest_hypervolume_subset(own, objectives, beyond_worst(own, objectives), size - out.size());
      for (std::size_t& i : kept) i = front[i];
      front = std::move(kept);
    }
    out.insert(out.end(), front.begin(), front.end());
  }
  return out;
}

}  // namespace

std::vector<double> beyond_worst(std::span<const double> losses, std::size_t objectives) {
  constexpr double kLeast = 1e-12;
  std::vector<double> out(objectives, -std::numeric_limits<double>::max());
  for (std::size_t i = 0; i < losses.size(); ++i) {
    // An infinite loss is no measure of the others.
    if (std::isfinite(losses[i])) out[i % objectives] = std::max(out[i % objectives], losses[i]);
  }
  for (double& worst : out) {
    worst = std::clamp(std::max(1.1 * worst, 0.9 * worst), -std::numeric_limits<double>::max(),
                       std::numeric_limits<double>::max());
    if (worst == 0) worst = kLeast;
  }
  return out;
}

bool TrialSplit::has_values(const SearchSpace& space, const Point& point) const {
  return point.size() == space.size() &&
         std::ranges::all_of(parameters_, [&](std::size_t p) { return contains(space[p].distribution, point[p]); });
}

void TrialSplit::add(const Observation& trial, std::size_t objectives) {
  ++finished_;
  Rank rank{.number = trial.number};
  if (trial.violation > 0) {
    rank.kind = 2;
    rank.first = trial.violation;
  } else if (trial.state == TrialState::complete) {
    if (objectives > 1) {
      complete_.push_back(trial.number);
      return;
    }
    rank.first = trial.losses[0];
  } else {
    rank.kind = 1;
    rank.first = 1;
    if (!trial.reports.empty()) {
      const Report& last = trial.reports.back();
      rank.first = -static_cast<double>(last.step);
      rank.second = std::isnan(last.value) ? kInfinity : last.value;
    }
  }
  ranked_.insert(std::ranges::upper_bound(ranked_, rank), rank);
  // Trials do not get better, and the best of one objective never become more than this.
  if (objectives == 1 && ranked_.size() > kMostBest) ranked_.pop_back();
}

void TrialSplit::update(const History& history, std::uint64_t number, bool with_running) {
  const std::span<const Observation> trials = history.trials();
  replaced_.clear();
  running_.clear();
  counts_.resize(trials.size());
  const auto look = [&](Open& open) {
    const Observation& trial = trials[open.number];
    if (trial.state == TrialState::waiting) return true;
    const bool has = has_values(history.space(), trial.point);
    if (!open.point.empty() && !same_point(open.point, trial.point)) replaced_.push_back(open.number);
    if (is_finished(trial.state)) {
      counts_[open.number] = has && trial.state != TrialState::failed;
      if (counts_[open.number]) add(trial, history.objectives());
      return false;
    }
    open.point = trial.point;
    if (has && with_running && open.number != number) running_.push_back(open.number);
    return true;
  };
  std::erase_if(open_, [&](Open& open) { return !look(open); });
  for (; known_ < trials.size(); ++known_) {
    Open open{.number = known_};
    if (look(open)) open_.push_back(std::move(open));
  }
  find_best(history);
  others_.clear();
  auto best = best_.begin();
  auto running = running_.begin();
  for (std::uint64_t i = 0; i < counts_.size(); ++i) {
    if (best != best_.end() && *best == i) {
      ++best;
    } else if (counts_[i]) {
      others_.push_back(i);
    } else if (running != running_.end() && *running == i) {
      others_.push_back(i);
      ++running;
    }
  }
}

void TrialSplit::find_best(const History& history) {
  const std::size_t objectives = history.objectives();
  std::size_t size = (finished_ + 9) / 10;
  if (objectives == 1) size = std::min(size, kMostBest);
  if (objectives > 1) {
    if (best_of_ == finished_) return;
    best_of_ = finished_;
  }
  best_.clear();
  if (objectives > 1 && size > 0 && !complete_.empty()) {
    std::ranges::sort(complete_);
    std::vector<double> losses;
    for (const std::uint64_t number : complete_) {
      const std::vector<double>& own = history.trials()[number].losses;
      losses.insert(losses.end(), own.begin(), own.end());
    }
    for (const std::size_t row : best_rows(losses, objectives, std::min(size, complete_.size())))
      best_.push_back(complete_[row]);
  }
  for (const Rank& rank : ranked_) {
    if (best_.size() >= size) break;
    best_.push_back(rank.number);
  }
  std::ranges::sort(best_);
}

}  // namespace moola::sweep
