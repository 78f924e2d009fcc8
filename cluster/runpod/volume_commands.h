#pragma once
#include <filesystem>
#include <string>

#include "base/command_line.h"

namespace moola::cluster::runpod {

/// The command line of `moola runpod volume`; each subcommand reads its own part.
struct VolumeOptions {
  CommonOptions common;
  std::string volume, path;     // the volume's id; a path on it, /workspace/PATH of a pod
  std::filesystem::path local;  // here
  std::string data_center;      // empty: RunPod's REST interface is asked where the volume is
  bool recursive = false;
  int connections = 4;
};

/// Files of a network volume by its S3 interface, without a pod. Each prints its result on standard output; all throw
/// what the clients throw.
///
/// What lies in a folder, or one file; with `recursive` everything below it.
void list_volume_command(const VolumeOptions& options);
/// A file, into `local` or, where that is a folder, into it; or a folder's files, those that are new or changed.
void get_from_volume_command(const VolumeOptions& options);
/// A file or a folder's files, those that are not there. `path` with "/" at its end is a folder that a file goes into.
void put_on_volume_command(const VolumeOptions& options);

}  // namespace moola::cluster::runpod
