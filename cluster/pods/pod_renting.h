#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "cluster/pods/pod_book.h"
#include "cluster/pods/pod_request.h"
#include "cluster/pods/pod_wish.h"
#include "cluster/run/job_run.h"
#include "cluster/runpod/client.h"

namespace moola::cluster {

/// Rents a run's machines and ends them. Everything is on the run's book before RunPod is asked and after it has
/// answered, so that nothing is rented twice and nothing that was rented is forgotten.
class PodRenting {
 public:
  /// Throws ConfigError for a job that no pod could run, DataError, IoError.
  PodRenting(const JobRun& run, runpod::Client& client);

  const JobRun& run() const { return run_; }
  runpod::Client& client() const { return client_; }
  const PodWish& wish() const { return wish_; }
  PodBook& book() { return book_; }
  const PodBook& book() const { return book_; }
  /// Others write on it as well.
  void read_book_again() { book_ = PodBook(run_.folder); }

  /// Seconds that a machine of that price may still be up; 0: its time or its money is spent.
  std::int64_t seconds_left(double dollars_per_hour) const;
  /// Whether too little is left to rent anything.
  bool is_spent() const;
  /// Where nothing is kept when a machine goes.
  bool has_volume() const { return !wish_.settings.network_volume.empty(); }

  /// The first machine, or another try when none was free; with a volume that this user has a key for, everything is
  /// sent there first. Throws runpod::NoPlace, ApiError, ConfigError.
  void rent();
  /// Throws ApiError.
  void end(const Rental& rental, const std::string& why, bool was_lost);
  /// Of what is rented: "2 pods of 8 x NVIDIA H100 80GB HBM3 (moola-…-1)".
  std::string machine_text(const Rental& rental) const;

 private:
  const JobRun& run_;
  runpod::Client& client_;
  PodWish wish_;
  PodBook book_;

  void begin(const std::string& name);
  Rental rent_cores(PodOrder order);
  Rental rent_gpus(PodOrder order);
  Rental rent_candidate(const runpod::Candidate& candidate, const PodOrder& order);
  void end_by_name(const std::string& name);
};

}  // namespace moola::cluster
