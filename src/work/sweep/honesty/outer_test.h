#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "work/sweep/config/sweep_config.h"

namespace moola::work {

/// What a key of a job's configuration may be in some trial, as text; "" where it is not given.
using PossibleValues = std::vector<std::string>;

/// All values that `key` may have in a trial: what the space has for it, else what is fixed, what sweep.settings say,
/// what the job's file (or the one that it inherits) says. A parameter with a condition may be absent, so that what the
/// file says is among them. Throws ConfigError for a range too long to look through, and for a file that is no TOML.
PossibleValues possible_values(const LoadedSweepConfig& config, const std::string& key);

/// Holds a sweep of a job against the outer test part, honesty.test_from to honesty.test_to, before anything runs:
/// rows of any trial's data must lie outside of it with all that their labels depend on, less splits.purge before it
/// and splits.embargo after it. Of a table that is looked up in the table itself, row by row; of windows and of
/// pretraining by data.from, data.to and windows.from, windows.to. A metric of a sealed test part is refused always.
/// What programs of one's own do is seen by their returns (trial_recorder.h). Throws ConfigError that says what to set,
/// DataError, IoError. Cost: reads the table's times.
void check_outer_test(const LoadedSweepConfig& config, const std::filesystem::path& workspace);

}  // namespace moola::work
