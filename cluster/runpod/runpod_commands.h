#pragma once
#include <string>

#include "base/command_line.h"

namespace moola::cluster::runpod {

/// The command line of `moola runpod`; each subcommand reads its own part.
struct RunpodOptions {
  CommonOptions common;
  bool end_orphans = false, yes = false;
  int count = 1;
  std::string cloud = "secure", product = "pod", data_center;
};

/// Each prints its result on standard output; all throw what the client throws.
///
/// Every pod of the account with its age, its cost and the run that it belongs to. With `end_orphans`, those that Moola
/// made and no run of this workspace knows are ended; without `yes` a ConfigError says which they are.
void list_pods_command(const RunpodOptions& options);
/// The catalogue of GPUs with prices and what is free now.
void list_gpus_command(const RunpodOptions& options);

}  // namespace moola::cluster::runpod
