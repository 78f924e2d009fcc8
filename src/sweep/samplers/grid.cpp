#include "sweep/samplers/grid.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/keyed_permutation.h"

namespace moola::sweep {

PointNumbering GridSampler::numbering_of(const SearchSpace& space) const {
  std::vector<GridPoints> points = options_.points;
  for (std::size_t p = 0; p < space.size() && options_.points_of_floats; ++p) {
    if (!count_of(space[p].distribution) && std::ranges::find(points, p, &GridPoints::parameter) == points.end())
      points.push_back({p, *options_.points_of_floats});
  }
  return PointNumbering(space, points);
}

std::uint64_t GridSampler::count(const SearchSpace& space) const {
  return numbering_of(space).count();
}

void GridSampler::follow(const History& history) {
  if (history_ != history.identity()) {
    numbering_ = std::make_unique<PointNumbering>(numbering_of(history.space()));
    history_ = history.identity();
    allowed_.clear();
    tried_.clear();
    scanned_ = settled_ = 0;
  }
  for (; settled_ < history.trials().size() && is_finished(history.trials()[settled_].state); ++settled_) {
    if (const auto at = numbering_->number(history.trials()[settled_].point)) tried_.insert(*at);
  }
}

std::optional<std::uint64_t> GridSampler::planned(const SearchSpace& space, std::uint64_t number) {
  constexpr std::uint64_t kForbiddenInARow = std::uint64_t{1} << 24;
  const KeyedPermutation order(numbering_->count(), options_.seed, 0);
  std::uint64_t forbidden = 0;
  while (allowed_.size() <= number) {
    if (scanned_ == numbering_->count()) return std::nullopt;
    const std::uint64_t at = order(scanned_++);
    if (space.constraints().empty() || space.allows(numbering_->point(at))) {
      allowed_.push_back(at);
      forbidden = 0;
    } else if (++forbidden == kForbiddenInARow) {
      throw ConfigError(
          fmt::format("the constraints forbid {} points in a row of the grid's {}, after {} that they allow. Make the "
                      "ranges narrower, or take a sampler that needs no list of all points.",
                      forbidden, numbering_->count(), allowed_.size()));
    }
  }
  return allowed_[number];
}

std::optional<std::uint64_t> GridSampler::left_over(const History& history, std::uint64_t number,
                                                    const std::unordered_set<std::uint64_t>& running) {
  const auto taken = [&](std::uint64_t at) { return tried_.contains(at) || running.contains(at); };
  // Others that have not begun and will look for a point that is left over, too: the first of them gets the first.
  std::size_t before = 0;
  for (std::size_t other = settled_; other < number; ++other) {
    if (other < history.trials().size() && !history.trials()[other].point.empty()) continue;
    const std::optional<std::uint64_t> at = planned(history.space(), other);
    before += !at || taken(*at) ? 1 : 0;
  }
  for (std::size_t other = 0; other < history.trials().size(); ++other) {
    if (history.trials()[other].point.empty() || other == number) continue;
    const std::optional<std::uint64_t> at = planned(history.space(), other);
    if (!at) break;
    if (!taken(*at) && before-- == 0) return at;
  }
  return std::nullopt;
}

std::optional<Point> GridSampler::ask(const History& history, std::uint64_t number) {
  follow(history);
  std::unordered_set<std::uint64_t> running;
  for (std::size_t other = settled_; other < history.trials().size(); ++other) {
    if (other == number || history.trials()[other].point.empty()) continue;
    if (const auto at = numbering_->number(history.trials()[other].point)) running.insert(*at);
  }
  std::optional<std::uint64_t> at = planned(history.space(), number);
  if (!at || tried_.contains(*at) || running.contains(*at)) at = left_over(history, number, running);
  if (!at) return std::nullopt;
  return numbering_->point(*at);
}

}  // namespace moola::sweep
