#pragma once
#include "cluster/places/place.h"

namespace moola::cluster {

/// This machine.
class LocalPlace : public Place {
 public:
  std::string name() const override { return "local"; }
  std::vector<std::string> left_out(const JobFile& job) const override;
  void submit(const JobRun& run, RunEvents& events, const RunStatus& status, const WantedElements& wanted) override;
  PlaceView view(const JobRun& run, StepRecords& records, RunEvents& events) override;
  void cancel(const JobRun& run, RunEvents& events, const WantedElements& elements, const std::string& why) override;
  int work(const JobRun& run) override;
};

}  // namespace moola::cluster
