#include "cluster/commands/status_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "base/duration.h"
#include "base/text_ends.h"
#include "base/text_table.h"
#include "base/utc_time.h"
#include "cluster/commands/element_log.h"
#include "cluster/commands/step_progress.h"
#include "cluster/job/element_list.h"
#include "cluster/places/place.h"

namespace moola::cluster {
namespace {

constexpr std::size_t kShownRunning = 8, kShownFailures = 5, kLongestWords = 160;

std::string element_name(const JobStep& step, std::size_t element) {
  return step.array.elements.empty() ? step.name : fmt::format("{} {}", step.name, element);
}

double seconds_since(std::int64_t time) {
  return std::max(0.0, static_cast<double>(utc_now() - time) * 1e-9);
}

// Between beginnings and ends of all attempts; a running one up to now.
double worked_seconds(const ElementStatus& element) {
  double out = 0;
  for (const StepAttempt& each : element.attempts) {
    if (each.begun == kNoTime) continue;
    if (each.ended != kNoTime)
      out += std::max(0.0, static_cast<double>(each.ended - each.begun) * 1e-9);
    else if (element.state == ElementState::running)
      out += seconds_since(each.begun);
  }
  return out;
}

// What there is to say of a step in its row: of what waits or was cancelled why, the most frequent.
std::string remark(const StepStatus& step) {
  std::map<std::string, std::size_t> reasons;
  for (const ElementStatus& each : step.elements) {
    if (each.state == step.state() && !each.why.empty()) ++reasons[each.why];
  }
  if (reasons.empty()) return {};
  const auto most = std::ranges::max_element(reasons, {}, [](const auto& each) { return each.second; });
  return most->first + (reasons.size() > 1 ? " and others" : "");
}

std::string steps_table(const RunStatus& status) {
  TextTable table({{"step"},
                   {"state"},
                   {"done", Align::right},
                   {"running", Align::right},
                   {"waiting", Align::right},
                   {"failed", Align::right},
                   {"worked", Align::right},
                   {""}});
  for (const StepStatus& step : status.steps) {
    const auto number = [](std::size_t count) { return count == 0 ? std::string() : std::to_string(count); };
    double worked = 0;
    for (const ElementStatus& each : step.elements) worked += worked_seconds(each);
    table.row({step.name, std::string(name_of(step.state())),
               fmt::format("{}/{}", step.count(ElementState::succeeded), step.elements.size()),
               number(step.count(ElementState::running)),
               number(step.count(ElementState::waiting) + step.count(ElementState::again)),
               number(step.count(ElementState::failed) + step.count(ElementState::blocked)),
               worked > 0 ? readable_seconds(worked) : "", remark(step)});
  }
  return table.text();
}

std::string running_lines(const JobRun& run, const RunStatus& status, bool every) {
  std::string out;
  std::size_t shown = 0, more = 0;
  for (const StepStatus& step : status.steps) {
    for (std::size_t element = 0; element < step.elements.size(); ++element) {
      const ElementStatus& each = step.elements[element];
      if (each.state != ElementState::running) continue;
      if (!every && shown == kShownRunning) {
        ++more;
        continue;
      }
      ++shown;
      const StepProgress progress = progress_of(run, step.name, element);
      std::string words = progress.study.empty() ? progress.words : "study " + progress.study;
      if (words.empty()) words = shortened(last_words(log_of(run, step.name, element, each)), kLongestWords);
      out += fmt::format("  {}{}{}{}\n", element_name(run.job.step(step.name), element),
                         each.attempts.empty() ? "" : " on " + each.attempts.back().host,
                         each.attempts.size() > 1 ? fmt::format(", attempt {}", each.attempts.back().number) : "",
                         words.empty() ? "" : ": " + words);
    }
  }
  if (more > 0) out += fmt::format("  and {} more (--all)\n", more);
  return out.empty() ? out : "\nrunning\n" + out;
}

std::string failure_lines(const JobRun& run, const RunStatus& status, std::size_t most) {
  std::string out;
  std::size_t shown = 0, more = 0;
  for (const StepStatus& step : status.steps) {
    for (std::size_t element = 0; element < step.elements.size(); ++element) {
      const ElementStatus& each = step.elements[element];
      if (each.state != ElementState::failed) continue;
      if (shown == most) {
        ++more;
        continue;
      }
      ++shown;
      const std::filesystem::path log = log_of(run, step.name, element, each);
      const LogReport report = report_of(run, step.name, element, each);
      out += fmt::format("  {}{}: {}\n", element_name(run.job.step(step.name), element),
                         each.attempts.size() > 1 ? fmt::format(" after {} attempts", each.attempts.size()) : "",
                         each.why);
      if (!report.telling_line.empty()) out += fmt::format("    {}\n", shortened(report.telling_line, kLongestWords));
      if (!report.diagnoses.empty() && report.diagnoses.front().role == Diagnosis::Role::cause)
        out += fmt::format("    {}\n", report.diagnoses.front().advice);
      if (std::filesystem::exists(log)) out += fmt::format("    {}\n", log.string());
    }
  }
  if (more > 0) out += fmt::format("  and {} more (--all)\n", more);
  return out.empty() ? out : "\nfailed\n" + out;
}

std::string every_element(const JobRun& run, const RunStatus& status) {
  TextTable table({{"element"}, {"state"}, {"attempts", Align::right}, {"worked", Align::right}, {"where"}, {""}});
  for (const StepStatus& step : status.steps) {
    for (std::size_t element = 0; element < step.elements.size(); ++element) {
      const ElementStatus& each = step.elements[element];
      const double worked = worked_seconds(each);
      table.row({element_name(run.job.step(step.name), element), std::string(name_of(each.state)),
                 std::to_string(each.attempts.size()), worked > 0 ? readable_seconds(worked) : "",
                 each.attempts.empty() ? each.place.host : each.attempts.back().host, each.why});
    }
  }
  return "\n" + table.text();
}

// What a person can do now.
std::string next_lines(const JobRun& run, const RunStatus& status) {
  std::size_t failed = 0;
  for (const StepStatus& step : status.steps) {
    failed += step.count(ElementState::failed) + step.count(ElementState::cancelled) +
              step.count(ElementState::not_submitted);
  }
  std::string out;
  if (failed > 0)
    out += fmt::format("\nmoola diagnose {} says more; moola retry {} submits again what has not succeeded.\n",
                       run.id(), run.id());
  return out;
}

}  // namespace

std::string status_text(const JobRun& run, const RunStatus& status, const PlaceView& view, bool every) {
  std::string out =
      fmt::format("{}  {}, submitted {} ago\n\n", run.id(), run.place, readable_seconds(seconds_since(run.submitted)));
  out += steps_table(status);
  if (const std::string place = place_of(run)->text(run); !place.empty()) out += "\n" + place;
  if (!view.answered) out += fmt::format("\nnot asked: {}\n", view.why_not);
  out += running_lines(run, status, every);
  out += failure_lines(run, status, every ? std::size_t(-1) : kShownFailures);
  if (every) out += every_element(run, status);
  return out + next_lines(run, status);
}

std::string digest_text(const JobRun& run, const RunStatus& status) {
  double hours = 0;
  std::size_t attempts = 0, elements = 0, succeeded = 0;
  for (const StepStatus& step : status.steps) {
    const JobStep& made = run.job.step(step.name);
    elements += step.elements.size();
    succeeded += step.count(ElementState::succeeded);
    for (const ElementStatus& each : step.elements) {
      hours += worked_seconds(each) * static_cast<double>(made.nodes) / 3600;
      attempts += each.attempts.size();
    }
  }
  std::string out = fmt::format(
      "{}: {}\n{} of {} elements have succeeded, in {} attempts and {:.2f} node-hours, {} after the submission to "
      "{}.\n",
      run.id(),
      status.succeeded() ? "succeeded"
      : status.is_over() ? "failed"
                         : "not over",
      succeeded, elements, attempts, hours, readable_seconds(seconds_since(run.submitted)), run.place);
  for (const StepStatus& step : status.steps) {
    for (std::size_t element = 0; element < step.elements.size(); ++element) {
      if (step.elements[element].state != ElementState::succeeded) continue;
      const StepProgress progress = progress_of(run, step.name, element);
      const std::string made = progress.study.empty() ? progress.run : "study " + progress.study;
      if (!made.empty())
        out += fmt::format("  {}: {}{}\n", element_name(run.job.step(step.name), element), made,
                           progress.words.empty() ? "" : ", " + progress.words);
    }
  }
  return out + place_of(run)->text(run) + failure_lines(run, status, kShownFailures);
}

Json status_json(const JobRun& run, const RunStatus& status, const PlaceView& view) {
  Json steps = Json::array();
  for (const StepStatus& step : status.steps) {
    Json elements = Json::array();
    for (std::size_t element = 0; element < step.elements.size(); ++element) {
      const ElementStatus& each = step.elements[element];
      const StepProgress progress = each.attempts.empty() ? StepProgress() : progress_of(run, step.name, element);
      Json attempts = Json::array();
      for (const StepAttempt& attempt : each.attempts) {
        attempts.push_back({{"attempt", attempt.number},
                            {"begun", attempt.begun == kNoTime ? "" : utc_text(attempt.begun)},
                            {"ended", attempt.ended == kNoTime ? "" : utc_text(attempt.ended)},
                            {"host", attempt.host},
                            {"place_id", attempt.place_id},
                            {"end", attempt.end ? Json(name_of(*attempt.end)) : Json(nullptr)},
                            {"exit_code", attempt.end ? Json(attempt.exit_code) : Json(nullptr)}});
      }
      elements.push_back({{"element", element},
                          {"state", name_of(each.state)},
                          {"why", each.why},
                          {"place", each.place.name},
                          {"log", log_of(run, step.name, element, each).string()},
                          {"run", progress.run},
                          {"study", progress.study},
                          {"attempts", std::move(attempts)}});
    }
    steps.push_back({{"step", step.name}, {"state", name_of(step.state())}, {"elements", std::move(elements)}});
  }
  return {{"run", run.id()},
          {"folder", run.folder.string()},
          {"place", run.place},
          {"machines", place_of(run)->machines(run)},
          {"submitted", utc_text(run.submitted)},
          {"over", status.is_over()},
          {"succeeded", status.succeeded()},
          {"place_answered", view.answered},
          {"steps", std::move(steps)}};
}

}  // namespace moola::cluster
