#include "cluster/run/run_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace moola::cluster {
namespace {

bool all_succeeded(const StepStatus& step) {
  return step.count(ElementState::succeeded) == step.elements.size();
}

// What a place says of one that waits for others, or of one that it threw out because they failed, is less than we
// know.
void mend(const JobStep& step, std::size_t element, const RunStatus& before, const RunEvents& events,
          ElementStatus& status) {
  // What waits is thrown out by its place sooner or later.
  const bool never_begins =
      status.attempts.empty() && (status.state == ElementState::cancelled || status.state == ElementState::failed ||
                                  status.state == ElementState::waiting);
  if (never_begins && !events.cancelled(step.name, element) && is_hopeless(before, step, element)) {
    status.state = ElementState::blocked;
    status.why = "a step that it comes after has not succeeded";
  }
  if (status.state != ElementState::waiting) return;
  std::vector<std::string> waits_for;
  for (const auto* list : {&step.after, &step.after_any, &step.after_element}) {
    for (const std::string& name : *list) {
      if (!all_succeeded(before.step(name))) waits_for.push_back(name);
    }
  }
  if (!waits_for.empty() && (status.why.empty() || status.why == "Dependency"))
    status.why = "for " + waits_for.front() +
                 (waits_for.size() > 1 ? fmt::format(" and {} more steps", waits_for.size() - 1) : "");
}

}  // namespace

ElementState StepStatus::state() const {
  for (const ElementState each :
       {ElementState::running, ElementState::failed, ElementState::again, ElementState::waiting, ElementState::blocked,
        ElementState::not_submitted, ElementState::cancelled}) {
    if (count(each) > 0) return each;
  }
  return ElementState::succeeded;
}

const StepStatus& RunStatus::step(const std::string& name) const {
  const auto at = std::ranges::find(steps, name, &StepStatus::name);
  if (at == steps.end()) throw std::out_of_range("no step " + name);
  return *at;
}

bool RunStatus::is_over() const {
  return std::ranges::all_of(steps, [](const StepStatus& step) {
    return std::ranges::all_of(step.elements, [](const ElementStatus& each) { return cluster::is_over(each.state); });
  });
}

bool RunStatus::succeeded() const {
  return std::ranges::all_of(steps, all_succeeded);
}

bool is_hopeless(const RunStatus& status, const JobStep& step, std::size_t element) {
  const auto failed = [](const ElementStatus& each) {
    return is_over(each.state) && each.state != ElementState::succeeded;
  };
  return std::ranges::any_of(
             step.after,
             [&](const std::string& name) { return std::ranges::any_of(status.step(name).elements, failed); }) ||
         std::ranges::any_of(step.after_element,
                             [&](const std::string& name) { return failed(status.step(name).elements.at(element)); });
}

RunStatus status_of(const JobRun& run, StepRecords& records, const RunEvents& events, const PlaceView& view) {
  RunStatus out;
  for (const JobStep& step : run.job.steps) {
    StepStatus status{.name = step.name, .elements = {}};
    for (std::size_t element = 0; element < step.elements(); ++element) {
      ElementStatus each = status_of(run, records, events, view, step.name, element);
      mend(step, element, out, events, each);
      ++status.counts.at(static_cast<std::size_t>(each.state));
      status.elements.push_back(std::move(each));
    }
    out.steps.push_back(std::move(status));
  }
  return out;
}

RunStatus status_of(const JobRun& run, const RunEvents& events, const PlaceView& view) {
  StepRecords records(run.folder);
  return status_of(run, records, events, view);
}

std::string what_is_missing(const JobRun& run, StepRecords& records, const JobStep& step, std::size_t element) {
  for (const std::string& name : step.after) {
    for (std::size_t each = 0; each < run.job.step(name).elements(); ++each) {
      if (!has_succeeded(records.of(name, each)))
        return fmt::format("{} comes after {}, which has not succeeded", step.name, name);
    }
  }
  for (const std::string& name : step.after_element) {
    if (!has_succeeded(records.of(name, element)))
      return fmt::format("element {} of {} comes after the one of {}, which has not succeeded", element, step.name,
                         name);
  }
  return {};
}

}  // namespace moola::cluster
