#pragma once
#include <span>
#include <string>
#include <vector>

namespace moola {

/// The one run that a person can mean by `reference`, of those whose ids are `meant`. Throws ConfigError that names
/// them where they are several, and the nearest of `known` where there are none; `there` is where they were looked for,
/// `shown_by` the command that lists all of them.
const std::string& only_run_meant(const std::string& reference, std::span<const std::string> meant,
                                  std::vector<std::string> known, const std::string& there,
                                  const std::string& shown_by);

}  // namespace moola
