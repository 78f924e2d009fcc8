#pragma once
#include <chrono>
#include <string>

#include "cluster/pods/pod_renting.h"
#include "cluster/remote/mirror.h"
#include "cluster/remote/remote_run.h"
#include "cluster/run/job_run.h"
#include "cluster/runpod/client.h"

namespace moola::cluster {

/// What one look at a run's machine found and did.
struct PodLook {
  bool is_done = false;    // nothing is rented, and nothing more will be
  std::string words = {};  // for people: what the machine is at
};

/// Keeps machines for a run, one after another as they are lost: sends the run there, follows it, brings its results
/// here, and ends what is rented when the run is over, when its money or time is spent, when nobody wants it.
///
/// Whoever looks next goes on where this was stopped, by the run's book. One at a time: the caller holds the runner's
/// lock.
class PodKeeper {
 public:
  PodKeeper(const JobRun& run, runpod::Client& client) : run_(run), renting_(run, client) {}

  /// One step. Never waits for a machine. Throws what RunPod refuses for good; what may pass is in the words.
  PodLook look();

  /// Ends what is rented, and rents nothing more: `why` is what no other machine would mend. Where RunPod does not let
  /// it end, the next look tries again.
  void give_up(const std::string& why);
  /// Unless something is rented already.
  void rent_nothing_more(const std::string& why);

 private:
  const JobRun& run_;
  PodRenting renting_;
  // By no clock that anybody sets.
  std::string waits_for_ = {};
  std::chrono::steady_clock::time_point waits_since_ = {};
  std::string told_to_stop_ = {};  // the rental that was

  PodBook& book() { return renting_.book(); }
  bool is_run_over() const;
  PodLook look_without_machine();
  PodLook look_at(const Rental& rental);
  PodLook look_at_gone(const Rental& rental);
  PodLook look_at_running(const Rental& rental, const runpod::Pod& pod);
  PodLook look_inside(const Rental& rental, const RemoteShell& shell, const RemoteRecord& record);
  /// Whether `what`, which is waited for since this was first asked, takes longer.
  bool waits_longer(const std::string& what, std::chrono::seconds patience);
  /// The same of a machine that nobody wants any more.
  bool ends_longer(const Rental& rental, std::chrono::seconds patience);
  void begin(const Rental& rental, const RemoteRecord& record);
  void obey(const RemoteShell& shell, const RemoteRecord& record);
  PodLook bring_and_end(const Rental& rental, const RemoteShell& shell, const RemoteRecord& record,
                        const std::string& why);
  PodLook end_unread(const Rental& rental, const std::string& why);
};

/// Between two looks at what is rented.
std::chrono::milliseconds pause_between_pod_looks();

/// Keeps a run until nothing more is to be done for it: the work of the process in the background. Returns 0 when all
/// of it has succeeded, 85 when told to stop.
int keep_pods(const JobRun& run);

}  // namespace moola::cluster
