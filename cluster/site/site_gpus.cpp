#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "base/subprocess.h"
#include "cluster/site/needed_versions.h"
#include "cluster/site/site_report.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;
using record::Finding;
using Level = Finding::Level;

struct Gpu {
  std::string index, name, driver;
  long used = 0, total = 0, busy = 0;  // MiB, percent
  // What a driver keeps for itself is less than this; a program takes several hundred.
  bool idle() const { return used < 200 && busy < 10; }
};

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> out;
  std::istringstream rest(line);
  for (std::string field; std::getline(rest, field, ',');) {
    field.erase(0, std::min(field.find_first_not_of(' '), field.size()));
    out.push_back(field);
  }
  return out;
}

std::vector<Gpu> gpus_of(const std::string& table) {
  std::vector<Gpu> out;
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);) {
    const std::vector<std::string> fields = fields_of(line);
    if (fields.size() < 6) continue;
    const auto number = [&](std::size_t i) { return std::strtol(fields[i].c_str(), nullptr, 10); };
    out.push_back({fields[0], fields[1], fields[2], number(3), number(4), number(5)});
  }
  return out;
}

// The lowest driver for the CUDA that our library is linked with. Source: NVIDIA's table of CUDA and driver versions.
std::optional<std::pair<int, int>> needed_driver(const fs::path& programs) {
  for (const fs::path& file : {programs / "libmoola-cuda.so", programs.parent_path() / "lib" / "libmoola-cuda.so"}) {
    if (!fs::exists(file)) continue;
    const std::string libraries = ask_program({"ldd", file.string()}).value_or("");
    for (const auto& [cuda, driver] : {std::pair(13, 580), {12, 525}, {11, 450}}) {
      if (libraries.find(fmt::format("libcudart.so.{}", cuda)) != std::string::npos) return std::pair(cuda, driver);
    }
  }
  return std::nullopt;
}

Finding driver(const std::vector<Gpu>& gpus, const fs::path& programs) {
  Finding out{"NVIDIA driver", Level::fine, gpus.front().driver, "", {{"driver", gpus.front().driver}}};
  const auto needed = needed_driver(programs);
  if (!needed) return out;
  const VersionNumbers here = version_numbers(gpus.front().driver);
  out.found += fmt::format(", our CUDA {} needs {}", needed->first, needed->second);
  if (!here.empty() && here.front() < needed->second) {
    out.level = Level::broken;
    out.advice = "choose nodes with a newer driver (slurm.constraint), or build with the LibTorch of an older CUDA";
  }
  return out;
}

}  // namespace

std::vector<Finding> examine_gpus(const fs::path& programs, std::optional<int> wanted) {
  std::vector<Finding> out;
  const std::optional<std::string> table =
      ask_program({"nvidia-smi", "--query-gpu=index,name,driver_version,memory.used,memory.total,utilization.gpu",
                   "--format=csv,noheader,nounits"});
  const std::vector<Gpu> gpus = gpus_of(table.value_or(""));
  if (!gpus.empty()) out.push_back(driver(gpus, programs));
  for (const Gpu& gpu : gpus) {
    out.push_back(
        {"GPU " + gpu.index,
         gpu.idle() ? Level::fine : Level::warning,
         fmt::format("{}, {} of {} MiB used, {} % busy: {}", gpu.name, gpu.used, gpu.total, gpu.busy,
                     gpu.idle() ? "idle" : "another process has it"),
         gpu.idle() ? "" : "nvidia-smi tells whose it is; leave the node out (slurm.exclude) or wait",
         {{"idle", gpu.idle()}, {"used_mib", gpu.used}, {"total_mib", gpu.total}, {"busy_percent", gpu.busy}}});
  }
  const auto idle = std::ranges::count_if(gpus, &Gpu::idle);
  if (wanted) {
    const bool enough = idle >= *wanted;
    out.push_back({"GPUs wanted",
                   enough ? Level::fine : Level::broken,
                   fmt::format("{} wanted, {} here, {} idle", *wanted, gpus.size(), idle),
                   enough ? "" : "ask for a node with them (step.NAME.gpus, slurm.gpu_type); nvidia-smi must show them",
                   {{"wanted", *wanted}, {"present", gpus.size()}, {"idle", idle}}});
  } else if (gpus.empty()) {
    out.push_back({"GPUs",
                   Level::note,
                   table || find_program("nvidia-smi") ? "nvidia-smi shows none" : "none, and no nvidia-smi",
                   "",
                   {{"present", 0}}});
  }
  return out;
}

}  // namespace moola::cluster
