#include "cluster/pack/loaded_libraries.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "base/error.h"
#include "base/subprocess.h"

namespace moola::cluster {
namespace {

bool begins_with_any(std::string_view name, const auto& beginnings) {
  return std::ranges::any_of(beginnings, [&](std::string_view each) { return name.starts_with(each); });
}

}  // namespace

std::vector<LoadedLibrary> loaded_libraries(const std::filesystem::path& file) {
  const ProcessResult asked = run_process({"/lib64/ld-linux-x86-64.so.2", "--list", file.string()});
  if (asked.exit_code != 0 && asked.output.empty())
    throw IoError(fmt::format("the loader can't read {}: {}", file.string(), asked.errors));
  std::vector<LoadedLibrary> out;
  std::istringstream lines(asked.output);
  for (std::string line; std::getline(lines, line);) {
    const auto arrow = line.find(" => ");
    if (arrow == std::string::npos) continue;  // the loader itself, and the kernel's part
    const auto name = line.find_first_not_of(" \t");
    const std::string found = line.substr(arrow + 4);
    const auto address = found.rfind(" (0x");
    out.push_back({.name = line.substr(name, arrow - name),
                   .file = address == std::string::npos ? "" : found.substr(0, address)});
  }
  return out;
}

LibraryOwner owner_of(std::string_view library) {
  constexpr std::array c_library{"ld-linux",  "libc.so",  "libm.so",        "libmvec.so", "libpthread.so",
                                 "libdl.so",  "librt.so", "libresolv.so",   "libutil.so", "libanl.so",
                                 "libnsl.so", "libnss_",  "libthread_db.so"};
  constexpr std::array run_time{"libstdc++.so", "libgcc_s.so"};
  constexpr std::array driver{"libcuda.so", "libnvidia-"};
  constexpr std::array torch{"libtorch",    "libc10",        "libcaffe2", "libshm",      "libgomp.so", "libcudart",
                             "libcupti",    "libcublas",     "libcudnn",  "libcufft",    "libcufile",  "libcurand",
                             "libcusolver", "libcusparse",   "libcudss",  "libnccl",     "libnvrtc",   "libnvJitLink",
                             "libnvshmem",  "libnvToolsExt", "libnvtx",   "libnvfatbin", "libnvperf"};
  constexpr std::array fabric{"libfabric",          "libuct.so", "libucp.so", "libucs.so",         "libucm.so",
                              "libibverbs",         "librdmacm", "libpsm",    "liboshmem",         "libnl-",
                              "libxpmem",           "libefa",    "libmlx",    "libmca_common_ofi", "libmca_common_ucx",
                              "libmca_common_verbs"};
  if (begins_with_any(library, c_library)) return LibraryOwner::c_library;
  if (begins_with_any(library, run_time)) return LibraryOwner::run_time;
  if (begins_with_any(library, driver)) return LibraryOwner::driver;
  if (begins_with_any(library, torch)) return LibraryOwner::torch;
  if (begins_with_any(library, fabric)) return LibraryOwner::fabric;
  return LibraryOwner::other;
}

}  // namespace moola::cluster
