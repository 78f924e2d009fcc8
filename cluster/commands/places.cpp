#include "cluster/commands/places.h"

#include <fmt/format.h>

#include <array>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/log.h"
#include "base/nearest.h"
#include "cluster/job/element_list.h"
#include "cluster/local/local_runner.h"
#include "cluster/remote/fetch_results.h"
#include "cluster/remote/remote_run.h"
#include "cluster/slurm/slurm_client.h"
#include "cluster/slurm/slurm_view.h"
#include "cluster/slurm/submit_to_slurm.h"

namespace moola::cluster {
namespace {

// Numbers of Slurm's for elements, whole submissions where all of one is meant.
std::vector<std::string> slurm_ids(const JobRun& run, const RunEvents& events, const WantedElements& elements) {
  std::vector<std::string> out;
  for (const auto& [step, wanted] : elements) {
    std::map<const Submission*, std::vector<std::size_t>> by_submission;
    for (const std::size_t each : wanted) {
      const Submission* submission = events.last_of(step, each);
      if (submission != nullptr && !submission->id.empty()) by_submission[submission].push_back(each);
    }
    const bool is_array = !run.job.step(step).array.elements.empty();
    for (const auto& [submission, own] : by_submission) {
      if (!is_array || own == submission->elements) {
        out.push_back(submission->id);
        continue;
      }
      for (const std::size_t each : own) out.push_back(fmt::format("{}_{}", submission->id, each - submission->first));
    }
  }
  return out;
}

// The first time everything is sent; a submission that was cut off goes on where it was.
void submit_over_ssh(const JobRun& run, RunEvents& events, const WantedElements& wanted) {
  const RemoteRecord record = read_remote_record(run.folder);
  const RemoteShell shell(record.target);
  if (events.submissions().empty()) {
    send_run(run, shell, record);
    submit_there(shell, record, run.id());
  } else {
    retry_there(run, shell, record, wanted, events.is_fresh());
  }
  mirror_run(shell, record.target.root, run);
  events = RunEvents(run.folder);
}

}  // namespace

void require_place(const std::string& place) {
  static const std::vector<std::string> kPlaces{"slurm", "local"};
  if (std::ranges::find(kPlaces, place) != kPlaces.end()) return;
  if (is_ssh_target(place)) return static_cast<void>(parse_ssh_target(place));
  throw ConfigError(fmt::format("--to {}: a job goes to slurm, local or ssh://user@host:port.{}", place,
                                did_you_mean(place, kPlaces)));
}

PlaceView view_of(const JobRun& run, RunEvents& events) {
  if (run.place == "local") return local_view(run, events);
  if (is_ssh_target(run.place)) {
    const RemoteRecord record = read_remote_record(run.folder);
    PlaceView out = remote_view(run, RemoteShell(record.target), record);
    events = RunEvents(run.folder);
    return out;
  }
  try {
    return slurm_view(run, events, SlurmClient());
  } catch (const ConfigError&) {
    return {.answered = false,
            .why_not = "there is no Slurm on this machine to ask; this is what the run's own files say"};
  }
}

RunNow look_at(const JobRun& run) {
  RunEvents events(run.folder);
  // Without the place's word nothing is over that has no end on record.
  RunNow out{.view = {.answered = false, .why_not = {}}, .status = {}};
  out.status = status_of(run, events, out.view);
  if (out.status.is_over()) {
    out.view.answered = true;
    return out;
  }
  out.view = view_of(run, events);
  out.status = status_of(run, events, out.view);
  return out;
}

std::size_t submit_elements(const JobRun& run, RunEvents& events, const RunStatus& status,
                            const WantedElements& wanted) {
  if (run.place == "slurm") {
    return submit_to_slurm(
        run, events, status, wanted, SlurmClient(), [](const SbatchCall& call, const std::string& id) {
          log_info("{} {}: Slurm job {}", call.submission.step, element_list_text(call.submission.elements), id);
        });
  }
  std::size_t out = 0;
  for (const auto& [step, elements] : wanted) out += elements.size();
  if (is_ssh_target(run.place)) {
    submit_over_ssh(run, events, wanted);
    return out;
  }
  submit_locally(run, events, wanted);
  log_info("runs here: {}", start_local_runner(run));
  return out;
}

void cancel_elements(const JobRun& run, RunEvents& events, const WantedElements& elements, const std::string& why) {
  if (is_ssh_target(run.place)) {
    const RemoteRecord record = read_remote_record(run.folder);
    const RemoteShell shell(record.target);
    cancel_there(run, shell, record, elements);
    mirror_run(shell, record.target.root, run);
    return;
  }
  for (const auto& [step, own] : elements) events.cancel({.step = step, .elements = own, .why = why});
  if (run.place == "slurm") SlurmClient().cancel(slurm_ids(run, events, elements));
}

void bring_results(const JobRun& run) {
  if (!is_ssh_target(run.place)) return;
  const RemoteRecord record = read_remote_record(run.folder);
  const FetchedResults got = fetch_results(RemoteShell(record.target), record.target.root, run);
  log_info("brought {} files, {}.", got.files, readable_bytes(got.bytes));
  if (!got.kept.empty()) {
    log_warning("{} files of this workspace are others than the run's, and were left as they are; the first is {}.",
                got.kept.size(), got.kept.front());
  }
}

std::filesystem::path submit_lock(const JobRun& run) {
  return run.folder / ".submit.lock";
}

}  // namespace moola::cluster
