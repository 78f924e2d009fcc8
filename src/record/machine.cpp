#include "record/machine.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "base/first_line.h"
#include "base/subprocess.h"

namespace moola::record {
namespace {

namespace fs = std::filesystem;

// The rest of the line that begins with `key`, after ':' or '=', without quotes; empty when there is none.
std::string value_in(const fs::path& file, const std::string& key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(key)) continue;
    std::size_t at = line.find_first_not_of(" \t", key.size());
    if (at == std::string::npos || (line[at] != ':' && line[at] != '=')) continue;
    at = line.find_first_not_of(" \t\"", at + 1);
    if (at == std::string::npos) return "";
    return line.substr(at, line.find_last_not_of(" \t\"") + 1 - at);
  }
  return "";
}

std::uint64_t kilobytes_in(const fs::path& file, const std::string& key) {
  std::uint64_t value = 0;
  std::istringstream(value_in(file, key)) >> value;
  return value * 1024;
}

int allowed_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return static_cast<int>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
}

std::string instruction_level() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool v2 =
      __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("ssse3") && __builtin_cpu_supports("popcnt");
  const bool v3 = v2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                  __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512vl");
  return v4 ? "v4" : v3 ? "v3" : v2 ? "v2" : "v1";
#else
  utsname names{};
  return ::uname(&names) == 0 ? names.machine : "unknown";
#endif
}

std::vector<std::string> graphics_processors() {
  std::vector<std::string> out;
  try {
    if (find_program("nvidia-smi")) {
      const ProcessResult smi =
          run_process({"nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"});
      std::istringstream lines(smi.output);
      for (std::string line; smi.exit_code == 0 && std::getline(lines, line);) {
        if (const std::size_t comma = line.rfind(", "); comma != std::string::npos) line.insert(comma + 2, "driver ");
        if (!line.empty()) out.push_back(line);
      }
    }
    if (out.empty()) out = gpus_of_driver();
  } catch (const std::exception&) {
    // A driver that is half installed is the same as none to whom asks what there is; moola doctor runs nvidia-smi
    // again and shows its words.
  }
  return out;
}

// Limits of control groups, version 2 and then 1: a container's share is what a job may count on.
std::uint64_t memory_limit() {
  for (const char* file : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::uint64_t bytes = 0;
    if (std::istringstream(first_line(file)) >> bytes && bytes > 0) return bytes;
  }
  return 0;
}

double processor_limit() {
  double quota = 0, period = 0;
  if (std::istringstream(first_line("/sys/fs/cgroup/cpu.max")) >> quota >> period && period > 0) return quota / period;
  if (std::istringstream(first_line("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")) >> quota && quota > 0 &&
      std::istringstream(first_line("/sys/fs/cgroup/cpu/cpu.cfs_period_us")) >> period && period > 0) {
    return quota / period;
  }
  return 0;
}

}  // namespace

std::vector<std::string> gpus_of_driver() {
  std::vector<std::string> out;
  std::error_code none;
  for (const auto& gpu : fs::directory_iterator("/proc/driver/nvidia/gpus", none)) {
    const std::string model = value_in(gpu.path() / "information", "Model");
    out.push_back(model.empty() ? "a GPU" : model);
  }
  std::ranges::sort(out);
  return out;
}

Machine this_machine() {
  Machine out;
  utsname names{};
  if (::uname(&names) == 0) {
    out.name = names.nodename;
    out.kernel = names.release;
  }
  out.system = value_in("/etc/os-release", "PRETTY_NAME");
  out.cpu = value_in("/proc/cpuinfo", "model name");
  out.cores = allowed_cores();
  out.cpu_limit = processor_limit();
  out.memory_bytes = kilobytes_in("/proc/meminfo", "MemTotal");
  out.memory_available_bytes = kilobytes_in("/proc/meminfo", "MemAvailable");
  if (const std::uint64_t limit = memory_limit(); limit > 0 && limit < out.memory_bytes) {
    std::uint64_t used = 0;
    std::istringstream(first_line("/sys/fs/cgroup/memory.current")) >> used;
    out.memory_bytes = limit;
    out.memory_available_bytes = std::min(out.memory_available_bytes, limit - std::min(limit, used));
  }
  out.instruction_set = instruction_level();
  out.gpus = graphics_processors();
  return out;
}

Json machine_facts(const Machine& machine) {
  return {{"name", machine.name},
          {"system", machine.system},
          {"kernel", machine.kernel},
          {"cpu", machine.cpu},
          {"cores", machine.cores},
          {"instruction_set", machine.instruction_set},
          {"memory_bytes", machine.memory_bytes},
          {"gpus", machine.gpus}};
}

}  // namespace moola::record
