#include "cluster/places/slurm_place.h"

#include <fmt/format.h>

#include <map>
#include <optional>

#include "base/log.h"
#include "cluster/job/element_list.h"
#include "cluster/slurm/slurm_client.h"
#include "cluster/slurm/slurm_view.h"
#include "cluster/slurm/submit_to_slurm.h"

namespace moola::cluster {
namespace {

constexpr std::size_t kUsualMaxArray = 1000;  // MaxArraySize of a Slurm that nobody has set it for, less 1

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

}  // namespace

void SlurmPlace::check(const JobFile&) {
  SlurmClient();
}

TriedOut SlurmPlace::try_out(const JobRun& plan) {
  TriedOut out;
  std::optional<SlurmClient> slurm;
  std::size_t max_array = kUsualMaxArray;
  try {
    slurm.emplace();
    max_array = slurm->max_array();
  } catch (const Error& away) {
    slurm.reset();
    out.text = fmt::format("Whether Slurm would take the scripts could not be asked: {}\n", away.what());
  }
  const std::vector<SbatchScript> written = write_sbatch_scripts(plan, max_array);
  const auto verdicts = slurm ? test_scripts(plan, written, *slurm) : std::map<std::string, std::string>();
  for (const SbatchScript& script : written) {
    const std::string verdict = slurm ? verdicts.at(script.file_name) : "";
    out.scripts.push_back({{"step", script.step}, {"file", script.file_name}, {"test", verdict}});
  }
  // A thousand times the same says nothing more.
  std::map<std::string, std::vector<std::string>> files;
  for (const auto& [file, verdict] : verdicts) files[verdict].push_back(file);
  for (const auto& [verdict, own] : files)
    out.text += fmt::format("{}{}: {}\n", own.front(),
                            own.size() > 1 ? fmt::format(" and {} more", own.size() - 1) : "", verdict);
  return out;
}

void SlurmPlace::submit(const JobRun& run, RunEvents& events, const RunStatus& status, const WantedElements& wanted) {
  submit_to_slurm(run, events, status, wanted, SlurmClient(), [](const SbatchCall& call, const std::string& id) {
    log_info("{} {}: Slurm job {}", call.submission.step, element_list_text(call.submission.elements), id);
  });
}

PlaceView SlurmPlace::view(const JobRun& run, StepRecords& records, RunEvents& events) {
  try {
    return slurm_view(run, records, events, SlurmClient());
  } catch (const ConfigError&) {
    return {.answered = false,
            .why_not = "there is no Slurm on this machine to ask; this is what the run's own files say"};
  }
}

void SlurmPlace::cancel(const JobRun& run, RunEvents& events, const WantedElements& elements, const std::string& why) {
  for (const auto& [step, own] : elements) events.cancel({.step = step, .elements = own, .why = why});
  SlurmClient().cancel(slurm_ids(run, events, elements));
}

}  // namespace moola::cluster
