#include "cluster/launch/ranks.h"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/launched_ranks.h"
#include "base/nearest.h"
#include "base/subprocess.h"
#include "cluster/launch/slurm_job.h"

namespace moola::launch {
namespace {

namespace fs = std::filesystem;

bool is_gpu_node(const std::string& name) {
  constexpr std::string_view kPrefix = "nvidia";
  return name.size() > kPrefix.size() && name.starts_with(kPrefix) &&
         std::all_of(name.begin() + kPrefix.size(), name.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

// Entries count up to the first that names no device, as CUDA itself reads the variable.
int visible_devices(const std::string& text, int present) {
  std::istringstream entries(text);
  int visible = 0;
  for (std::string entry; std::getline(entries, entry, ',');) {
    entry.erase(std::remove_if(entry.begin(), entry.end(), [](unsigned char c) { return std::isspace(c) != 0; }),
                entry.end());
    if (entry.starts_with("GPU-") || entry.starts_with("MIG-")) {
      ++visible;
      continue;
    }
    const bool number = !entry.empty() && entry.size() < 6 &&
                        std::all_of(entry.begin(), entry.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    if (!number || std::stoi(entry) >= present) break;
    ++visible;
  }
  return visible;
}

// Cores a control group's quota stands for; none when it has no limit.
std::optional<double> quota_cores() {
  std::string quota;
  double period = 0;
  if (std::ifstream v2("/sys/fs/cgroup/cpu.max"); v2 >> quota >> period) {
    if (quota == "max" || period <= 0) return std::nullopt;
    return std::strtod(quota.c_str(), nullptr) / period;
  }
  std::ifstream v1_quota("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), v1_period("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  double used = 0;
  if (v1_quota >> used && v1_period >> period && used > 0 && period > 0) return used / period;
  return std::nullopt;
}

}  // namespace

int count_gpus(const fs::path& devices) {
  if (const char* cuda = std::getenv("MOOLA_CUDA"); cuda != nullptr && std::string(cuda) == "off") return 0;
  std::error_code ignored;  // no such folder: no GPU
  int present = 0;
  for (const auto& entry : fs::directory_iterator(devices, ignored))
    present += is_gpu_node(entry.path().filename().string());
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  return visible != nullptr ? std::min(present, visible_devices(visible, present)) : present;
}

int count_cores() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  // Fails on hosts with more cores than the mask holds.
  int cores = ::sched_getaffinity(0, sizeof mask, &mask) == 0 ? CPU_COUNT(&mask)
                                                              : static_cast<int>(std::thread::hardware_concurrency());
  if (const auto quota = quota_cores()) cores = std::min(cores, static_cast<int>(std::ceil(*quota)));
  return std::max(cores, 1);
}

std::vector<std::string> named_hosts() {
  std::vector<std::string> out;
  const char* named = std::getenv("MOOLA_HOSTS");
  std::istringstream hosts(named == nullptr ? "" : named);
  for (std::string host; std::getline(hosts, host, ',');) {
    if (!host.empty()) out.push_back(host);
  }
  return out;
}

Resources available_resources() {
  Resources here{.gpus = count_gpus(), .cores = count_cores()};
  if (const std::size_t hosts = named_hosts().size(); hosts > 0) {
    here.nodes = static_cast<int>(hosts);
    return here;
  }
  const char* launcher = std::getenv("MOOLA_LAUNCHER");
  const auto job = slurm_job();
  if (!job || !find_program("srun")) return here;
  if (launcher != nullptr && std::string_view(launcher) == "mpirun" && !mpirun_reaches_all_nodes(*job)) return here;
  here.nodes = job->nodes;
  if (job->cpus_on_node > 0) here.cores = job->cpus_on_node;
  if (const char* cuda = std::getenv("MOOLA_CUDA"); cuda != nullptr && std::string_view(cuda) == "off") return here;
  if (job->gpus_on_node > 0) here.gpus = job->gpus_on_node;
  // A shell of salloc may run on a login node.
  here.gpus_known = here.gpus > 0 || std::getenv("SLURM_CPUS_ON_NODE") != nullptr;
  return here;
}

RankCount resolve_ranks(int requested, const std::string& device, const Resources& resources, int most) {
  if (device != "auto" && device != "cpu" && device != "cuda") {
    const std::vector<std::string> known{"auto", "cpu", "cuda"};
    throw ConfigError(fmt::format("parallel.device = \"{}\" is none of \"auto\", \"cpu\" and \"cuda\".{}", device,
                                  did_you_mean(device, known)));
  }
  if (requested < 0)
    throw ConfigError(fmt::format("--ranks {} is no number of ranks: give 1 or more, or leave it out", requested));
  const int gpus = resources.gpus * resources.nodes, cores = resources.cores * resources.nodes;
  const std::string where =
      resources.nodes == 1 ? "this host" : fmt::format("the {} nodes of this job", resources.nodes);
  if (device != "cpu" && !resources.gpus_known) {
    if (requested > 0) return {requested, {}};
    if (device == "cuda") {
      throw ConfigError(
          "device = \"cuda\", but how many GPUs the nodes of this Slurm job have can't be seen from here. Say how many "
          "ranks to start, one for each GPU: --ranks N.");
    }
  }
  if (device == "cuda" && gpus == 0) {
    throw ConfigError(fmt::format(
        "device = \"cuda\", but {} {} no NVIDIA GPU for this process: there is no /dev/nvidia0, or "
        "CUDA_VISIBLE_DEVICES hides it, or MOOLA_CUDA is off. Set parallel.device = \"cpu\" or \"auto\", or start the "
        "job where a GPU is.",
        where, resources.nodes == 1 ? "has" : "have"));
  }
  if (device == "cpu" || gpus == 0) {
    RankCount count{requested > 0 ? requested : std::max(1, std::min(cores, most)), {}};
    if (count.ranks > cores) {
      count.warning = fmt::format("{} ranks share {} core{}: they take turns, which is slower than {} rank{}",
                                  count.ranks, cores, cores == 1 ? "" : "s", cores, cores == 1 ? "" : "s");
    }
    return count;
  }
  if (requested > gpus) {
    throw ConfigError(
        fmt::format("--ranks {}, but {} {} {} GPU{} for this job and a GPU serves one rank. Start at most {} (--ranks "
                    "{}), or run on the CPU with --set parallel.device=cpu.",
                    requested, where, resources.nodes == 1 ? "has" : "have", gpus, gpus == 1 ? "" : "s", gpus, gpus));
  }
  return {requested > 0 ? requested : std::max(1, std::min(gpus, most)), {}};
}

bool running_under_launcher() {
  return *launched_ranks().said_by != 0;
}

}  // namespace moola::launch
