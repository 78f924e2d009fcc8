#pragma once
#include <string>

#include "base/json.h"
#include "cluster/run/element_state.h"
#include "cluster/run/job_run.h"

// What is seen here of a run at RunPod, by its book and its keeper's words; RunPod is not asked.
namespace moola::cluster {

/// What the keeper's last look said, for whoever looks meanwhile; written by the keeper alone.
void note_pod_words(const JobRun& run, const std::string& words);

/// Whether something is rented for the run, or still to be, and nobody is there to keep it.
bool is_left_alone(const JobRun& run);

/// What was rented for the run, when, what it has cost, and what the last look said; empty: nothing was rented.
std::string rentals_text(const JobRun& run);
Json rentals_json(const JobRun& run);

/// What is known of the run's elements from here.
PlaceView pod_view(const JobRun& run, StepRecords& records);

}  // namespace moola::cluster
