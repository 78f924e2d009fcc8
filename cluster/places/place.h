#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "cluster/job/job_file.h"
#include "cluster/run/element_state.h"
#include "cluster/run/job_run.h"
#include "cluster/run/run_events.h"
#include "cluster/run/run_status.h"
#include "cluster/run/wanted_elements.h"

namespace moola::cluster {

/// What is submitted: a job file with what was set on the command line.
struct JobSource {
  std::filesystem::path file;
  std::vector<std::string> settings = {};  // key=value
};

/// What a place would do with a job, found out without submitting it.
struct TriedOut {
  std::string text = {};         // for people, after the plan
  Json scripts = Json::array();  // that were written, with what the place says of each
  Json rented = {};              // what would be rented; null: nothing
};

/// Where jobs are submitted to. Another place is a class beside the others, and a line in open_place.
class Place {
 public:
  Place() = default;
  virtual ~Place() = default;
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  /// As `moola submit --to` has it, and a run keeps it.
  virtual std::string name() const = 0;

  /// What of the file it does not do, said and not kept quiet.
  virtual std::vector<std::string> left_out(const JobFile& job) const;
  /// Whether it can be reached and takes the job, before anything is written. Throws ConfigError, Unreachable.
  virtual void check(const JobFile& job);
  /// Writes to the folder of `plan`, a run that is never submitted, what would be sent.
  virtual TriedOut try_out(const JobRun& plan);
  /// What goes there with the run, made once.
  virtual void prepare(const JobRun& run, const JobSource& source);
  /// Hands elements to it, and says each call. Throws what it refuses them with.
  virtual void submit(const JobRun& run, RunEvents& events, const RunStatus& status, const WantedElements& wanted) = 0;
  /// A submission has failed with `error`. None: nothing of the run can be anywhere, and it may be forgotten. Otherwise
  /// what becomes of what may be there, as the user has to know it.
  virtual std::optional<std::string> after_failure(const JobRun& run, const RunEvents& events, const Error& error);

  /// What it says of the run's elements; `events` are read anew where they are another machine's.
  virtual PlaceView view(const JobRun& run, StepRecords& records, RunEvents& events) = 0;
  /// What it has to say of the run besides, for people and programs: machines that were rented, and their price.
  virtual std::string text(const JobRun& run) const;
  virtual Json machines(const JobRun& run) const;
  /// Ends what it has of `elements`, after it is on the run's events that nobody wants them.
  virtual void cancel(const JobRun& run, RunEvents& events, const WantedElements& elements, const std::string& why) = 0;
  /// Brings here what the run's steps have made elsewhere, and says what.
  virtual void bring_results(const JobRun& run);

  /// What the process in the background does for a run, where the place has nobody else to: 0 when all has succeeded,
  /// 1 otherwise, 85 when told to stop. Throws ConfigError where it runs jobs by itself.
  virtual int work(const JobRun& run);
  /// Somebody watches: that process is started again where it has gone too early.
  virtual void stay_at_work(const JobRun& run);

 protected:
  static std::string goes_on_text(const JobRun& run);
};

/// "slurm", "local", "ssh://…", "runpod". Throws ConfigError with the nearest.
std::unique_ptr<Place> open_place(const std::string& name);
inline std::unique_ptr<Place> place_of(const JobRun& run) {
  return open_place(run.place);
}

/// Held while a run's events are added to from outside: one submitter at a time.
std::filesystem::path submit_lock(const JobRun& run);

}  // namespace moola::cluster
