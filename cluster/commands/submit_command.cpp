#include <fmt/format.h>

#include <iostream>
#include <map>
#include <optional>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/file_lock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/subprocess.h"
#include "cluster/commands/job_commands.h"
#include "cluster/commands/plan_text.h"
#include "cluster/places/place.h"
#include "cluster/pods/pod_plan.h"
#include "cluster/pods/pod_request.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

fs::path moola_here() {
  return executable_folder() / "moola";
}

void dry_run(const SubmitOptions& options, const JobFile& job, Place& place) {
  const fs::path folder =
      options.out.empty() ? options.common.workspace / "artifacts" / "plans" / job.name : options.out;
  if (fs::exists(folder / "events.jsonl"))
    throw ConfigError(fmt::format("{} is a run that was submitted; give --out another folder.", folder.string()));
  std::error_code error;
  if (fs::exists(folder) && !fs::exists(folder / "run.json") && !fs::is_empty(folder, error))
    throw ConfigError(fmt::format("{} holds something else than a plan; give --out another folder.", folder.string()));
  fs::remove_all(folder, error);
  const JobRun plan = create_job_run(options.common.workspace, job, options.to, moola_here(), folder);
  const TriedOut found = place.try_out(plan);
  if (options.common.json) {
    Json said = {{"plan", plan_json(job)}, {"folder", plan.folder.string()}, {"scripts", found.scripts}};
    if (!found.rented.is_null()) said["runpod"] = found.rented;
    std::cout << json_text(said, 2) << "\n";
    return;
  }
  std::cout << plan_text(job) << "\n" << found.text;
  std::cout << fmt::format("Nothing was submitted. {}: {}\n",
                           fs::exists(plan.folder / "scripts") ? "The scripts" : "What would run",
                           plan.folder.string());
}

// What has never been handed to the place.
WantedElements not_submitted(const RunStatus& status) {
  WantedElements out;
  for (const StepStatus& step : status.steps) {
    for (std::size_t element = 0; element < step.elements.size(); ++element) {
      if (step.elements[element].state == ElementState::not_submitted) out[step.name].push_back(element);
    }
  }
  return out;
}

JobRun open_run(const SubmitOptions& options, const JobFile& job, const Place& place, const fs::path& workspace) {
  const fs::path folder = options.run_id.empty() ? fs::path() : job_runs_folder(workspace) / options.run_id;
  if (!folder.empty() && fs::exists(folder / "run.json")) return open_job_run(folder);
  return create_job_run(workspace, job, place.name(), moola_here(), folder);
}

// The settings that a person can start the same pod from in RunPod's console.
void make_template(const SubmitOptions& options, const JobFile& job) {
  if (options.to != "runpod")
    throw ConfigError("--template is RunPod's: moola submit JOB.toml --to runpod --template.");
  runpod::Client client = runpod::open_client();
  const runpod::Made<runpod::Template> made = client.create_template(template_request(pod_wish(job)));
  if (options.common.json)
    std::cout << json_text({{"template", made.value.id}, {"name", made.value.name}, {"was_there", made.was_there}})
              << "\n";
  else
    std::cout << made.value.id << "\n";
  log_info("{} {}. A pod of it is open to your keys by ssh: moola submit JOB.toml --to ssh://root@ADDRESS:PORT",
           made.value.name, made.was_there ? "was there already" : "is new in your account");
}

void say_submitted(const SubmitOptions& options, const JobRun& run, std::size_t elements) {
  if (options.common.json) {
    std::cout << json_text(
                     {{"run", run.id()}, {"folder", run.folder.string()}, {"place", run.place}, {"elements", elements}})
              << "\n";
    return;
  }
  std::cout << fmt::format("{}\n", run.id());
  log_info("{} steps of {} are submitted. Watch them: moola status {} --watch", run.job.steps.size(), run.job.name,
           run.id());
}

}  // namespace

int submit_command(const SubmitOptions& options) {
  if (options.reference) {
    std::cout << job_reference();
    return 0;
  }
  if (options.file.empty())
    throw ConfigError("which job? Give its file: moola submit JOB.toml. configs/jobs/ has some.");
  const std::unique_ptr<Place> place = open_place(options.to);
  const fs::path workspace = fs::absolute(options.common.workspace);
  require_workspace(workspace);
  const JobFile job = load_job_file(fs::absolute(options.file), options.settings, options.site);
  for (const std::string& each : place->left_out(job)) log_warning("{}", each);
  if (options.make_template) {
    make_template(options, job);
    return 0;
  }
  if (options.dry_run) {
    dry_run(options, job, *place);
    return 0;
  }

  place->check(job);
  const JobRun run = open_run(options, job, *place, workspace);
  std::optional<FileLock> lock(std::in_place, submit_lock(run));
  RunEvents events(run.folder);
  const RunStatus so_far = status_of(run, events, {.answered = true, .why_not = {}});
  const WantedElements wanted = not_submitted(so_far);
  try {
    place->prepare(run, {.file = options.file, .settings = options.settings});
    place->submit(run, events, so_far, wanted);
  } catch (const Error& error) {
    if (const auto left = place->after_failure(run, events, error))
      throw Error(fmt::format("{} {}", error.what(), *left), error.exit_code());
    std::error_code none;
    fs::remove_all(run.folder, none);
    throw;
  }
  lock.reset();
  say_submitted(options, run, element_count(wanted));
  std::cout << std::flush;
  return options.wait ? wait_for_run(run) : 0;
}

}  // namespace moola::cluster
