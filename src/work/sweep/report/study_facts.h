#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "sweep/importance/ped_anova.h"
#include "work/sweep/study/study_summary.h"

namespace moola::work {

/// What one of those who work on a study has done, by what its trials tell: `moola:owner` of ours; those of others,
/// whose journals don't say in the trial who it was, are one.
struct WorkerFacts {
  std::string name;
  std::uint64_t trials = 0, complete = 0, pruned = 0, failed = 0;
  double seconds = 0;
};

struct FailureFacts {
  std::string message;
  std::vector<std::uint64_t> trials = {};
};

/// A parameter by name, over all the distributions that it had.
struct ParameterFacts {
  std::string name;
  std::vector<std::uint32_t> indices = {};  // in Study::parameters
  std::uint64_t trials = 0;                 // that have it, whatever their state
};

/// What a report says of a study, apart from drawings. All of it comes from the journal and from what trials have kept
/// in the study's folder; times are nanoseconds UTC.
struct StudyFacts {
  const FoundStudy* found = nullptr;
  Json honesty = {};                             // honesty_json
  std::vector<std::string> objectives = {};      // what they are called: metrics where the study names them
  std::vector<std::uint64_t> complete = {};      // feasible ones with all values, by number
  std::vector<std::uint64_t> best_first = {};    // those by value; of several objectives the front, by number
  std::vector<std::uint64_t> improvements = {};  // one objective: trials that were the best so far, as trials ended
  std::vector<ParameterFacts> parameters = {};   // in the order of importance
  std::vector<sweep::ParameterImportance> importance = {};
  std::vector<WorkerFacts> workers = {};    // most seconds first
  std::vector<FailureFacts> failures = {};  // most frequent first
  std::int64_t first_start = kNoTime, last_end = kNoTime;
  double seconds = 0;         // of all finished trials
  double failed_seconds = 0;  // of those that failed
  std::uint64_t retried = 0, infeasible = 0;

  const sweep::Study& study() const { return found->study; }
  StudyCounts counts() const { return count_trials(study()); }
  bool is_single() const { return study().directions.size() == 1; }
};

/// `honesty`: what honesty_json says of the same study. `found` must outlive it. Cost O(trials * parameters).
StudyFacts facts_of(const FoundStudy& found, Json honesty);

/// How long a finished trial took over all its attempts: `seconds` where one of ours says so, else from its start to
/// its end; NaN while it has no end.
double seconds_of(const sweep::Trial& trial);

/// Who ran it; "" where the trial does not say so.
std::string worker_of(const sweep::Trial& trial);

/// The inner value of a parameter in a trial; NaN where it has none.
double value_in(const sweep::Trial& trial, const ParameterFacts& parameter);

/// What `report.json` holds: what study_json says, and honesty, importance, improvements, workers, cost, failures.
Json facts_json(const StudyFacts& facts);

}  // namespace moola::work
