#include "cluster/commands/places.h"

#include <fmt/format.h>

#include <array>

#include "base/error.h"
#include "base/log.h"
#include "base/nearest.h"
#include "cluster/job/element_list.h"
#include "cluster/local/local_runner.h"
#include "cluster/pods/pod_keeper.h"
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

// What is left is tried again on the machine that there is, or on another one.
void submit_to_pods(const JobRun& run, const RunEvents& events, const WantedElements& wanted) {
  PodBook book(run.folder);
  if (book.rentals().empty()) {
    runpod::Client client = runpod::open_client();
    as_the_runner(run.folder, [&] {
      PodKeeper(run, client).rent();
      return 0;
    });
  } else {
    for (const std::vector<std::string>& words : retry_words(run, wanted, events.is_fresh())) book.order(words);
    if (book.closed()) book.open_again();
  }
  log_info("kept from here: {}", start_local_runner(run));
}

// On the machine itself where there is one that works, so that its programs write their checkpoints.
void cancel_pods(const JobRun& run, RunEvents& events, const WantedElements& elements, const std::string& why) {
  PodBook book(run.folder);
  const Rental* rental = book.current();
  StepRecords records(run.folder);
  const RunStatus status = status_of(run, events, pod_view(run, records));
  const bool is_all = elements == open_elements(run.job, status);
  // First, so that nothing is rented or begun meanwhile.
  if (is_all) book.close("cancelled: " + why);
  const RemoteRecord record = read_remote_record(run.folder);
  if (rental != nullptr && rental->begun && !record.target.host.empty()) {
    try {
      const RemoteShell shell(record.target);
      cancel_there(run, shell, record, elements);
      mirror_run(shell, record.target.root, run);
    } catch (const Error& error) {
      if (!is_all) throw;
      log_warning("{} The machine is ended all the same.", error.what());
    }
  } else {
    // No machine has the run's events yet, so that they are this one's to write.
    for (const auto& [step, own] : elements) {
      if (is_all)
        events.cancel({.step = step, .elements = own, .why = why});
      else
        book.order({"cancel", run.id(), step, "--elements", element_list_text(own), "--quiet"});
    }
  }
  if (!is_run_locally(run)) log_info("ended from here: {}", start_local_runner(run));
}

}  // namespace

void require_place(const std::string& place) {
  static const std::vector<std::string> kPlaces{"slurm", "local", "runpod"};
  if (std::ranges::find(kPlaces, place) != kPlaces.end()) return;
  if (is_ssh_target(place)) return static_cast<void>(parse_ssh_target(place));
  throw ConfigError(fmt::format("--to {}: a job goes to slurm, runpod, local or ssh://user@host:port.{}", place,
                                did_you_mean(place, kPlaces)));
}

PlaceView view_of(const JobRun& run, StepRecords& records, RunEvents& events) {
  if (run.place == "local") return local_view(run, records, events);
  if (run.place == "runpod") {
    PlaceView out = pod_view(run, records);
    events = RunEvents(run.folder);
    return out;
  }
  if (is_ssh_target(run.place)) {
    const RemoteRecord record = read_remote_record(run.folder);
    PlaceView out = remote_view(run, records, RemoteShell(record.target), record);
    events = RunEvents(run.folder);
    return out;
  }
  try {
    return slurm_view(run, records, events, SlurmClient());
  } catch (const ConfigError&) {
    return {.answered = false,
            .why_not = "there is no Slurm on this machine to ask; this is what the run's own files say"};
  }
}

int run_submitted(const std::filesystem::path& run_folder) {
  const JobRun run = open_job_run(run_folder);
  if (run.place == "local") return run_locally(run.folder);
  if (run.place == "runpod") return as_the_runner(run.folder, [&] { return keep_pods(run); });
  throw ConfigError(
      fmt::format("{} went to {}, which runs it by itself. Name a step to run one element here.", run.id(), run.place));
}

std::string place_text(const JobRun& run) {
  return run.place == "runpod" ? rentals_text(run) : std::string();
}

Json place_json(const JobRun& run) {
  return run.place == "runpod" ? rentals_json(run) : Json::array();
}

void stay_at_work(const JobRun& run) {
  if (run.place == "runpod" && is_left_alone(run)) log_info("kept from here again: {}", start_local_runner(run));
}

RunNow look_at(const JobRun& run, StepRecords& records) {
  RunEvents events(run.folder);
  // Without the place's word nothing is over that has no end on record.
  RunNow out{.view = {.answered = false, .why_not = {}}, .status = {}};
  out.status = status_of(run, records, events, out.view);
  if (out.status.is_over()) {
    out.view.answered = true;
    return out;
  }
  out.view = view_of(run, records, events);
  out.status = status_of(run, records, events, out.view);
  return out;
}

RunNow look_at(const JobRun& run) {
  StepRecords records(run.folder);
  return look_at(run, records);
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
  if (run.place == "runpod") {
    submit_to_pods(run, events, wanted);
    return out;
  }
  submit_locally(run, events, wanted);
  log_info("runs here: {}", start_local_runner(run));
  return out;
}

void cancel_elements(const JobRun& run, RunEvents& events, const WantedElements& elements, const std::string& why) {
  if (run.place == "runpod") return cancel_pods(run, events, elements, why);
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
  if (run.place == "runpod") {
    runpod::Client client = runpod::open_client();
    bring_from_pods(run, client);
    return;
  }
  if (!is_ssh_target(run.place)) return;
  const RemoteRecord record = read_remote_record(run.folder);
  say_what_was_brought(fetch_results(RemoteShell(record.target), record.target.root, run));
}

std::filesystem::path submit_lock(const JobRun& run) {
  return run.folder / ".submit.lock";
}

}  // namespace moola::cluster
