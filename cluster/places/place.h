#pragma once
#include <filesystem>

#include "base/json.h"
#include "cluster/run/element_state.h"
#include "cluster/run/job_run.h"
#include "cluster/run/run_events.h"
#include "cluster/run/run_status.h"
#include "cluster/run/wanted_elements.h"

// What differs between places, in one place.
namespace moola::cluster {

/// Whether `place` is one: "slurm", "local", "ssh://…", "runpod". Throws ConfigError with the nearest.
void require_place(const std::string& place);

/// What the run's place says of its elements; `events` are read anew where they are another machine's.
PlaceView view_of(const JobRun& run, StepRecords& records, RunEvents& events);

/// What is known of a run now. Its place is asked only while the run's own records leave something open.
struct RunNow {
  PlaceView view = {};
  RunStatus status = {};
};
RunNow look_at(const JobRun& run, StepRecords& records);
RunNow look_at(const JobRun& run);

/// Stays at work for a run whose place has nobody else to: what the process in the background does. Returns 0 when all
/// has succeeded, 1 otherwise, 85 when told to stop.
int run_submitted(const std::filesystem::path& run_folder);

/// What the place itself has to say of a run, for people and programs: machines that were rented, and their price.
std::string place_text(const JobRun& run);
Json place_json(const JobRun& run);

/// Somebody watches: whoever has to stay at work for the run does so again.
void stay_at_work(const JobRun& run);

/// Hands elements to the run's place; how many. `say` tells each call on standard error. Throws what the place refuses
/// them with.
std::size_t submit_elements(const JobRun& run, RunEvents& events, const RunStatus& status,
                            const WantedElements& wanted);

/// Ends what the place has of `elements`, after it is on the run's events that nobody wants them.
void cancel_elements(const JobRun& run, RunEvents& events, const WantedElements& elements, const std::string& why);

/// Brings here what a run's steps have made elsewhere, and says what; for a run that works in this workspace it does
/// nothing.
void bring_results(const JobRun& run);

/// Held while a run's events are added to from outside: one submitter at a time.
std::filesystem::path submit_lock(const JobRun& run);

}  // namespace moola::cluster
