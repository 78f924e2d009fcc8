#include "record/doctor.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>
#include <sstream>

#include "base/atomic_file.h"
#include "base/byte_size.h"
#include "base/error.h"
#include "base/subprocess.h"
#include "record/machine.h"

namespace moola::record {
namespace {

namespace fs = std::filesystem;
using Level = Finding::Level;

std::string first_line_of(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \r\n\t");
  if (begin == std::string::npos) return "";
  const std::size_t end = text.find('\n', begin);
  return text.substr(begin, end == std::string::npos ? end : end - begin);
}

// What a program says first when asked; nothing when it is not there or fails.
std::optional<std::string> ask(const std::vector<std::string>& command) {
  if (!find_program(command.front())) return std::nullopt;
  try {
    const ProcessResult result = run_process(command);
    if (result.exit_code == 0) return first_line_of(result.output.empty() ? result.errors : result.output);
  } catch (const IoError&) {
    // There but not to be started (another architecture, a broken script): the same as not there.
  }
  return std::nullopt;
}

// Libraries as the dynamic loader resolves them for a program: soname → path, empty where it finds none.
std::map<std::string, fs::path> loaded_by(const fs::path& program) {
  std::map<std::string, fs::path> out;
  if (!fs::exists(program) || !find_program("ldd")) return out;
  const ProcessResult result = run_process({"ldd", program.string()});
  std::istringstream lines(result.output);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t begin = line.find_first_not_of(" \t"), arrow = line.find(" => ");
    if (begin == std::string::npos || arrow == std::string::npos) continue;
    std::string target = line.substr(arrow + 4);
    target = target.substr(0, target.find(" ("));
    out[line.substr(begin, arrow - begin)] = target == "not found" ? "" : target;
  }
  return out;
}

Finding processor(const Machine& machine) {
  Finding out{
      "processor",
      Level::fine,
      fmt::format("{}, {} core{} for us, x86-64-{}", machine.cpu.empty() ? "unknown" : machine.cpu, machine.cores,
                  machine.cores == 1 ? "" : "s", machine.instruction_set),
      "",
      {{"cores", machine.cores}, {"instruction_set", machine.instruction_set}, {"cpu_limit", machine.cpu_limit}}};
  if (machine.cpu_limit > 0 && machine.cpu_limit < machine.cores - 0.01) {
    out.level = Level::warning;
    out.found += fmt::format(", limited to {:.1f} cores' worth of time", machine.cpu_limit);
    out.advice = fmt::format("start no more ranks than that: --ranks {}",
                             std::max(1, static_cast<int>(std::floor(machine.cpu_limit))));
  } else if (machine.instruction_set == "v1" || machine.instruction_set == "v2") {
    out.level = Level::warning;
    out.advice = "works, but training needs a processor with AVX2 (x86-64-v3) to be fast";
  }
  return out;
}

Finding memory(const Machine& machine) {
  Finding out{"memory",
              Level::fine,
              fmt::format("{} of {} free", readable_bytes(machine.memory_available_bytes),
                          readable_bytes(machine.memory_bytes)),
              "",
              {{"bytes", machine.memory_bytes}, {"available_bytes", machine.memory_available_bytes}}};
  // A rank of pretraining holds about half a gigabyte: LibTorch, the series, and the activations of its micro-batches.
  const double per_rank = static_cast<double>(machine.memory_available_bytes) / machine.cores;
  if (machine.memory_available_bytes > 0 && per_rank < 0.6e9) {
    out.level = Level::warning;
    out.advice =
        fmt::format("less than 0.6 GB per core: start fewer ranks (--ranks {})",
                    std::max(1, static_cast<int>(static_cast<double>(machine.memory_available_bytes) / 0.6e9)));
  }
  return out;
}

Finding workspace_of(const fs::path& workspace) {
  Finding out{"workspace", Level::fine, fs::absolute(workspace).lexically_normal().string(), "", Json::object()};
  fs::path at = fs::absolute(workspace).lexically_normal();
  std::error_code error;
  while (!fs::exists(at, error) && at.has_relative_path()) at = at.parent_path();
  if (!fs::is_directory(at, error)) {
    out.level = Level::broken;
    out.found += fmt::format(": {} is no folder", at.string());
    out.advice = "name another with --workspace DIR";
    return out;
  }
  if (!fs::exists(workspace, error)) out.found += " (not there yet; the first moola data import makes it)";
  const fs::space_info space = fs::space(at, error);
  if (!error) {
    out.found += fmt::format(", {} free of {}", readable_bytes(space.available), readable_bytes(space.capacity));
    out.details["available_bytes"] = space.available;
    if (space.available < 2'000'000'000U) {
      out.level = Level::warning;
      out.advice = "less than 2 GB free: a data set or a checkpoint may not fit; moola runs prune deletes old runs";
    }
  }
  // Rights can't be read off the mode bits (quotas, read-only mounts, root squashing): try.
  try {
    const fs::path probe = at / fmt::format(".moola-doctor.{}", ::getpid());
    write_file(probe, "moola doctor\n");
    fs::remove(probe, error);
    out.details["writable"] = true;
  } catch (const IoError& refusal) {
    out.level = Level::broken;
    out.found += fmt::format("; not writable: {}", refusal.what());
    out.advice = "name a folder you may write to with --workspace DIR or MOOLA_WORKSPACE";
    out.details["writable"] = false;
  }
  return out;
}

Finding mpi() {
  const auto version = ask({"mpirun", "--version"});
  if (version)
    return {"MPI", Level::fine, *version, "", {{"version", *version}, {"mpirun", find_program("mpirun")->string()}}};
  return {"MPI", Level::warning, "no mpirun on PATH", "without it a job runs as one rank: apt-get install openmpi-bin",
          Json::object()};
}

Finding slurm() {
  const auto version = ask({"sbatch", "--version"});
  const char* job = std::getenv("SLURM_JOB_ID");
  if (!version && job == nullptr) {
    return {"Slurm", Level::note, "none here", "", {{"in_job", false}}};
  }
  return {"Slurm",
          Level::fine,
          fmt::format("{}{}", version.value_or("sbatch is not on PATH"),
                      job != nullptr ? fmt::format(", in job {}", job) : ""),
          "",
          {{"version", version.value_or("")}, {"in_job", job != nullptr}}};
}

Finding gpus(const Machine& machine, const fs::path& programs) {
  Finding out{"GPU", Level::note, "none", "", {{"gpus", machine.gpus}}};
  if (machine.gpus.empty()) {
    std::error_code error;
    if (fs::exists("/dev/nvidia0", error) || find_program("nvidia-smi")) {
      out.level = Level::warning;
      out.found = "a driver is there, but it shows no GPU";
      out.advice =
          "run nvidia-smi: it says why (driver and kernel of different versions, or no device given to this container)";
    }
    return out;
  }
  out.level = Level::fine;
  out.found = fmt::format("{} × {}", machine.gpus.size(), machine.gpus.front());
  const fs::path bridge = programs / "libmoola-cuda.so",
                 installed = programs.parent_path() / "lib" / "libmoola-cuda.so";
  if (!fs::exists(bridge) && !fs::exists(installed)) {
    out.level = Level::warning;
    out.advice =
        "libmoola-cuda.so was not built, so training uses the processor: run ./tools/setup here (it brings the CUDA "
        "LibTorch), then build again";
  }
  return out;
}

Finding nccl(const Machine& machine, const fs::path& programs) {
  for (const fs::path& folder : {programs, programs.parent_path() / "lib"}) {
    for (const auto& [name, path] : loaded_by(folder / "libmoola-cuda.so")) {
      if (!name.starts_with("libnccl")) continue;
      if (!path.empty()) return {"NCCL", Level::fine, path.string(), "", {{"path", path.string()}}};
      return {"NCCL", Level::warning, name + " is not found",
              "several GPUs can't work together: ./tools/setup brings it", Json::object()};
    }
  }
  return {"NCCL", machine.gpus.size() > 1 ? Level::warning : Level::note, "none",
          machine.gpus.size() > 1 ? "several GPUs can't work together without it: ./tools/setup brings it" : "",
          Json::object()};
}

// A library is what the program that needs it loads: where, and in which version as far as its file's name tells.
Finding library(const std::string& topic, const std::string& soname, const fs::path& program, bool optional,
                const std::string& advice) {
  if (!fs::exists(program)) {
    const std::string name = program.filename().string();
    return {topic, Level::warning, fmt::format("unknown: {} is not beside this program", name),
            "build it: ./tools/setup && cmake --preset release && cmake --build --preset release", Json::object()};
  }
  for (const auto& [name, path] : loaded_by(program)) {
    if (!name.starts_with(soname)) continue;
    if (path.empty())
      return {topic, Level::broken, fmt::format("{} can't find {}", program.filename().string(), name), advice,
              Json::object()};
    std::error_code error;
    const fs::path real = fs::canonical(path, error);
    std::string version = (error ? path : real).filename().string();
    const std::size_t so = version.find(".so.");
    version = so == std::string::npos ? "" : version.substr(so + 4);
    Json details{{"path", path.string()}};
    if (!version.empty()) details["file_version"] = version;
    return {topic, Level::fine, path.string() + (version.empty() ? "" : " (file version " + version + ")"), "",
            details};
  }
  return {topic, optional ? Level::note : Level::warning,
          fmt::format("{} was built without it", program.filename().string()), advice, Json::object()};
}

// The wheel says its version in a file beside the library.
void add_torch_version(Finding& torch) {
  if (!torch.details.contains("path")) return;
  const fs::path site = fs::path(torch.details["path"].get<std::string>()).parent_path().parent_path().parent_path();
  std::error_code error;
  for (auto at = fs::directory_iterator(site, error); !error && at != fs::directory_iterator(); at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (!name.starts_with("torch-") || !name.ends_with(".dist-info")) continue;
    const std::string version = name.substr(6, name.size() - 6 - 10);
    torch.details["version"] = version;
    torch.found = version + ", " + torch.details["path"].get<std::string>();
  }
}

Finding gnuplot() {
  if (const auto version = ask({"gnuplot", "--version"}))
    return {"gnuplot", Level::fine, *version, "", {{"version", *version}}};
  return {"gnuplot", Level::warning, "not installed", "reports have no plots without it: apt-get install gnuplot-nox",
          Json::object()};
}

Finding python(const fs::path& programs) {
  // build/PRESET/bin of a checkout has the environment three levels up.
  for (fs::path at = programs; at.has_relative_path(); at = at.parent_path()) {
    const fs::path interpreter = at / ".venv" / "bin" / "python3";
    if (!fs::exists(interpreter)) continue;
    if (const auto version = ask({interpreter.string(), "--version"})) {
      return {"Python",
              Level::fine,
              fmt::format("{}, {}", *version, interpreter.string()),
              "",
              {{"path", interpreter.string()}}};
    }
    return {"Python", Level::warning, interpreter.string() + " does not start",
            "make it anew: delete .venv, run ./tools/setup", Json::object()};
  }
  return {"Python", Level::note, "no .venv above the programs",
          "only setup and interoperability tests use it: ./tools/setup makes it", Json::object()};
}

}  // namespace

