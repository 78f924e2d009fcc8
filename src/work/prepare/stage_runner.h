#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "work/prepare/prepare.h"
#include "work/prepare/stage_record.h"

namespace moola::work {

/// Which stages are done, and what may be taken over.
struct StagePlan {
  std::size_t first = 0, last = 0;            // both included; stages before `first` must be there already
  bool reuse = true;                          // take over what is there; false: --fresh
  bool first_given = false;                   // --from: what follows is made again, what is before must be there
  bool strict = false;                        // --from or --resume: what was made and is gone is an error
  std::vector<std::filesystem::path> others;  // folders of earlier runs, the newest first
};

/// Does or takes over the units of stages, one after the other.
class StageRunner {
 public:
  StageRunner(Workbench& bench, StagePlan plan) : bench_(bench), plan_(std::move(plan)) {}

  /// The units that `stage` works on.
  std::vector<StageUnit> units(const Stage& stage) const;

  /// Brings the outputs of a unit to the run's folder, and their record. Throws what the stage throws, and DataError or
  /// ConfigError as the plan says.
  StageRecord complete(std::size_t stage, const StageUnit& unit);

  /// Records of units that were foreseen, by "stage/unit".
  using Foreseen = std::map<std::string, StageRecord>;
  /// What `complete` would take over, beside what was foreseen of earlier stages; nothing where it would make
  /// something. Changes nothing.
  std::optional<StageRecord> foresee(std::size_t stage, const StageUnit& unit, const Foreseen& foreseen) const;

 private:
  using FindRecord = std::function<std::optional<StageRecord>(const Stage&, const std::string& unit)>;
  std::optional<std::vector<StageRecord>> inputs(const Stage& stage, const StageUnit& unit,
                                                 const FindRecord& find) const;
  std::optional<StageRecord> taken_over(const Stage& stage, const StageUnit& unit, const std::string& key);
  StageRecord made(const Stage& stage, const StageUnit& unit, const std::string& key);

  Workbench& bench_;
  StagePlan plan_;
};

}  // namespace moola::work
