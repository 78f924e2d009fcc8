#include "work/sweep/trials/job_check.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <optional>
#include <set>
#include <vector>

#include "base/error.h"
#include "sweep/samplers/draws.h"
#include "work/sweep/study/study_summary.h"
#include "work/sweep/trials/trial_runner.h"

namespace moola::work {
namespace {

constexpr double kHighest = 1e300;  // beyond every range

// All parameters at one end of their ranges; none where the constraints forbid it.
std::optional<sweep::Point> corner(const sweep::SearchSpace& space, bool high) {
  sweep::Point out;
  for (const sweep::SpaceParameter& each : space.parameters())
    out.push_back(sweep::nearest_value(each.distribution, high ? kHighest : -kHighest));
  space.deactivate(out);
  return space.allows(out) ? std::optional(out) : std::nullopt;
}

// Few points, in which each parameter is active at least once.
std::vector<sweep::Point> telling_points(const sweep::SearchSpace& space) {
  constexpr std::uint64_t kDraws = 1000;  // a condition that is met more rarely costs the trial that meets it
  std::vector<sweep::Point> out;
  std::set<std::size_t> seen;
  const auto take = [&](const sweep::Point& point, bool always) {
    bool is_new = always;
    for (std::size_t i = 0; i < point.size(); ++i) {
      if (!std::isnan(point[i])) is_new = seen.insert(i).second || is_new;
    }
    if (is_new) out.push_back(point);
  };
  for (const bool high : {false, true}) {
    if (const std::optional<sweep::Point> point = corner(space, high)) take(*point, true);
  }
  for (std::uint64_t draw = 0; draw < kDraws && seen.size() < space.size(); ++draw) {
    KeyedRandom random = sweep::draws(0, draw, 0);
    take(sweep::random_point(space, random), false);
  }
  return out;
}

}  // namespace

void check_job(const TrialProgram& program, const sweep::ConfiguredSpace& space, const std::filesystem::path& folder) {
  if (!program.is_job()) return;
  for (const sweep::Point& point : telling_points(space.space)) {
    Assignment assignment{.values = values_at(space.space, point), .folder = folder};
    for (const sweep::NamedValue& each : space.fixed) assignment.values.emplace_back(each.name, each.value);
    TrialTask task = program.task(assignment);
    task.arguments.emplace_back("--print-config");
    task.log = "/dev/null";
    task.reports.clear();
    TrialRunner runner;
    runner.start(task);
    std::vector<TrialEvent> events;
    while (events.empty() || !events.back().end) events = runner.wait(std::chrono::seconds(1));
    const TrialEnd& end = *events.back().end;
    if (end.exit_code == 0) continue;
    throw ConfigError(fmt::format("the job refuses trials of this space, such as {}: {}", shown(assignment.values),
                                  !end.not_started.empty()  ? end.not_started
                                  : !end.last_words.empty() ? end.last_words
                                                            : fmt::format("{} ended with status {} and said nothing",
                                                                          task.arguments.front(), end.exit_code)));
  }
}

}  // namespace moola::work
