#pragma once
#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/text_template.h"
#include "cluster/job/job_file.h"

namespace moola::cluster {

/// Whether a job of moola starts its ranks by itself; any other program is started as often as the step has ranks.
bool starts_own_ranks(std::string_view job);

/// What the words of a step may name besides its array's values.
struct StepContext {
  std::string run;                  // the submission's id
  std::filesystem::path workspace;  // where the step runs
  std::filesystem::path program;    // moola, there
};

/// What one element of a step runs, every value in its place.
struct ElementCall {
  std::vector<std::string> words;  // program and arguments
  Environment environment;
  std::vector<std::string> inputs, outputs;
};

/// The words of a step, checked: {NAME} stands for a value of its array, {index} for the element's number from 0,
/// {step}, {run} and {workspace} for what they say; {{ and }} are braces. A job of moola also gets each value whose
/// name has a dot as a setting, for that is a key of its configuration.
class StepCall {
 public:
  /// Throws ConfigError for a name in braces that is none of these, and for an array that takes one of ours.
  explicit StepCall(const JobStep& step);

  /// `index` from 0 to step.elements() - 1.
  ElementCall element(std::size_t index, const StepContext& context) const;

 private:
  std::string step_, job_, config_;
  std::int64_t ranks_;  // that the user asked for; 0: none
  StepArray array_;
  std::vector<TextTemplate> command_, settings_, inputs_, outputs_;
  std::vector<std::pair<std::string, TextTemplate>> environment_;
};

}  // namespace moola::cluster
