#pragma once
#include <filesystem>
#include <string>

#include "comm/communicator.h"
#include "work/evaluate/config/evaluate_config.h"

namespace moola::work {

/// What `moola cv` and its kin are asked for beside their configuration.
struct EvaluateRequest {
  std::filesystem::path workspace = {};
  std::string resume = {};  // a run, and no other
  bool fresh = false;
  bool quiet = false;
};

struct EvaluateOutcome {
  std::string run = {}, status = {};  // "finished", "stopped"
  std::filesystem::path folder = {};
  Json results = Json::object();  // of a finished run: results.json
  std::size_t folds_done = 0, folds = 0;
  bool gates_met = true;
  bool interrupted = false;
  std::string failure = {};  // a configuration that has not one fold, and why: the report is there, the run is not done
};

/// Every configuration on every split, over all ranks; then paths, scores, returns and the verdict, in a run of the
/// workspace: artifacts/runs/ID/folds/, results.json, report.html. A fold that is there is not done again. Collective;
/// the outcome is rank 0's, but for `interrupted`, `gates_met` and `failure`, which all know.
///
/// Memory: the table once per rank, and once more where a model wants scaled features. Throws what reading, splitting
/// and putting together throw; a fold's own error is recorded and makes it missing.
EvaluateOutcome evaluate(const EvaluateRequest& request, const LoadedEvaluateConfig& config,
                         const comm::Communicator& ranks);

}  // namespace moola::work
