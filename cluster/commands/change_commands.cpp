// cancel, retry, collect: what changes a run from outside.
#include <fmt/format.h>

#include <iostream>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/file_lock.h"
#include "base/json.h"
#include "base/log.h"
#include "cluster/commands/job_commands.h"
#include "cluster/commands/notices.h"
#include "cluster/job/element_list.h"
#include "cluster/job/step_call.h"
#include "cluster/places/place.h"
#include "cluster/places/run_now.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

struct Opened {
  JobRun run;
  FileLock lock;
  StepRecords records;
  RunEvents events;
  RunStatus status;

  explicit Opened(const RunOptions& options)
      : run(open_job_run(find_job_run(options.common.workspace, options.run))),
        lock(submit_lock(run), std::chrono::seconds(10)),
        records(run.folder),
        events(run.folder),
        status(status_of(run, records, events, answered(place_of(run)->view(run, records, events)))) {}

 private:
  // What is running must be known before it is changed.
  static PlaceView answered(PlaceView view) {
    if (!view.answered) throw IoError(view.why_not + ". Nothing was changed.");
    return view;
  }
};

Json listed(const WantedElements& elements) {
  Json out = Json::object();
  for (const auto& [step, own] : elements) out[step] = element_list_text(own);
  return out;
}

void say(const RunOptions& options, const char* what, const JobRun& run, const WantedElements& elements) {
  if (options.common.json) {
    std::cout << json_text({{"run", run.id()}, {what, listed(elements)}}) << "\n";
    return;
  }
  if (elements.empty()) std::cout << fmt::format("nothing to do: nothing of {} was {}\n", run.id(), what);
  for (const auto& [step, own] : elements) std::cout << fmt::format("{} {}: {}\n", what, step, element_list_text(own));
}

}  // namespace

void cancel_command(const RunOptions& options) {
  Opened now(options);
  WantedElements chosen;
  if (options.step.empty()) {
    if (!options.elements.empty()) throw ConfigError("--elements are of a step: moola cancel RUN STEP --elements 3-5.");
    chosen = open_elements(now.run.job, now.status);
  } else {
    chosen =
        with_dependents(now.run.job, now.status, options.step,
                        options.elements.empty() ? std::vector<std::size_t>() : parse_element_list(options.elements));
  }
  place_of(now.run)->cancel(now.run, now.events, chosen, "moola cancel");
  say(options, "cancelled", now.run, chosen);
}

void retry_command(const RetryOptions& options) {
  Opened now(options.which);
  std::vector<std::size_t> meant;
  if (!options.which.elements.empty()) {
    if (options.which.step.empty()) throw ConfigError("--elements are of a step: moola retry RUN STEP --elements 3-5.");
    meant = parse_element_list(options.which.elements);
  }
  const WantedElements chosen = unfinished_elements(now.run.job, now.status, options.which.step, meant);
  now.events.set_fresh(options.fresh);
  forget_notices(now.run);
  if (element_count(chosen) > 0)
    place_of(now.run)->submit(now.run, now.events, now.status, chosen);
  else
    place_of(now.run)->stay_at_work(now.run);  // all is submitted, and who was to see to it may be gone
  say(options.which, "submitted", now.run, chosen);
}

void collect_command(const CollectOptions& options) {
  const JobRun run = open_job_run(find_job_run(options.which.common.workspace, options.which.run));
  if (!options.which.step.empty()) named_step(run.job, options.which.step);
  const RunStatus status = look_at(run).status;
  place_of(run)->bring_results(run);
  Json found = Json::array();
  std::vector<std::string> missing;
  for (const JobStep& step : run.job.steps) {
    if (!options.which.step.empty() && step.name != options.which.step) continue;
    const StepCall call(step);
    for (std::size_t element = 0; element < step.elements(); ++element) {
      if (status.step(step.name).elements[element].state != ElementState::succeeded) continue;
      const StepContext context{.run = run.id(), .workspace = run.workspace, .program = run.program};
      for (const std::string& output : call.element(element, context).outputs) {
        const fs::path from = run.workspace / output;
        if (!fs::exists(from)) {
          missing.push_back(fmt::format("{} of {}", output, step.name));
          continue;
        }
        if (!options.to.empty()) {
          const fs::path target = options.to / output;
          create_folders(target.parent_path());
          std::error_code error;
          fs::copy(from, target, fs::copy_options::recursive | fs::copy_options::overwrite_existing, error);
          if (error) throw IoError(fmt::format("cannot copy {} to {}", from.string(), target.string()), error.value());
        }
        found.push_back({{"step", step.name}, {"element", element}, {"output", output}});
        if (!options.which.common.json) std::cout << (options.to.empty() ? from : options.to / output).string() << "\n";
      }
    }
  }
  if (options.which.common.json)
    std::cout << json_text({{"run", run.id()}, {"outputs", found}, {"missing", missing}}) << "\n";
  if (!missing.empty())
    throw DataError(
        fmt::format("{} outputs that steps promised are not there, the first is {}.", missing.size(), missing.front()));
  if (found.empty() && !options.which.common.json)
    log_info("no step that has succeeded so far names outputs; results of moola's jobs are in {}/artifacts/runs.",
             run.workspace.string());
}

}  // namespace moola::cluster
