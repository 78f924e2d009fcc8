#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text_template.h"
#include "sweep/space/parameter_value.h"

namespace moola::work {

/// The values that a trial tries, as users see them, in the space's order; inactive parameters are left out.
using TrialValues = std::vector<std::pair<std::string, sweep::ParameterValue>>;

/// On one line, for people: "x=0.25 optimiser=adam".
std::string shown(const TrialValues& values);

/// In a trial's folder: trial_toml of what it was told, fixed values included.
inline constexpr const char* kParametersFile = "parameters.toml";

/// What of a trial a command may name besides the parameters.
struct TrialContext {
  std::string study;
  std::uint64_t number = 0;
  std::uint64_t seed = 0;        // of this trial alone
  unsigned attempt = 1;          // 2 and more after one that was lost
  std::filesystem::path folder;  // the trial's own, absolute
};

/// The words of a command in which {NAME} stands for a parameter and {trial}, {attempt}, {seed}, {folder}, {parameters}
/// (a TOML file) for what a trial is; {{ and }} are braces. A word that names a parameter which is not active is left
/// out.
class TrialCommand {
 public:
  /// Throws ConfigError for a name that is none of `parameters` or the above, with the nearest one, and for a brace
  /// that is not closed.
  TrialCommand(const std::vector<std::string>& words, const std::vector<std::string>& parameters);

  std::vector<std::string> arguments(const TrialValues& values, const TrialContext& context) const;

 private:
  std::vector<TextTemplate> words_;
};

/// The same for programs that look at their environment: MOOLA_STUDY, MOOLA_TRIAL, MOOLA_ATTEMPT, MOOLA_SEED,
/// MOOLA_TRIAL_FOLDER, MOOLA_PARAMETERS (the TOML file) and MOOLA_PARAMETER_NAME for each parameter, its name in
/// capitals with _ for what is no letter or digit.
std::vector<std::pair<std::string, std::optional<std::string>>> trial_environment(const TrialValues& values,
                                                                                  const TrialContext& context);

/// The parameters as TOML, dotted names as tables' keys: what a configuration holds. A value that is null is left out.
std::string trial_toml(const TrialValues& values);

}  // namespace moola::work
