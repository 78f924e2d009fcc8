#pragma once
#include <string>
#include <vector>

#include "work/prepare/prepare.h"
#include "work/prepare/stage_runner.h"

namespace moola::work {

/// What `request` asks of the stages. Throws ConfigError for stages that are none, in the wrong order, or at odds with
/// the rest.
StagePlan plan_of(const PrepareRequest& request);

/// Folders of all runs of moola prepare but `run`, the newest first.
std::vector<std::filesystem::path> other_runs(const std::filesystem::path& workspace, const std::filesystem::path& run);

/// What would be done, without doing it: --dry-run.
PrepareResult foresee(const PrepareRequest& request, const LoadedPrepareConfig& config,
                      const std::vector<PreparedSymbol>& symbols);

/// --from begins in the middle: throws ConfigError where what is before it is not there.
void check_earlier_stages(const PrepareRequest& request, const LoadedPrepareConfig& config,
                          const std::vector<PreparedSymbol>& symbols);

}  // namespace moola::work
