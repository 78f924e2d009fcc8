#pragma once
#include <string>
#include <vector>

#include "comm/world.h"
#include "work/pretrain_config.h"
#include "work/pretrain_options.h"

namespace moola::work {

/// `moola pretrain` on this rank, from the configuration to the published encoder. Collective over `world`.
///
/// Rank 0 keeps the run's folder: manifest, metrics, checkpoints, report. The same command continues the newest
/// unfinished run; a finished one is reported, not repeated. Returns the exit code, the same on all ranks: 0 done, 85
/// stopped by a signal after a checkpoint. Throws what goes wrong (Error and its kinds).
int pretrain(comm::World& world, const PretrainOptions& options, const LoadedPretrainConfig& config);

}  // namespace moola::work
