#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace moola::test {

inline std::filesystem::path log_samples() {
  return std::filesystem::path(MOOLA_SOURCE_DIR) / "tests/cluster/diagnose/logs";
}

/// A log in logs/, what it is of (its name up to the first dot), and what must be told of it.
struct LogSample {
  std::string name;
  int exit_code;
  std::size_t line;  // that tells the cause
  std::string cause() const { return name.substr(0, name.find('.')); }
};

/// In the tools' own words: made by them, where they are on a Debian 12, or as their users have published them.
inline const std::vector<LogSample>& failed_logs() {
  static const std::vector<LogSample> all{
      {"busy-gpu", 1, 1},
      {"cancelled.preempted-by-requeue", 143, 1},
      {"cancelled.scancel", 143, 3},
      {"diverged.moola", 2, 2},
      {"full-disk.dd", 1, 1},
      {"full-disk.moola", 1, 1},
      {"full-disk.python", 1, 3},
      {"gpu-out-of-memory.first-of-two", 1, 1},
      {"gpu-out-of-memory.python", 1, 3},
      {"host-out-of-memory.cgroup", 137, 1},
      {"host-out-of-memory.cgroup-22", 137, 1},
      {"host-out-of-memory.launcher", 1, 2},
      {"host-out-of-memory.malloc", 1, 1},
      {"host-out-of-memory.slurm-watch", 1, 1},
      {"host-out-of-memory.torch", 1, 3},
      {"killed.launcher", 1, 5},
      {"killed.mpirun", 137, 6},
      {"killed.srun", 137, 2},
      {"missing-file.cat", 1, 1},
      {"missing-file.python", 2, 1},
      {"missing-library.loader", 127, 1},
      {"missing-library.srun", 127, 2},
      {"missing-module.lmod", 127, 1},
      {"missing-module.no-modules", 127, 1},
      {"missing-module.tcl", 127, 1},
      {"missing-program.bash", 127, 1},
      {"missing-program.mpirun", 132, 5},
      {"missing-program.srun", 2, 2},
      {"mpi-abort.srun", 7, 2},
      {"mpi-network", 1, 2},
      {"mpi-no-pmix.none", 1, 1},
      {"mpi-no-pmix.pmi2", 1, 1},
      {"mpi-no-pmix.unknown-type", 1, 1},
      {"mpi-slots", 1, 2},
      {"mpi-unreachable.timeout", 255, 2},
      {"mpi-version-mismatch", 1, 2},
      {"mpi-version-mismatch.moola", 1, 1},
      {"munge", 1, 1},
      {"nccl-network.2-28", 1, 1},
      {"nccl-network.no-interface", 1, 1},
      {"nccl-network.no-route", 1, 1},
      {"nccl-timeout", 134, 1},
      {"nccl-version-mismatch", 1, 1},
      {"no-cuda-build", 1, 2},
      {"no-gpu.moola", 2, 1},
      {"no-gpu.python", 1, 3},
      {"node-failure.step", 143, 1},
      {"old-cuda-driver.moola", 1, 1},
      {"old-glibc", 1, 1},
      {"old-libstdcxx", 1, 1},
      {"permission.bash", 126, 1},
      {"preempted", 143, 1},
      {"python-error", 1, 7},
      {"python-error.chained", 1, 11},
      {"python-error.torchrun", 1, 4},
      {"python-out-of-memory.numpy", 1, 3},
      {"python-out-of-memory.plain", 1, 3},
      {"python-package", 1, 3},
      {"quota", 1, 5},
      {"rank-ended.srun", 1, 1},
      {"refused.moola", 2, 1},
      {"segmentation-fault.bash", 139, 1},
      {"segmentation-fault.srun", 139, 2},
      {"ssh-host-unknown.mpirun", 255, 16},
      {"ssh-refused.mpirun", 255, 1},
      {"ssh-refused.ssh", 255, 1},
      {"step-resources", 1, 1},
      {"time-limit", 143, 1},
  };
  return all;
}

inline const std::vector<std::string>& logs_of_successes() {
  static const std::vector<std::string> all{"success.config-words", "success.harmless-errors", "success.nccl-info",
                                            "success.pretrain"};
  return all;
}

}  // namespace moola::test
