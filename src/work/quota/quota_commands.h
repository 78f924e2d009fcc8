#pragma once
#include "record/runs_commands.h"

namespace moola::work {

/// `moola runs list --by-size`: what takes room in a workspace, the largest first.
void list_by_size_command(const record::RunsOptions& options);

/// `moola runs prune`: to a quota where there is one, else as record::prune_runs_command. Throws ConfigError for
/// options that exclude each other; an Error with ExitCode::gate_not_met, after it has done what could be done, when
/// the quota can't be met.
void prune_command(const record::RunsOptions& options);

}  // namespace moola::work
