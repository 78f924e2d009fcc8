#pragma once
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/duration.h"

namespace moola::launch {

/// What to start, and how often.
struct LaunchPlan {
  std::string name;  // of the job, for messages: "pretrain"
  int ranks = 1;
  std::filesystem::path program;
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;  // beside this process's own
  /// Where the ranks leave their heartbeats; created, and emptied of older ones. On a file system that all hosts share.
  std::filesystem::path heartbeats;
  /// "host" or "host:slots"; empty: this host, or what Slurm has given.
  std::vector<std::string> hosts;
  /// A job in which no rank gets on for so long hangs and is ended; 0: never.
  Duration hang_after = Duration::seconds(300);
};

/// How the ranks are started: one rank is a child of this process, several on a host or over ssh are mpirun's, those of
/// a Slurm job srun's. MOOLA_LAUNCHER=mpirun or srun overrides.
enum class Launcher { direct, mpirun, srun };
Launcher choose_launcher(const LaunchPlan& plan);

/// The command line and the variables that start the ranks, without starting them.
struct LaunchCommand {
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;
};
LaunchCommand launch_command(const LaunchPlan& plan, Launcher launcher);

/// Starts the ranks, watches them, and returns their exit code when all have ended.
///
/// SIGTERM, SIGUSR2, SIGHUP and the first SIGINT reach every rank as SIGUSR2, as soon as it is up; a second SIGINT ends
/// them at once. The ranks' own exit codes are kept (2, 3, 85); a rank that dies of a signal, or a hang, is named on
/// standard error, the others are ended, and the code is 1. When this process itself is killed, the ranks are ended
/// too. No rank outlives the call. Throws ConfigError when the program or mpirun is missing, IoError when it can't be
/// started or the heartbeats' folder can't be written.
int launch_ranks(const LaunchPlan& plan);

}  // namespace moola::launch
