#pragma once
#include <filesystem>
#include <string>

#include "cluster/job/job_file.h"

namespace moola::cluster {

/// The folder that holds the job file, the configurations of its steps, and where it can be, the current folder: what a
/// pack's configurations keep their paths below.
std::filesystem::path pack_root(const std::filesystem::path& job_file, const JobFile& job);

/// The resolved job file as another machine runs it: configurations as its pack has them, seen from the file's own
/// folder (submitted/RUN); no notices, which whoever watches from here gives; no budget of money, which that machine
/// knows nothing of.
std::string remote_job_text(const JobFile& job, const std::filesystem::path& root, const std::string& pack_id);

/// A script there that runs moola as the run's pack has it, in the place and the workspace that all runs share:
/// "moola.sh status RUN".
std::string remote_moola_script(const std::string& pack_id);

}  // namespace moola::cluster
