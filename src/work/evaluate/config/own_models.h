#pragma once
#include <list>
#include <map>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/json.h"
#include "models/classifiers/classifier.h"
#include "models/classifiers/command_model.h"

namespace moola::work {

/// [own.NAME]: a model that is not in the table of models. Either a program that is called to fit and to predict
/// (models/classifiers/command_model.h), or predictions that were made elsewhere.
struct OwnModel {
  std::vector<std::string> command, variants, files;
  std::string predictions;  // a file
  std::string takes = "rows", time_limit = "1h";
  bool scaling = true, early_stopping = false, trust = false;
};

void bind_own_models(std::map<std::string, OwnModel>& own, ConfigSchema& schema);

/// The program of one that has a command. Throws ConfigError for a time limit that is none.
models::CommandModel command_of(const std::string& name, const OwnModel& own);

/// What is tried of it: its kind, and the parameters of each variant.
struct OwnVariants {
  models::ModelKind kind;
  std::vector<Json> parameters;    // with the hashes of every file that has a part in it
  std::vector<std::string> words;  // of each; what its name ends with where there are several
};
/// Throws ConfigError for one that has neither command nor predictions, or both; keys that mean nothing for it; files
/// that are not there; and the name of a model of the table.
OwnVariants own_variants(const std::string& name, const OwnModel& own, const ConfigSchema& schema);

}  // namespace moola::work
