#pragma once
#include <filesystem>

#include "work/sweep/config/sweep_config.h"
#include "work/sweep/honesty/honesty_settings.h"

namespace moola::work {

/// Holds what was fitted before the sweep against the outer test part: barriers and labels of a table, an encoder and
/// the hold-out that chose it, a generator of synthetic windows, by the times that their files say they have seen. What
/// says no times is named in the log and not refused, unless data.trust vouches for it. Throws ConfigError that names
/// the part, its data set and the times; DataError, IoError. Cost: reads the data sets.
void check_fitted_parts(const LoadedSweepConfig& config, const HonestySettings& settings,
                        const std::filesystem::path& workspace);

}  // namespace moola::work
