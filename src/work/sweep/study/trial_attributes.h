#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "sweep/study/trial.h"

// What a journal keeps of a trial under names that Optuna or we have given.
namespace moola::work {

inline constexpr const char* kOwner = "moola:owner";
inline constexpr const char* kFixed = "fixed_params";       // Optuna's, of enqueued trials: an object
inline constexpr const char* kConstraints = "constraints";  // Optuna's until 4.9: a list, above 0 is violated

inline constexpr const char* kGpuSeconds = "gpu_seconds";  // of a finished trial that had GPUs

/// Who runs a trial.
struct Owner {
  std::string worker;
  unsigned attempt = 1;
  double gpus = 0;               // that the trial has there; without them the journal says nothing of what follows
  double spent = 0;              // seconds of earlier attempts
  std::int64_t since = kNoTime;  // ns UTC, when this attempt began; kNoTime: it waits for the next one
};

/// The JSON text of an attribute; null where it isn't there.
const std::string* find_attribute(const std::vector<sweep::Attribute>& attributes, std::string_view key);

/// An attribute as parse_python_json reads it: anybody may have written it. Throws DataError.
std::optional<Json> read_attribute(const std::vector<sweep::Attribute>& attributes, std::string_view key);

/// None for a trial that no process of ours has begun.
std::optional<Owner> owner_of(const sweep::Trial& trial);
sweep::Attribute owner_attribute(const Owner& owner);

/// The sum of what a trial exceeds its constraints by, as Optuna 4 stores it, and Optuna 5 by name; 0: feasible.
double violation_of(const sweep::Trial& trial);

}  // namespace moola::work
