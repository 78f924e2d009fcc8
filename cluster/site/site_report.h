#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "record/doctor.h"

namespace moola::cluster {

struct SiteQuestions {
  std::filesystem::path workspace, programs;  // programs: the folder of moola's
  std::optional<int> gpus = {};               // that must be there, idle
};

/// Looks at this node as a job of many ranks would meet it. Starts a few programs (mpirun, srun, sinfo, munge,
/// nvidia-smi), each for 10 s at the most, and writes up to 256 MB into the workspace for up to 2 s. Throws nothing for
/// what is missing.
std::vector<record::Finding> examine_site(const SiteQuestions& questions);

// Its parts.
std::vector<record::Finding> examine_software(const std::filesystem::path& programs);
std::vector<record::Finding> examine_gpus(const std::filesystem::path& programs, std::optional<int> wanted);
std::vector<record::Finding> examine_disk(const std::filesystem::path& workspace);
std::vector<record::Finding> examine_network();

/// What a program says, standard output first; nothing when it is not there, fails, or takes more than 10 s.
std::optional<std::string> ask_program(std::vector<std::string> command, const std::string& input = {});

}  // namespace moola::cluster
