#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "cluster/pods/pod_book.h"
#include "cluster/pods/pod_wish.h"
#include "cluster/remote/remote_run.h"
#include "cluster/run/element_state.h"
#include "cluster/run/job_run.h"
#include "cluster/runpod/client.h"

namespace moola::cluster {

/// What one look at a run's machine found and did.
struct PodLook {
  bool is_done = false;    // nothing is rented, and nothing more will be
  std::string words = {};  // for people: what the machine is at
};

/// Rents machines for a run, one after another as they are lost, sends the run there, follows it, brings its results
/// here, and ends what is rented: when the run is over, when its money or time is spent, when nobody wants it.
///
/// Everything is on the run's book (pod_book.h) before and after it is done, so that whoever looks next goes on where
/// this was stopped. One at a time: the caller holds the runner's lock.
class PodKeeper {
 public:
  PodKeeper(const JobRun& run, runpod::Client& client);

  /// One step. Never waits for a machine. Throws what RunPod refuses for good; what may pass is in the words.
  PodLook look();

  /// Ends what is rented, and rents nothing more: `why` is what no other machine would mend. Where RunPod does not let
  /// it end, the next look tries again.
  void give_up(const std::string& why);
  /// Unless something is rented already.
  void rent_nothing_more(const std::string& why);

  /// The first machine, or another try when none was free. Throws runpod::NoPlace, ApiError, ConfigError.
  void rent();

 private:
  const JobRun& run_;
  runpod::Client& client_;
  PodWish wish_;
  PodBook book_;
  // By no clock that anybody sets.
  std::string waits_for_ = {};
  std::chrono::steady_clock::time_point waits_since_ = {};

  std::int64_t seconds_left(double per_hour) const;
  bool is_run_over() const;
  void end_by_name(const std::string& name);
  void end(const Rental& rental, const std::string& why, bool was_lost);
  PodLook look_at(const Rental& rental);
  PodLook look_at_running(const Rental& rental, const runpod::Pod& pod);
  /// Whether `what`, which is waited for since this was first asked, takes longer.
  bool waits_longer(const std::string& what, std::chrono::seconds patience);
  void begin(const Rental& rental, const RemoteRecord& record);
  void obey(const RemoteShell& shell, const RemoteRecord& record);
  PodLook finish(const Rental& rental, const RemoteShell* shell, const RemoteRecord& record, const std::string& why);
};

/// RunPod's pod that a run's steps are started on: the first of a cluster. Throws ApiError 404 when it is gone.
runpod::Pod first_pod(runpod::Client& client, const Rental& rental);

/// Keeps a run until nothing more is to be done for it: the work of the process in the background. Returns 0 when all
/// of it has succeeded, 85 when told to stop.
int keep_pods(const JobRun& run);

/// Brings what the run's machine has here, and says so; one that has stopped is started for it, and ended afterwards.
/// Nothing happens when nothing is rented any more: what it had is here, or on the network volume. Throws ApiError,
/// Unreachable.
void bring_from_pods(const JobRun& run, runpod::Client& client);

/// Whether something is rented for the run, or still to be, and nobody is there to keep it.
bool is_left_alone(const JobRun& run);

/// What was rented for the run, when, what it has cost, and what the last look said; empty: nothing was rented.
std::string rentals_text(const JobRun& run);
Json rentals_json(const JobRun& run);

/// What is known of the run's elements from here.
PlaceView pod_view(const JobRun& run, StepRecords& records);

}  // namespace moola::cluster
