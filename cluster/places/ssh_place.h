#pragma once
#include "cluster/places/place.h"
#include "cluster/remote/remote_shell.h"

namespace moola::cluster {

/// A machine that ssh reaches: its moola runs what is sent there, and has the truth.
class SshPlace : public Place {
 public:
  /// Throws ConfigError for what is no ssh://user@host:port/folder.
  explicit SshPlace(const std::string& name) : target_(parse_ssh_target(name)) {}

  /// With the folder there, once check() has found it.
  std::string name() const override { return to_string(target_); }
  void check(const JobFile& job) override;
  TriedOut try_out(const JobRun& plan) override;
  void prepare(const JobRun& run, const JobSource& source) override;
  void submit(const JobRun& run, RunEvents& events, const RunStatus& status, const WantedElements& wanted) override;
  std::optional<std::string> after_failure(const JobRun& run, const RunEvents& events, const Error& error) override;
  PlaceView view(const JobRun& run, StepRecords& records, RunEvents& events) override;
  void cancel(const JobRun& run, RunEvents& events, const WantedElements& elements, const std::string& why) override;
  void bring_results(const JobRun& run) override;

 private:
  SshTarget target_;
};

/// Packs the run for `target` and notes where it goes, unless an earlier call has.
void pack_for(const SshTarget& target, const JobRun& run, const JobSource& source);

}  // namespace moola::cluster
