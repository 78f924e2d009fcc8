#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/config.h"

// What only one place understands. A site profile, the job file's [slurm] and [runpod], and a step's own
// (slurm.partition = "gpu") say it, each before the next.
namespace moola::cluster {

struct SlurmSettings {
  std::string partition, account, qos, constraint, reservation, exclude;
  std::vector<std::string> modules;
  std::string container;             // an image for apptainer exec; empty: none
  std::string mpi = "auto";          // pmix, mpirun, or what the node has
  std::string interface;             // of MPI and NCCL between nodes, as ib0; empty: as they choose
  std::string gpu_type;              // a100 in gpu:a100:4
  std::string signal_before = "3m";  // so long before the time limit a step is told to write its checkpoint
  std::vector<std::string> extra;    // further lines of #SBATCH, as "--mail-type=END"

  /// Keys in the schema's current table, each with `prefix` before its name.
  void bind(ConfigSchema& schema, const std::string& prefix = {});
};

struct RunpodSettings {
  std::vector<std::string> gpu_types;  // in order of preference
  std::string cloud = "secure";
  std::vector<std::string> data_centers;  // in order of preference; empty: any
  std::string image, network_volume, registry;
  std::string cpu = "cpu3c";  // of a job without GPUs
  std::int64_t disk = 50;     // GB
  std::vector<std::string> ports{"22/tcp"};
  double hourly_price_cap = 0;  // US dollars, of all pods of a step; 0: none

  void bind(ConfigSchema& schema, const std::string& prefix = {});
};

struct LocalSettings {
  std::vector<std::string> hosts;  // "host" or "host:slots", over ssh; empty: this machine
  std::int64_t at_a_time = 1;      // steps beside each other

  void bind(ConfigSchema& schema);
};

/// Throws ConfigError for a line of `slurm.extra` that the job generator writes itself, and for one that Slurm would
/// not read as one option.
void check_slurm(const SlurmSettings& settings, const std::string& where);
void check_runpod(const RunpodSettings& settings, const std::string& where);

}  // namespace moola::cluster
