#include "cluster/pack/open_mpi.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "base/error.h"
#include "base/subprocess.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOtherWay = "Pack without it, --no-mpi, and install Open MPI 4 in the place.";

struct Paths {
  fs::path prefix, plugins, texts;
};

Paths installed_paths() {
  const auto asking = find_program("ompi_info");
  if (!asking)
    throw ConfigError(fmt::format("ompi_info, which says where Open MPI lies, is not on PATH. {}", kOtherWay));
  const ProcessResult said = run_process({asking->string(), "--path", "all", "--parsable"});
  Paths out;
  std::istringstream lines(said.output);
  for (std::string line; std::getline(lines, line);) {
    const auto take = [&](std::string_view name, fs::path& path) {
      if (line.starts_with(name)) path = line.substr(name.size());
    };
    take("path:prefix:", out.prefix);
    take("path:pkglibdir:", out.plugins);
    take("path:pkgdatadir:", out.texts);
  }
  const auto below = [&](const fs::path& path) {
    const fs::path relative = path.lexically_relative(out.prefix);
    return !relative.empty() && *relative.begin() != "..";
  };
  if (!below(out.plugins) || !below(out.texts))
    throw ConfigError(
        fmt::format("this Open MPI keeps its plug-ins in '{}' and its texts in '{}', not below its prefix "
                    "'{}', so it can't be moved. {}",
                    out.plugins.string(), out.texts.string(), out.prefix.string(), kOtherWay));
  return out;
}

fs::path program_file(const std::string& name) {
  const auto found = find_program(name);
  if (!found) throw ConfigError(fmt::format("Open MPI's {} is not on PATH. {}", name, kOtherWay));
  return fs::canonical(*found);
}

std::vector<fs::path> files_in(const fs::path& folder, std::string_view extension) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == extension && entry.is_regular_file()) out.push_back(entry.path());
  }
  std::ranges::sort(out);
  return out;
}

void add(std::vector<LoadedLibrary>& libraries, const std::vector<LoadedLibrary>& more) {
  for (const LoadedLibrary& each : more) {
    if (std::ranges::find(libraries, each.name, &LoadedLibrary::name) == libraries.end()) libraries.push_back(each);
  }
}

}  // namespace

bool of_open_mpi(std::string_view library) {
  constexpr std::array ours{"libmpi",   "libopen-rte", "libopen-pal", "libmca_common_", "libpmix",
                            "libhwloc", "libevent",    "libmunge",    "libudev"};
  return std::ranges::any_of(ours, [&](std::string_view each) { return library.starts_with(each); });
}

std::vector<PackFile> open_mpi_files(std::vector<LoadedLibrary>& libraries) {
  const Paths paths = installed_paths();
  std::vector<PackFile> out;
  for (const char* name : {"mpirun", "orted"}) {
    const fs::path file = program_file(name);
    add(libraries, loaded_libraries(file));
    out.push_back({.part = PackPart::mpi,
                   .path = std::string("bin/") + name,
                   .source = file,
                   .executable = true,
                   .edit = PackEdit::relocate});
  }
  for (const fs::path& plugin : files_in(paths.plugins, ".so")) {
    const std::vector<LoadedLibrary> needed = loaded_libraries(plugin);
    const bool whole = std::ranges::all_of(needed, [](const LoadedLibrary& each) {
      return !each.file.empty() && owner_of(each.name) != LibraryOwner::fabric;
    });
    if (!whole) continue;
    add(libraries, needed);
    out.push_back({.part = PackPart::mpi,
                   .path = plugin.lexically_relative(paths.prefix).generic_string(),
                   .source = plugin,
                   .edit = PackEdit::relocate});
  }
  for (const fs::path& text : files_in(paths.texts, ".txt")) {
    out.push_back(
        {.part = PackPart::mpi, .path = text.lexically_relative(paths.prefix).generic_string(), .source = text});
  }
  return out;
}

}  // namespace moola::cluster
