#include "cluster/places/local_place.h"

#include <fmt/format.h>

#include "base/log.h"
#include "cluster/local/local_runner.h"

namespace moola::cluster {

std::vector<std::string> LocalPlace::left_out(const JobFile& job) const {
  std::vector<std::string> out = Place::left_out(job);
  for (const JobStep& step : job.steps) {
    if (step.nodes > 1 && job.local.hosts.empty())
      out.push_back(fmt::format("{} is for {} nodes: all of its {} ranks run on this machine.", step.name, step.nodes,
                                step.nodes * step.ranks_per_node()));
  }
  return out;
}

void LocalPlace::submit(const JobRun& run, RunEvents& events, const RunStatus&, const WantedElements& wanted) {
  submit_locally(run, events, wanted);
  log_info("runs here: {}", start_local_runner(run));
}

PlaceView LocalPlace::view(const JobRun& run, StepRecords& records, RunEvents& events) {
  return local_view(run, records, events);
}

void LocalPlace::cancel(const JobRun&, RunEvents& events, const WantedElements& elements, const std::string& why) {
  for (const auto& [step, own] : elements) events.cancel({.step = step, .elements = own, .why = why});
}

int LocalPlace::work(const JobRun& run) {
  return run_locally(run.folder);
}

}  // namespace moola::cluster
