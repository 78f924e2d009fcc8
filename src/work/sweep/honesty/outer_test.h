#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "work/sweep/config/sweep_config.h"

namespace moola::work {

/// What a key of a job's configuration may be in some trial, as text, a list with a line for each of its elements; ""
/// where it is not given.
using PossibleValues = std::vector<std::string>;

/// What a TOML file, or the one that it inherits, has for a key, in the same way.
std::string value_in(const std::filesystem::path& file, const std::string& key);

/// All values that `key` may have in a trial: what the space has for it, else what is fixed, what sweep.settings say,
/// what the job's file (or the one that it inherits) says. A parameter with a condition may be absent, so that what the
/// file says is among them. Throws ConfigError for a range too long to look through, and for a file that is no TOML.
PossibleValues possible_values(const LoadedSweepConfig& config, const std::string& key);

/// Holds a sweep of a job against the outer test part, honesty.test_from to honesty.test_to, before anything runs:
/// rows of any trial's data must lie outside of it with all that their labels depend on, less splits.purge before it
/// and after it the longest of splits.embargo, splits.look_back and (of models that take windows) data.window. Of a
/// table that is looked up in the table itself, row by row; of windows and of pretraining, also an encoder that is
/// trained anew for every split, by data.from, data.to and windows.from, windows.to, windows.exclude. What was fitted
/// before is held against it by seen_test_part.h. A metric of a sealed test part is refused always.
/// What programs of one's own do is seen by their returns (trial_recorder.h). Throws ConfigError that says what to set,
/// DataError, IoError. Cost: reads the table's times.
void check_outer_test(const LoadedSweepConfig& config, const std::filesystem::path& workspace);

}  // namespace moola::work
