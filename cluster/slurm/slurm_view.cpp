#include "cluster/slurm/slurm_view.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/error.h"

namespace moola::cluster {
namespace {

using State = PlaceWord::State;

State state_of(const std::string& name) {
  constexpr std::array<std::string_view, 7> kPending{"PENDING",      "REQUEUED",  "REQUEUE_FED",  "REQUEUE_HOLD",
                                                     "SPECIAL_EXIT", "SUSPENDED", "RESV_DEL_HOLD"};
  constexpr std::array<std::string_view, 6> kRunning{"RUNNING",   "COMPLETING", "CONFIGURING",
                                                     "SIGNALING", "STAGE_OUT",  "RESIZING"};
  if (std::ranges::find(kPending, name) != kPending.end()) return State::pending;
  if (std::ranges::find(kRunning, name) != kRunning.end()) return State::running;
  return State::over;
}

// In words that say more than Slurm's.
std::string reason_of(const SlurmTask& task) {
  if (task.state != "PENDING") return task.reason;
  static const std::map<std::string, std::string> kWords{
      {"Priority", "others are before it in the queue"},
      {"Resources", "for nodes to become free"},
      {"JobArrayTaskLimit", "as many elements as are wanted at a time are running"},
      {"BeginTime", "Slurm begins another attempt in a while"},
      {"JobHeldUser", "it is held: scontrol release it"},
      {"JobHeldAdmin", "an administrator holds it"},
      {"QOSMaxJobsPerUserLimit", "your jobs are as many as the QOS allows"},
      {"AssocGrpCpuLimit", "your account's cores are all in use"},
      {"PartitionTimeLimit", "its time is longer than the partition allows"},
      {"PartitionNodeLimit", "it wants more nodes than the partition has"},
      {"ReqNodeNotAvail", "nodes that it needs are down or reserved"},
      {"Reservation", "for its reservation"},
      {"Licenses", "for a licence"}};
  const auto at = kWords.find(task.reason);
  return at == kWords.end() ? task.reason : at->second;
}

void adopt(RunEvents& events, const std::vector<SlurmTask>& tasks) {
  std::map<std::string, std::string> found;  // comment: id
  for (const SlurmTask& task : tasks) found[task.comment] = task.id;
  const std::vector<Submission> known = events.submissions();
  for (const Submission& each : known) {
    if (!each.id.empty()) continue;
    const auto at = found.find(each.comment);
    if (at != found.end()) events.end_submission(each.comment, at->second);
  }
}

// Whether the element's own record leaves open what became of it.
bool is_open(const std::vector<StepAttempt>& attempts) {
  return attempts.empty() || !attempts.back().end;
}

// Of submissions with elements that are open and that Slurm's queue does not have any more.
std::vector<std::string> forgotten(StepRecords& records, const RunEvents& events, const PlaceView& view) {
  std::vector<std::string> out;
  for (const Submission& each : events.submissions()) {
    const auto is_missing = [&](std::size_t element) {
      return events.last_of(each.step, element) == &each && view.of(each.step, element) == nullptr &&
             is_open(records.of(each.step, element));
    };
    if (!each.id.empty() && std::ranges::any_of(each.elements, is_missing)) out.push_back(each.id);
  }
  return out;
}

}  // namespace

PlaceView slurm_view(const RunEvents& events, const std::vector<SlurmTask>& tasks) {
  std::map<std::string, const Submission*> by_id;
  for (const Submission& each : events.submissions()) {
    if (!each.id.empty()) by_id[each.id] = &each;
  }
  PlaceView out{.answered = true, .why_not = {}};
  for (const SlurmTask& task : tasks) {
    const auto at = by_id.find(task.id);
    if (at == by_id.end()) continue;
    const Submission& submission = *at->second;
    const std::size_t element = submission.first + task.index.value_or(0);
    if (events.last_of(submission.step, element) != &submission) continue;
    out.words[{submission.step, element}] = {.state = state_of(task.state),
                                             .name = task.state,
                                             .reason = reason_of(task),
                                             .start = task.start,
                                             .exit = task.exit,
                                             .host = task.host};
  }
  return out;
}

PlaceView slurm_view(const JobRun& run, StepRecords& records, RunEvents& events, const SlurmClient& slurm) {
  try {
    std::vector<SlurmTask> tasks = slurm.queue();
    adopt(events, tasks);
    PlaceView out = slurm_view(events, tasks);
    const std::vector<SlurmTask> accounted = slurm.accounting(forgotten(records, events, out));
    if (!accounted.empty()) {
      PlaceView more = slurm_view(events, accounted);
      out.words.merge(more.words);
    }
    for (auto& [where, word] : out.words) {
      if (word.state != State::over || !word.exit.empty()) continue;
      if (!records.of(where.first, where.second).empty()) continue;
      const Submission* submission = events.last_of(where.first, where.second);
      const bool is_array = !run.job.step(where.first).array.elements.empty();
      word.exit = slurm.exit_of(is_array ? submission->id + "_" + std::to_string(where.second - submission->first)
                                         : submission->id);
    }
    return out;
  } catch (const IoError& error) {
    return {.answered = false, .why_not = error.what()};
  }
}

}  // namespace moola::cluster
