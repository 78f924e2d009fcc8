#pragma once
#include "cluster/run/element_state.h"
#include "cluster/run/job_run.h"
#include "cluster/run/run_status.h"

namespace moola::cluster {

/// What is known of a run now.
struct RunNow {
  PlaceView view = {};
  RunStatus status = {};
};

/// Its place is asked only while the run's own records leave something open.
RunNow look_at(const JobRun& run, StepRecords& records);
RunNow look_at(const JobRun& run);

}  // namespace moola::cluster
