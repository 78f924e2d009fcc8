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
#include "cluster/commands/places.h"
#include "cluster/commands/plan_text.h"
#include "cluster/local/local_runner.h"
#include "cluster/pods/pod_book.h"
#include "cluster/pods/pod_plan.h"
#include "cluster/pods/pod_request.h"
#include "cluster/remote/remote_job.h"
#include "cluster/remote/remote_run.h"
#include "cluster/remote/send_pack.h"
#include "cluster/slurm/slurm_client.h"
#include "cluster/slurm/submit_to_slurm.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

fs::path moola_here() {
  return executable_folder() / "moola";
}

// What the place does not do with the file, said and not kept quiet.
void say_what_is_left_out(const JobFile& job, const std::string& place) {
  if (job.cost_budget > 0 && place != "runpod")
    log_warning("job.cost_budget = {} is for rented machines: nothing is paid for by the hour with --to {}.",
                job.cost_budget, place);
  if (place != "local") return;
  for (const JobStep& step : job.steps) {
    if (step.nodes > 1 && job.local.hosts.empty())
      log_warning("{} is for {} nodes: all of its {} ranks run on this machine.", step.name, step.nodes,
                  step.nodes * step.ranks_per_node());
  }
}

void dry_run(const SubmitOptions& options, const JobFile& job) {
  const fs::path folder =
      options.out.empty() ? options.common.workspace / "artifacts" / "plans" / job.name : options.out;
  if (fs::exists(folder / "events.jsonl"))
    throw ConfigError(fmt::format("{} is a run that was submitted; give --out another folder.", folder.string()));
  std::error_code error;
  if (fs::exists(folder) && !fs::exists(folder / "run.json") && !fs::is_empty(folder, error))
    throw ConfigError(fmt::format("{} holds something else than a plan; give --out another folder.", folder.string()));
  fs::remove_all(folder, error);
  const JobRun run = create_job_run(options.common.workspace, job, options.to, moola_here(), folder);
  Json scripts = Json::array();
  std::string text;
  if (options.to == "slurm") {
    std::optional<SlurmClient> slurm;
    std::size_t max_array = 1000;
    try {
      slurm.emplace();
      max_array = slurm->max_array();
    } catch (const Error& away) {
      slurm.reset();
      text += fmt::format("Whether Slurm would take the scripts could not be asked: {}\n", away.what());
    }
    const std::vector<SbatchScript> written = write_sbatch_scripts(run, max_array);
    const auto verdicts = slurm ? test_scripts(run, written, *slurm) : std::map<std::string, std::string>();
    for (const SbatchScript& script : written) {
      const std::string verdict = slurm ? verdicts.at(script.file_name) : "";
      scripts.push_back({{"step", script.step}, {"file", script.file_name}, {"test", verdict}});
    }
    // A thousand times the same says nothing more.
    std::map<std::string, std::vector<std::string>> files;
    for (const auto& [file, verdict] : verdicts) files[verdict].push_back(file);
    for (const auto& [verdict, own] : files)
      text += fmt::format("{}{}: {}\n", own.front(), own.size() > 1 ? fmt::format(" and {} more", own.size() - 1) : "",
                          verdict);
  }
  Json rented;
  if (options.to == "runpod") {
    runpod::Client client = runpod::open_client();
    const PodPlan plan = plan_pods(job, client);
    rented = pod_plan_json(plan);
    create_folders(run.folder / "scripts");
    write_derived_file(run.folder / "scripts" / "request.json", json_text(plan.body, 2) + "\n");
    write_derived_file(run.folder / "scripts" / "pod_start.sh", pod_start_script());
    text += pod_plan_text(plan);
  } else if (is_ssh_target(options.to)) {
    const RemoteShell shell(parse_ssh_target(options.to));
    text +=
        fmt::format("{} can be reached; Moola would work in {} there.\n", shell.name(), remote_root(shell).string());
  }
  if (options.common.json) {
    Json said = {{"plan", plan_json(job)}, {"folder", run.folder.string()}, {"scripts", scripts}};
    if (!rented.is_null()) said["runpod"] = rented;
    std::cout << json_text(said, 2) << "\n";
    return;
  }
  std::cout << plan_text(job) << "\n" << text;
  std::cout << fmt::format("Nothing was submitted. {}: {}\n",
                           options.to == "slurm" || options.to == "runpod" ? "The scripts" : "What would run",
                           run.folder.string());
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

// What has to be there before a run is.
class Place {
 public:
  // Asks whether the place can be reached at all, before anything is written.
  Place(const SubmitOptions& options, const JobFile& job) : options_(options), job_(job) {
    if (options.to == "slurm") SlurmClient();
    if (options.to == "runpod") {
      pod_wish(job);
      runpod::open_client();
    }
    if (!is_ssh_target(options.to)) return;
    target_ = parse_ssh_target(options.to);
    target_.root = remote_root(RemoteShell(target_));
  }

  JobRun open_run(const fs::path& workspace) const {
    const fs::path folder = options_.run_id.empty() ? fs::path() : job_runs_folder(workspace) / options_.run_id;
    if (!folder.empty() && fs::exists(folder / "run.json")) return open_job_run(folder);
    return create_job_run(workspace, job_, target_.host.empty() ? options_.to : to_string(target_), moola_here(),
                          folder);
  }

  // What goes to another machine with the run.
  void prepare(const JobRun& run) const {
    const bool is_elsewhere = !target_.host.empty() || options_.to == "runpod";
    if (!is_elsewhere || fs::exists(run.folder / "remote.json")) return;
    const fs::path file = fs::absolute(options_.file), root = pack_root(file, job_);
    const std::string pack = pack_run(run, file, options_.settings, root);
    write_remote_record(run.folder, {.target = target_, .pack = pack, .root = root});
  }

 private:
  const SubmitOptions& options_;
  const JobFile& job_;
  SshTarget target_;
};

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
  require_place(options.to);
  const fs::path workspace = fs::absolute(options.common.workspace);
  require_workspace(workspace);
  const JobFile job = load_job_file(fs::absolute(options.file), options.settings, options.site);
  say_what_is_left_out(job, options.to);
  if (options.make_template) {
    make_template(options, job);
    return 0;
  }
  if (options.dry_run) {
    dry_run(options, job);
    return 0;
  }

  Place place(options, job);
  const JobRun run = place.open_run(workspace);
  std::optional<FileLock> lock(std::in_place, submit_lock(run));
  RunEvents events(run.folder);
  const RunStatus so_far = status_of(run, events, {.answered = true, .why_not = {}});
  std::size_t elements = 0;
  try {
    place.prepare(run);
    elements = submit_elements(run, events, so_far, not_submitted(so_far));
  } catch (const Error& error) {
    if (run.place == "runpod" && PodBook(run.folder).current() != nullptr) {
      PodBook(run.folder).close("its submission failed");
      throw Error(fmt::format("{} Something may have been rented: {} ends it now, and `moola status {}` says so.",
                              error.what(), start_local_runner(run), run.id()),
                  error.exit_code());
    }
    // Nothing of it may be anywhere, unless it broke off on its way to another machine.
    if (events.submissions().empty() && (!is_ssh_target(run.place) || error.exit_code() == ExitCode::permanent ||
                                         !fs::exists(run.folder / "remote.json"))) {
      std::error_code none;
      fs::remove_all(run.folder, none);
      throw;
    }
    throw Error(
        fmt::format("{} What was submitted before goes on as {}: `moola retry {}` submits the rest, `moola cancel "
                    "{}` ends it.",
                    error.what(), run.id(), run.id(), run.id()),
        error.exit_code());
  }
  lock.reset();
  say_submitted(options, run, elements);
  std::cout << std::flush;
  return options.wait ? wait_for_run(run) : 0;
}

}  // namespace moola::cluster
