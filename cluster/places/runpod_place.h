#pragma once
#include "cluster/places/place.h"

namespace moola::cluster {

/// RunPod: machines that are rented for a run and ended after it.
class RunpodPlace : public Place {
 public:
  std::string name() const override { return "runpod"; }
  std::vector<std::string> left_out(const JobFile& job) const override;
  void check(const JobFile& job) override;
  TriedOut try_out(const JobRun& plan) override;
  void prepare(const JobRun& run, const JobSource& source) override;
  void submit(const JobRun& run, RunEvents& events, const RunStatus& status, const WantedElements& wanted) override;
  std::optional<std::string> after_failure(const JobRun& run, const RunEvents& events, const Error& error) override;
  PlaceView view(const JobRun& run, StepRecords& records, RunEvents& events) override;
  std::string text(const JobRun& run) const override;
  Json machines(const JobRun& run) const override;
  void cancel(const JobRun& run, RunEvents& events, const WantedElements& elements, const std::string& why) override;
  void bring_results(const JobRun& run) override;
  int work(const JobRun& run) override;
  void stay_at_work(const JobRun& run) override;
};

}  // namespace moola::cluster
