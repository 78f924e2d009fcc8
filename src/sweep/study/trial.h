#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/utc_time.h"
#include "sweep/space/distribution.h"

// What a journal knows of a study, in Optuna's terms.
namespace moola::sweep {

/// The numbers are those of the journal.
enum class TrialState : std::uint8_t { running = 0, complete = 1, pruned = 2, failed = 3, waiting = 4 };

inline bool is_finished(TrialState state) {
  return state != TrialState::running && state != TrialState::waiting;
}

/// "RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING".
std::string_view name_of(TrialState state);

/// The numbers are those of the journal.
enum class Direction : std::uint8_t { not_set = 0, minimize = 1, maximize = 2 };

/// Times a value it is a loss, and times a loss the value: -1 where more is better.
inline double loss_sign(Direction direction) {
  return direction == Direction::maximize ? -1.0 : 1.0;
}

/// A value that a trial told of its way: an epoch's loss, a fold's score.
struct Report {
  std::int64_t step = 0;
  double value = 0;
  bool operator==(const Report&) const = default;
};

/// A key with a value of any kind, kept as the JSON text that it was read as.
struct Attribute {
  std::string key, json;
  bool operator==(const Attribute&) const = default;
};

struct TrialParameter {
  std::uint32_t parameter = 0;  // index in Study::parameters
  double value = 0;             // inner value
  bool operator==(const TrialParameter&) const = default;
};

struct Trial {
  TrialState state = TrialState::running;
  std::vector<double> values = {};              // one per direction, or none
  std::vector<TrialParameter> parameters = {};  // in the order in which they were set
  std::vector<Report> reports = {};             // by step, each once
  std::vector<Attribute> user = {}, system = {};
  std::int64_t started = kNoTime, completed = kNoTime;  // nanoseconds UTC
};

/// A name with a distribution; a study has as many of one name as distributions were used for it.
struct StudyParameter {
  std::string name;
  Distribution distribution;
  bool operator==(const StudyParameter&) const = default;
};

struct Study {
  std::string name;
  std::vector<Direction> directions = {};
  std::vector<StudyParameter> parameters = {};
  std::vector<Trial> trials = {};  // by number
  std::vector<Attribute> user = {}, system = {};
  bool deleted = false;
};

}  // namespace moola::sweep
