#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cluster/remote/mirror.h"
#include "cluster/remote/remote_shell.h"
#include "cluster/run/element_state.h"
#include "cluster/run/wanted_elements.h"

// A run on another machine: its moola runs it there as on any machine of its own, and has the truth; here is a mirror.
namespace moola::cluster {

/// Where a run's machine is, and what was sent: remote.json in the run's folder.
struct RemoteRecord {
  SshTarget target = {};            // with its root
  std::string pack = {};            // its id
  std::filesystem::path root = {};  // of the pack's configurations, here
};

/// Throws DataError, IoError.
RemoteRecord read_remote_record(const std::filesystem::path& run_folder);
void write_remote_record(const std::filesystem::path& run_folder, const RemoteRecord& record);

/// Packs what the run needs into RUN/pack, by `moola pack` of the run's program; the pack's id. Throws ConfigError in
/// its words.
std::string pack_run(const JobRun& run, const std::filesystem::path& job_file, const std::vector<std::string>& settings,
                     const std::filesystem::path& root);

/// Sends the run's pack, job file and script, says what was sent, and unfolds the pack. What a machine has is not sent
/// again, unless it turns out to be damaged. Throws ConfigError with what the machine lacks, Unreachable.
void send_run(const JobRun& run, const RemoteShell& shell, const RemoteRecord& record);

/// Runs the run's moola there; what it prints on standard output. Throws ConfigError and Error in its words,
/// Unreachable.
std::string remote_moola(const RemoteShell& shell, const RemoteRecord& record, const std::string& run,
                         const std::vector<std::string>& words);

/// Submits the run there: whatever is not yet. Doing it again does nothing twice.
void submit_there(const RemoteShell& shell, const RemoteRecord& record, const std::string& run);

/// What that machine says of the run's elements, after its records are here. Never throws because it can't be reached:
/// then the view says so.
PlaceView remote_view(const JobRun& run, StepRecords& records, const RemoteShell& shell, const RemoteRecord& record);

/// The words of moola that try elements again, step by step.
std::vector<std::vector<std::string>> retry_words(const JobRun& run, const WantedElements& wanted, bool fresh);

/// Tries elements again, or ends them, there.
void retry_there(const JobRun& run, const RemoteShell& shell, const RemoteRecord& record, const WantedElements& wanted,
                 bool fresh);
void cancel_there(const JobRun& run, const RemoteShell& shell, const RemoteRecord& record,
                  const WantedElements& elements);

}  // namespace moola::cluster
