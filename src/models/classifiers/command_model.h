#pragma once
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "models/classifiers/classifier.h"

namespace moola::models {

/// Anybody's own model: a program that is called to fit and to predict, and talks through files.
///
///     COMMAND WORDS fit DIR       reads DIR/train.h5 and, where it stops early, DIR/held_out.h5; leaves DIR/model/
///     COMMAND WORDS predict DIR   reads DIR/model/ and DIR/samples.h5; leaves DIR/proba.npy or DIR/proba.h5
///
/// docs/own-models.md says what stands in each. The program sees no rows but these: neither times nor the test part's
/// labels.
struct CommandModel {
  std::string name;  // "torch_mlp"
  std::vector<std::string> command;
  Takes takes = Takes::rows;
  bool wants_scaling = true, stops_early = false;
  std::chrono::nanoseconds time_limit = std::chrono::hours(1);  // of each call
  std::vector<std::filesystem::path> files = {};                // besides those that `command` names: what it reads
};

/// Its line in the table of models. Its one parameter `words` is what a variant adds to the command: words apart by
/// blanks, with quotes as a shell has them. Throws ConfigError for an empty command and for files that are not there.
ModelKind command_model(const CommandModel& model);

/// What of the program determines the model: its words, files by their names alone, and the SHA-256 of every file.
Json command_identity(const CommandModel& model);

/// Words of a line, as a shell takes it apart: blanks, '…', "…" and \. Throws ConfigError for a quote that is not
/// closed.
std::vector<std::string> words_of(const std::string& line);

}  // namespace moola::models
