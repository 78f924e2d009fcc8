#include "cluster/commands/step_progress.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/json.h"
#include "base/watched_process.h"
#include "cluster/diagnose/log_evidence.h"
#include "cluster/remote/mirror.h"
#include "cluster/remote/ssh_target.h"
#include "cluster/run/run_step.h"
#include "record/metrics.h"
#include "record/run_list.h"

namespace moola::cluster {
namespace {

constexpr std::size_t kShown = 3, kTail = 16'384;

// "step 1200, loss 0.0123": what comes first in an event.
std::string event_words(const Json& event) {
  std::string out;
  std::size_t count = 0;
  for (const auto& [key, value] : event.items()) {
    if (!value.is_number() || count == kShown) continue;
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", key,
                       value.is_number_integer() ? json_text(value) : fmt::format("{:.4g}", value.get<double>()));
    ++count;
  }
  return out;
}

// Where the run's steps work, or what is seen of it from here.
std::filesystem::path runs_folder_of(const JobRun& run) {
  return is_ssh_target(run.place) ? seen_runs(run.folder) : record::runs_folder(run.workspace);
}

}  // namespace

StepProgress progress_of(const JobRun& run, const std::string& step, std::size_t element) {
  StepProgress out;
  const std::filesystem::path note = step_note(run.folder, step, element);
  if (!std::filesystem::exists(note)) return out;
  try {
    const Json said = read_json(note);
    if (said.contains("study") && said["study"].is_string()) out.study = said["study"];
    if (!said.contains("run") || !said["run"].is_string()) return out;
    out.run = said["run"];
    const Json event = record::last_event(runs_folder_of(run) / out.run / "metrics.jsonl");
    if (event.is_object()) out.words = event_words(event);
  } catch (const Error&) {
    // A note that is being written, or a run that was pruned: there is nothing to say.
  }
  return out;
}

std::string last_words(const std::filesystem::path& log) {
  const std::string tail = last_lines(log, kTail);
  std::string out;
  for (std::size_t begin = 0; begin < tail.size();) {
    const std::size_t end = std::min(tail.find('\n', begin), tail.size());
    const std::string line = tail.substr(begin, end - begin);
    begin = end + 1;
    if (line.find_first_not_of(" \t\r") == std::string::npos || line.starts_with(kStepSays)) continue;
    out = line;
  }
  return out;
}

}  // namespace moola::cluster
