#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"

namespace moola::record {

/// The machine a process runs on, from /proc, /sys and uname; nothing is started but nvidia-smi, where there is one.
struct Machine {
  std::string name;                // host name
  std::string system;              // "Debian GNU/Linux 12 (bookworm)"
  std::string kernel;              // "6.1.0-18-amd64"
  std::string cpu;                 // model name
  int cores = 1;                   // that this process may use (affinity mask), not that the machine has
  double cpu_limit = 0;            // cores' worth of time that the control group allows; 0: no limit
  std::uint64_t memory_bytes = 0;  // that the process may use: the machine's, or the control group's limit when lower
  std::uint64_t memory_available_bytes = 0;  // free for a new process now
  std::string instruction_set;               // highest x86-64 level: "v1" to "v4"; the architecture's name elsewhere
  std::vector<std::string> gpus;             // one text per GPU: "NVIDIA H100 80GB HBM3, 81559 MiB, driver 550.54.15"
};

/// Throws nothing: what can't be found out stays empty.
Machine this_machine();

/// The models of this machine's GPUs, sorted, as NVIDIA's driver lists them in /proc, without a library of CUDA's and
/// without starting a program. Throws nothing.
std::vector<std::string> gpus_of_driver();

/// What a manifest keeps of it.
Json machine_facts(const Machine& machine);

}  // namespace moola::record
