#include "sweep/samplers/gp/gp_observations.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace moola::sweep {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kMostPending = 256;

double loss_of(const Observation& trial) {
  return trial.violation > 0 ? kInfinity : trial.losses[0];
}

double last_report(const Observation& trial) {
  return trial.reports.empty() || std::isnan(trial.reports.back().value) ? -kInfinity : trial.reports.back().value;
}

// The best of half of `most`, the latest of the others, in the order of before.
std::vector<std::size_t> chosen(const std::vector<double>& losses, std::size_t most) {
  std::vector<std::size_t> order(losses.size());
  std::iota(order.begin(), order.end(), 0);
  if (order.size() <= most) return order;
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return losses[i]; });
  const auto best = order.begin() + static_cast<std::ptrdiff_t>(most / 2);
  std::sort(best, order.end(), std::greater());
  order.resize(most);
  std::ranges::sort(order);
  return order;
}

}  // namespace

GpObservations gp_observations(const GpSpace& space, const History& history, std::size_t count, std::size_t most) {
  std::vector<const Observation*> trials;
  std::vector<double> complete;
  for (const std::uint64_t number : history.finished()) {
    const Observation& trial = history.trials()[number];
    if (trial.state == TrialState::complete && complete.size() == count) break;
    if (trial.state == TrialState::complete) complete.push_back(loss_of(trial));
    if (trial.state == TrialState::complete || trial.state == TrialState::pruned) trials.push_back(&trial);
  }
  const auto middle = complete.begin() + static_cast<std::ptrdiff_t>(complete.size() / 2);
  std::ranges::nth_element(complete, middle);
  std::vector<double> losses;
  for (const Observation* trial : trials)
    losses.push_back(trial->state == TrialState::complete ? loss_of(*trial) : std::max(last_report(*trial), *middle));
  GpObservations out{.points = GpPoints(space.categorical()), .losses = {}};
  for (const std::size_t i : chosen(losses, most)) {
    out.points.add(space.coordinates(trials[i]->point));
    out.losses.push_back(losses[i]);
  }
  return out;
}

GpPoints gp_pending(const GpSpace& space, const History& history, std::uint64_t number) {
  GpPoints out(space.categorical());
  for (const Observation& trial : history.trials()) {
    if (trial.state == TrialState::running && trial.number != number && out.size() < kMostPending)
      out.add(space.coordinates(trial.point));
  }
  for (std::size_t i = history.finished().size(); i-- > 0 && out.size() < kMostPending;) {
    const Observation& trial = history.trials()[history.finished()[i]];
    if (trial.state == TrialState::failed) out.add(space.coordinates(trial.point));
  }
  return out;
}

}  // namespace moola::sweep
