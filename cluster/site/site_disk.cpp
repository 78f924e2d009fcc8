#include <fmt/format.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "base/scratch_folder.h"
#include "cluster/site/disk_trial.h"
#include "cluster/site/site_report.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;
using record::Finding;
using Level = Finding::Level;
constexpr double kSeconds = 2;  // of writing and reading

// "nfs4" of the mount that holds `folder`; "unknown" where the system does not say.
std::string file_system_of(const fs::path& folder) {
  std::ifstream mounts("/proc/self/mounts");
  std::string best_type = "unknown";
  std::size_t best = 0;
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string device, point, type;
    if (!(words >> device >> point >> type)) continue;
    const fs::path mounted = point;
    const auto [end, at] = std::mismatch(mounted.begin(), mounted.end(), folder.begin(), folder.end());
    if (end != mounted.end()) continue;
    if (point.size() >= best) {
      best = point.size();
      best_type = type;
    }
  }
  return best_type;
}

bool is_shared(const std::string& type) {
  for (const char* shared :
       {"nfs", "lustre", "gpfs", "beegfs", "ceph", "fuse", "panfs", "wekafs", "orangefs", "cifs", "9p", "virtiofs"}) {
    if (type.find(shared) != std::string::npos) return true;
  }
  return false;
}

Finding speed(const fs::path& folder, const std::string& type) {
  const DiskSpeed measured = measure_disk(folder, kSeconds);
  Finding out{"disk speed",
              Level::fine,
              fmt::format("{}{}: writes {:.0f} MB/s, reads {:.0f} MB/s{}, a durable small file {:.1f} ms", type,
                          is_shared(type) ? " (shared)" : "", measured.write * 1e-6, measured.read * 1e-6,
                          measured.direct ? "" : " (through the page cache)", measured.fsync_seconds * 1e3),
              "",
              {{"type", type},
               {"shared", is_shared(type)},
               {"write_bytes_per_second", std::round(measured.write)},
               {"read_bytes_per_second", std::round(measured.read)},
               {"fsync_seconds", measured.fsync_seconds},
               {"direct", measured.direct}}};
  if (measured.write < 20e6 || (measured.read > 0 && measured.read < 20e6)) {
    out.level = Level::warning;
    out.advice = "checkpoints and data sets will be slow here: use the site's scratch file system for --workspace";
  } else if (measured.fsync_seconds > 0.1) {
    out.level = Level::warning;
    out.advice =
        "journals and records wait for the disk: let sweeps run fewer trials side by side, or use another file system";
  }
  return out;
}

Finding locks(const fs::path& folder) {
  Finding out{"disk rules", Level::fine, "", "", Json::object()};
  struct Trial {
    const char *name, *needed_for;
    DiskTrial (*run)(const fs::path&);
    bool must;
  };
  for (const Trial& each :
       {Trial{"flock", "run locks", try_flock, true}, Trial{"fcntl locks", "HDF5", try_record_lock, false},
        Trial{"exclusive create", "run names", try_exclusive_create, true},
        Trial{"hard links", "sweeps' journals beside Optuna", try_hard_link, false},
        Trial{"rename over an open file", "checkpoints", try_rename_over_open_file, true}}) {
    const DiskTrial trial = each.run(folder);
    out.details[each.name] = trial.holds;
    out.found += fmt::format("{}{} {}", out.found.empty() ? "" : ", ", each.name, trial.holds ? "work" : "FAIL");
    if (trial.holds) continue;
    if (!trial.why_not.empty()) out.found += fmt::format(" ({})", trial.why_not);
    out.level = each.must ? Level::broken : out.level == Level::broken ? Level::broken : Level::warning;
    out.advice += fmt::format("{}{} are needed for {}", out.advice.empty() ? "" : "; ", each.name, each.needed_for);
  }
  if (!out.advice.empty()) out.advice += ": use a --workspace on another file system, or have it mounted with locks";
  return out;
}

Finding clock(const fs::path& folder) {
  const double ahead = server_clock_ahead(folder);
  Finding out{"clock",
              Level::fine,
              fmt::format("the file server's is {:+.2f} s from ours", ahead),
              "",
              {{"ahead_seconds", ahead}}};
  if (std::fabs(ahead) > 1) {
    out.level = Level::warning;
    out.advice = "times of records will not agree, and munge may refuse jobs: tell the administrator (NTP)";
  }
  return out;
}

Finding inodes(const fs::path& folder) {
  struct statvfs about {};
  if (::statvfs(folder.c_str(), &about) != 0 || about.f_files == 0)
    return {"room", Level::note, "the file system does not say how many files it can hold", "", Json::object()};
  const double bytes = static_cast<double>(about.f_bavail) * static_cast<double>(about.f_frsize);
  Finding out{"room",
              Level::fine,
              fmt::format("{:.1f} GB and {} files free", bytes * 1e-9, about.f_favail),
              "",
              {{"bytes", bytes}, {"files", about.f_favail}}};
  if (bytes < 2e9 || about.f_favail < 10'000) {
    out.level = Level::warning;
    out.advice = "a run may not fit: moola runs prune deletes old ones; quota -s tells your own limits";
  }
  return out;
}

}  // namespace

std::vector<Finding> examine_disk(const fs::path& workspace) {
  fs::path at = fs::absolute(workspace).lexically_normal();
  std::error_code error;
  while (!fs::exists(at, error) && at.has_relative_path()) at = at.parent_path();
  std::vector<Finding> out;
  try {
    const ScratchFolder scratch(at / ".moola-site.");
    out.push_back(inodes(at));
    out.push_back(locks(scratch.path()));
    out.push_back(clock(scratch.path()));
    out.push_back(speed(scratch.path(), file_system_of(at)));
  } catch (const IoError& refusal) {
    out.push_back({"disk", Level::broken, refusal.what(),
                   "name a folder with room that you may write to: --workspace DIR", Json::object()});
  }
  return out;
}

}  // namespace moola::cluster
