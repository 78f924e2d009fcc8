#include "record/run_prune.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <ranges>
#include <set>

#include "base/error.h"
#include "base/file_lock.h"
#include "base/log.h"
#include "base/nearest.h"

namespace moola::record {
namespace {

namespace fs = std::filesystem;

std::uint64_t bytes_in(const fs::path& folder) {
  std::uint64_t sum = 0;
  std::error_code error;
  for (auto at = fs::recursive_directory_iterator(folder, error); !error && at != fs::recursive_directory_iterator();
       at.increment(error)) {
    if (at->is_regular_file(error)) sum += at->file_size(error);
  }
  return sum;
}

bool holds_files(const fs::path& folder) {
  std::error_code error;
  return fs::directory_iterator(folder, error) != fs::directory_iterator();
}

}  // namespace

Direction better(const std::string& metric) {
  if (metric.ends_with("_s") && !metric.ends_with("_per_s")) return Direction::lowest;
  for (const char* low :
       {"loss", "error", "mse", "mae", "huber", "brier", "ece", "pbo", "drawdown", "seconds", "baselines."}) {
    if (metric.find(low) != std::string::npos) return Direction::lowest;
  }
  return Direction::highest;
}

std::vector<RunSummary> ranked(std::vector<RunSummary> runs, const std::string& metric, Direction direction) {
  std::set<std::string> known;
  std::size_t finished = 0;
  std::erase_if(runs, [&](const RunSummary& run) {
    if (run.manifest.status != RunState::finished) return true;
    ++finished;
    for (const auto& [name, value] : run.numbers) known.insert(name);
    const auto at = run.numbers.find(metric);
    return at == run.numbers.end() || !std::isfinite(at->second);
  });
  if (runs.empty()) {
    if (finished == 0) throw ConfigError("there is no finished run to choose from.");
    const std::vector<std::string> names(known.begin(), known.end());
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
    throw ConfigError(fmt::format("no finished run has the metric '{}'.{} Recorded are: {}.", metric,
                                  did_you_mean(metric, names), list.empty() ? "none" : list));
  }
  std::reverse(runs.begin(), runs.end());  // newest first among equals
  std::stable_sort(runs.begin(), runs.end(), [&](const RunSummary& a, const RunSummary& b) {
    const double l = a.numbers.at(metric), r = b.numbers.at(metric);
    return direction == Direction::lowest ? l < r : l > r;
  });
  return runs;
}

PrunePlan plan_prune(const RunList& list, std::size_t keep, bool unfinished) {
  PrunePlan plan;
  std::map<std::pair<std::string, std::string>, std::size_t> newer;
  std::vector<const RunSummary*> old;
  std::set<std::string> parents;
  const auto add_parents = [&](const RunSummary& run) {
    for (const Parent& parent : run.manifest.parents) parents.insert(parent.id);
  };
  for (const RunSummary& run : std::views::reverse(list.runs)) {
    const std::string id = run.path.filename().string();
    const bool stays = newer[{run.manifest.job, run.manifest.name}]++ < keep;
    // A full disk makes a failed run of one that could go on.
    const bool open = run.state == "stopped" || run.state == "interrupted" ||
                      (run.state == "failed" && holds_files(run.path / "checkpoints"));
    if (!stays && run.state == "running")
      plan.kept_because.push_back(id + ": at work");
    else if (!stays && open && !unfinished)
      plan.kept_because.push_back(id + ": " + run.state + "; --unfinished deletes such runs too");
    else if (!stays) {
      old.push_back(&run);
      continue;
    }
    add_parents(run);
  }
  // Newest first: a run that stays for its child's sake may itself have a parent, which is older.
  for (const RunSummary* run : old) {
    const std::string id = run->path.filename().string();
    if (parents.contains(id)) {
      plan.kept_because.push_back(id + ": a run that stays was made from it");
      add_parents(*run);
    } else {
      plan.remove.push_back({run->path, run->state, bytes_in(run->path)});
    }
  }
  return plan;
}

void prune(const fs::path& workspace, const PrunePlan& plan) {
  const fs::path runs = runs_folder(workspace);
  std::error_code error;
  if (!fs::is_directory(runs, error)) return;
  std::vector<fs::path> leftovers;
  for (const auto& entry : fs::directory_iterator(runs)) {
    if (entry.path().filename().string().starts_with(kPrunedRun)) leftovers.push_back(entry.path());
  }
  for (const PrunedRun& run : plan.remove) {
    const fs::path aside = runs / (kPrunedRun + run.path.filename().string());
    try {
      const FileLock lock(run.path / "run.lock", std::chrono::milliseconds(200));
      fs::rename(run.path, aside, error);
    } catch (const CommError&) {
      log_warning("{} has begun to work and is left alone.", run.path.filename().string());
      continue;
    }
    if (error) throw IoError("cannot delete " + run.path.string(), error.value());
    leftovers.push_back(aside);
  }
  for (const fs::path& folder : leftovers) {
    fs::remove_all(folder, error);
    if (error) throw IoError("cannot delete " + folder.string(), error.value());
  }
}

}  // namespace moola::record
