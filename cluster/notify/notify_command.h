#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/command_line.h"

namespace moola::cluster {

struct NotifyOptions {
  CommonOptions common;
  std::filesystem::path job_file;
  std::vector<std::string> settings;
  std::string site, event = "test";
  std::filesystem::path digest;  // a file; empty: a line that says what this is
  bool dry_run = false;
};

/// `moola notify`: posts a message to the webhook of a job file, so that a person sees it arrive. Throws ConfigError
/// where there is none; an Error that says why it did not arrive.
void notify_command(const NotifyOptions& options);

}  // namespace moola::cluster
