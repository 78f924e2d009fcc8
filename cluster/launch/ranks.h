#pragma once
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

namespace moola::launch {

/// GPUs this process may use, counted without opening a CUDA library: /dev/nvidia0, 1, …, narrowed by
/// CUDA_VISIBLE_DEVICES; 0 with MOOLA_CUDA=off.
int count_gpus(const std::filesystem::path& devices = "/dev");

/// Cores this process may use: its affinity mask, narrowed by the quota of its control group (a container's limit), at
/// least 1.
int count_cores();

struct RankCount {
  int ranks = 1;
  std::string warning;  // for the user; empty when there is nothing to say
};

/// What there is to run on: `nodes` like this one.
struct Resources {
  int gpus = 0, cores = 1;  // of a node
  int nodes = 1;
  bool gpus_known = true;  // false: the nodes are others than this one, and their GPUs can't be seen from here
};

/// "host" and "host:slots" in MOOLA_HOSTS, between commas: where mpirun starts ranks over ssh; none: here, or what
/// Slurm has given.
std::vector<std::string> named_hosts();

/// Of this host; of all nodes of a Slurm job where srun will start the ranks; of as many hosts like this one as are
/// named.
Resources available_resources();

/// How many ranks to start.
///
/// requested: 0 when the user did not say; then one rank per GPU, or per core on the CPU, but no more than `most` (the
/// leaves of a step). device: "auto" (GPUs when there are any), "cpu", "cuda". More ranks than cores are a warning.
/// Throws ConfigError for more ranks than GPUs, for "cuda" without a GPU, for a negative number and for another device
/// name; where the GPUs are not known only for "cuda" without a number of ranks.
RankCount resolve_ranks(int requested, const std::string& device, const Resources& resources,
                        int most = std::numeric_limits<int>::max());

/// Whether this process is already one of the ranks that mpirun, srun or our own launcher started: then it must not
/// start ranks itself.
bool running_under_launcher();

}  // namespace moola::launch
