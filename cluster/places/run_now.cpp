#include "cluster/places/run_now.h"

#include "cluster/places/place.h"

namespace moola::cluster {

RunNow look_at(const JobRun& run, StepRecords& records) {
  RunEvents events(run.folder);
  // Without the place's word nothing is over that has no end on record.
  RunNow out{.view = {.answered = false, .why_not = {}}, .status = {}};
  out.status = status_of(run, records, events, out.view);
  if (out.status.is_over()) {
    out.view.answered = true;
    return out;
  }
  out.view = place_of(run)->view(run, records, events);
  out.status = status_of(run, records, events, out.view);
  return out;
}

RunNow look_at(const JobRun& run) {
  StepRecords records(run.folder);
  return look_at(run, records);
}

}  // namespace moola::cluster
