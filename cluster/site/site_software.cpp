#include <dlfcn.h>
#include <fmt/format.h>
#include <gnu/libc-version.h>

#include <iostream>
#include <sstream>

#include "base/subprocess.h"
#include "cluster/site/needed_versions.h"
#include "cluster/site/site_report.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;
using record::Finding;
using Level = Finding::Level;

// The program that needs the newest, and what it needs.
std::pair<std::string, VersionNumbers> newest_need(const fs::path& programs, std::string_view prefix) {
  std::pair<std::string, VersionNumbers> out;
  std::error_code error;
  for (auto at = fs::directory_iterator(programs, error); !error && at != fs::directory_iterator();
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (!name.starts_with("moola") && !name.starts_with("libmoola")) continue;
    const VersionNumbers needs = highest_version(at->path(), prefix);
    if (needs > out.second) out = {name, needs};
  }
  return out;
}

Finding compare(const std::string& topic, const std::pair<std::string, VersionNumbers>& need,
                const VersionNumbers& here, const std::string& advice) {
  Finding out{topic,
              Level::fine,
              fmt::format("{} here, {} needed{}", here.empty() ? "unknown" : version_text(here),
                          need.second.empty() ? "nothing" : version_text(need.second),
                          need.first.empty() ? "" : " by " + need.first),
              "",
              {{"here", version_text(here)}, {"needed", version_text(need.second)}}};
  if (here.empty()) {
    out.level = Level::note;
  } else if (need.second > here) {
    out.level = Level::broken;
    out.advice = advice;
  }
  return out;
}

VersionNumbers libstdcxx_here() {
  Dl_info where{};
  if (::dladdr(reinterpret_cast<const void*>(&std::cout), &where) == 0 || where.dli_fname == nullptr) return {};
  return highest_version(where.dli_fname, "GLIBCXX_");
}

// The library of Open MPI that our ranks load and that says its version.
fs::path linked_mpi(const fs::path& programs) {
  for (const char* name : {"moola-pretrain-rank", "moola-prepare-rank"}) {
    if (!fs::exists(programs / name)) continue;
    std::istringstream lines(ask_program({"ldd", (programs / name).string()}).value_or(""));
    for (std::string line; std::getline(lines, line);) {
      const std::size_t arrow = line.find(" => ");
      if (line.find("libopen-pal.so") == std::string::npos || arrow == std::string::npos) continue;
      const std::string path = line.substr(arrow + 4, line.find(" (", arrow) - arrow - 4);
      return path == "not found" ? fs::path() : fs::path(path);
    }
  }
  return {};
}

// "4.1.4" behind `mark` in `text`.
VersionNumbers version_behind(const std::string& text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  return at == std::string::npos ? VersionNumbers()
                                 : version_numbers(std::string_view(text).substr(at + mark.size(), 20));
}

Finding mpi(const fs::path& programs) {
  const fs::path library = linked_mpi(programs);
  const VersionNumbers ours = library.empty() ? VersionNumbers() : highest_version(library, "v");
  const std::optional<std::string> said = ask_program({"mpirun", "--version"});
  const VersionNumbers theirs = said ? version_behind(*said, "(Open MPI) ") : VersionNumbers();
  Finding out{"MPI flavour",
              Level::fine,
              fmt::format("our ranks: {}; mpirun: {}", ours.empty() ? "none found" : "Open MPI " + version_text(ours),
                          !theirs.empty() ? "Open MPI " + version_text(theirs)
                          : said          ? "not Open MPI"
                                          : "none on PATH"),
              "",
              {{"library", library.string()}, {"linked", version_text(ours)}, {"mpirun", version_text(theirs)}}};
  if (ours.empty()) {
    out.level = Level::warning;
    out.advice =
        "the programs find no libmpi here: load the site's Open MPI 4 (module load openmpi), or install libopenmpi3";
  } else if (said && theirs != ours) {
    out.level = theirs.empty() || theirs.front() != ours.front() ? Level::broken : Level::warning;
    out.advice = fmt::format("ranks and mpirun must be of one version: put the mpirun of {} first on PATH",
                             library.parent_path().string());
  }
  return out;
}

Finding pmix() {
  const std::optional<std::string> list = ask_program({"srun", "--mpi=list"});
  if (!list && !find_program("srun")) return {"PMIx", Level::note, "no srun here", "", Json::object()};
  if (!list) {
    return {
        "PMIx", Level::warning, "srun is here, but does not answer", "see Slurm's controller below", {{"pmix", false}}};
  }
  const bool has = list->find("pmix") != std::string::npos;
  return {"PMIx",
          has ? Level::fine : Level::warning,
          has ? "srun offers it" : "srun --mpi=list does not name pmix",
          has ? "" : "start ranks by mpirun: slurm.mpi = \"mpirun\"",
          {{"pmix", has}}};
}

}  // namespace

std::vector<Finding> examine_software(const fs::path& programs) {
  return {compare("glibc", newest_need(programs, "GLIBC_"), version_numbers(::gnu_get_libc_version()),
                  "build on a system as old as this one, or use a container (slurm.container)"),
          compare("C++ run time", newest_need(programs, "GLIBCXX_"), libstdcxx_here(),
                  "load a module with a newer GCC (slurm.modules), or use a container"),
          mpi(programs), pmix()};
}

}  // namespace moola::cluster
