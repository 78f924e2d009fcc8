#pragma once
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>

#include "base/duration.h"
#include "work/sweep/config/sweep_config.h"
#include "work/sweep/honesty/track_record.h"

namespace moola::work {

/// What [honesty] of a configuration says.
struct HonestySettings {
  Duration resolution{86'400'000'000'000};
  Compounding compounding = Compounding::simple;
  bool has_outer_test = false;
  std::int64_t test_from = 0, test_to = std::numeric_limits<std::int64_t>::max();  // [from, to), ns UTC
};

HonestySettings honesty_settings(const SweepConfig& config);
/// Of a study's folder: what its config.toml says; the defaults where there is none, as beside a journal of Optuna's.
/// Throws ConfigError for one that is no configuration, IoError.
HonestySettings honesty_settings_of(const std::filesystem::path& study_folder);

/// Refuses to go on with a study whose returns were kept at another resolution, or compounded otherwise: they could not
/// be compared. Throws ConfigError.
void check_honesty_unchanged(const std::filesystem::path& study_folder, const SweepConfig& config);

/// "1d returns, simple ones compounded".
std::string describe(const HonestySettings& settings);

}  // namespace moola::work
