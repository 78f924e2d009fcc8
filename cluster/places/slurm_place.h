#pragma once
#include "cluster/places/place.h"

namespace moola::cluster {

/// The Slurm that this machine is of.
class SlurmPlace : public Place {
 public:
  std::string name() const override { return "slurm"; }
  void check(const JobFile& job) override;
  TriedOut try_out(const JobRun& plan) override;
  void submit(const JobRun& run, RunEvents& events, const RunStatus& status, const WantedElements& wanted) override;
  PlaceView view(const JobRun& run, StepRecords& records, RunEvents& events) override;
  void cancel(const JobRun& run, RunEvents& events, const WantedElements& elements, const std::string& why) override;
};

}  // namespace moola::cluster
