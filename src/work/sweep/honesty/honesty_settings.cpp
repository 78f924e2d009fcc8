#include "work/sweep/honesty/honesty_settings.h"

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/toml.h"
#include "base/utc_time.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;

HonestySettings settings_from(const SweepConfig::Honesty& said) {
  HonestySettings out{.resolution = said.resolution,
                      .compounding = said.returns == "log" ? Compounding::log : Compounding::simple};
  out.has_outer_test = !said.test_from.empty();
  if (out.has_outer_test) out.test_from = parse_utc(said.test_from);
  if (!said.test_to.empty()) out.test_to = parse_utc(said.test_to);
  return out;
}

}  // namespace

HonestySettings honesty_settings(const SweepConfig& config) {
  return settings_from(config.honesty);
}

HonestySettings honesty_settings_of(const fs::path& study_folder) {
  const fs::path file = study_folder / "config.toml";
  if (!fs::exists(file)) return {};
  const toml::table document = parse_toml(read_file(file), file.string());
  SweepConfig::Honesty said;
  if (const toml::table* table = document["honesty"].as_table()) {
    if (const auto text = (*table)["resolution"].value<std::string>()) said.resolution = parse_duration(*text);
    said.returns = (*table)["returns"].value_or(said.returns);
    said.test_from = (*table)["test_from"].value_or(said.test_from);
    said.test_to = (*table)["test_to"].value_or(said.test_to);
  }
  return settings_from(said);
}

void check_honesty_unchanged(const fs::path& study_folder, const SweepConfig& config) {
  const HonestySettings before = honesty_settings_of(study_folder), now = honesty_settings(config);
  const bool has_trials = fs::exists(study_folder / "trials");
  if (!has_trials || (before.resolution == now.resolution && before.compounding == now.compounding)) return;
  throw ConfigError(
      fmt::format("the trials of {} are kept as {}, and [honesty] now asks for {}: such trials can't be compared. Give "
                  "honesty.resolution and honesty.returns as they were, or this study another sweep.name.",
                  config.sweep.name, describe(before), describe(now)));
}

std::string describe(const HonestySettings& settings) {
  return fmt::format("{} returns, {}", to_string(settings.resolution),
                     settings.compounding == Compounding::log ? "added up" : "compounded");
}

}  // namespace moola::work