std::string to_string(Level level) {
  switch (level) {
    case Level::fine:
      return "fine";
    case Level::note:
      return "note";
    case Level::warning:
      return "warning";
    case Level::broken:
      return "broken";
  }
  return "unknown";
}

std::vector<Finding> examine(const fs::path& workspace, const fs::path& programs) {
  const Machine machine = this_machine();
  std::vector<Finding> out{{"system",
                            Level::fine,
                            fmt::format("{}, Linux {}, host {}", machine.system, machine.kernel, machine.name),
                            "",
                            {{"system", machine.system}, {"kernel", machine.kernel}, {"host", machine.name}}}};
  out.push_back(processor(machine));
  out.push_back(memory(machine));
  out.push_back(workspace_of(workspace));
  out.push_back(mpi());
  out.push_back(slurm());
  out.push_back(gpus(machine, programs));
  out.push_back(nccl(machine, programs));
  Finding torch = library("LibTorch", "libtorch_cpu.so", programs / "moola-pretrain-rank", false,
                          "./tools/setup brings it into .venv; then build again");
  add_torch_version(torch);
  out.push_back(std::move(torch));
  out.push_back(library("HDF5", "libhdf5", programs / "moola-data", false, "apt-get install libhdf5-103-1"));
  out.push_back(
      library("Arrow", "libarrow.so", programs / "moola-data", true,
              "Parquet files can't be read or written without it: ./tools/setup brings it; then build again"));
  out.push_back(gnuplot());
  out.push_back(python(programs));
  return out;
}

}  // namespace moola::record
