#include "work/quota/quota_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <span>

#include "base/error.h"
#include "base/file_lock.h"
#include "base/log.h"
#include "record/run_prune.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;
using record::RunSummary;

constexpr std::array<std::string_view, 3> kRemovals{"leftover", "checkpoint", "run"};

std::string id_of(const RunSummary& run) {
  return run.path.filename().string();
}

// The oldest first; what was put aside as damaged is one as well.
std::vector<fs::path> checkpoints_of(const fs::path& run) {
  std::vector<fs::path> out;
  std::error_code error;
  for (const auto& each : fs::directory_iterator(run / "checkpoints", error)) {
    const std::string name = each.path().filename().string();
    if (name.starts_with("step-") && name.find(".safetensors") != std::string::npos && each.is_regular_file(error))
      out.push_back(each.path());
  }
  // A step of nine digits comes after all of eight.
  std::ranges::sort(out, {}, [](const fs::path& path) {
    const std::string name = path.filename().string();
    return std::pair(name.find('.'), name);
  });
  return out;
}

bool is_sound(const fs::path& checkpoint) {
  return checkpoint.extension() == ".safetensors";
}

class Planner {
 public:
  Planner(const std::vector<StoredThing>& things, const record::RunList& runs, const NamedRuns& named,
          const QuotaOptions& options)
      : things_(things), runs_(runs), named_(named), options_(options), use_(use_of(things)) {
    plan_.quota = options.quota;
    plan_.used = use_.bytes();
    for (const StoredThing& each : things) {
      if (each.kind == StoredKind::run) entries_[each.name] = each.entries;
      if (each.kind == StoredKind::study) studies_.insert(each.name);
    }
    for (const RunSummary& run : runs.runs) hold(run);
    newest();
  }

  QuotaPlan plan() {
    leftovers();
    checkpoints(true);
    checkpoints(false);
    whole_runs();
    merge();
    plan_.left = use_.bytes();
    stays();
    return std::move(plan_);
  }

 private:
  const std::vector<StoredThing>& things_;
  const record::RunList& runs_;
  const NamedRuns& named_;
  const QuotaOptions& options_;
  DiskUse use_;
  QuotaPlan plan_;
  std::map<std::string, std::vector<DiskEntry>> entries_;  // of runs, as they would be by now
  std::map<std::string, std::string> held_;                // runs that stay whatever else goes, and why
  std::set<std::string> studies_, at_work_, gone_;

  bool enough() const { return use_.bytes() <= options_.quota; }

  void hold(const RunSummary& run) {
    const std::string id = id_of(run);
    const bool open =
        run.state == "stopped" || run.state == "interrupted" ||
        (run.state == "failed" && !checkpoints_of(run.path).empty());  // a full disk fails what could go on
    if (run.state == "running" || is_locked(run.path / "run.lock")) {
      at_work_.insert(id);
      held_[id] = "at work";
    } else if (open && !options_.unfinished) {
      held_[id] = fmt::format("{}; the same command would go on with it (--unfinished lets it go)", run.state);
    }
  }

  // Each run of a trial has a name of its own.
  bool is_trial(const RunSummary& run) const {
    const std::string& name = run.manifest.name;
    const std::size_t dash = name.rfind('-');
    return dash != std::string::npos && studies_.contains(name.substr(0, dash)) && name.size() == dash + 7 &&
           name.find_first_not_of("0123456789", dash + 1) == std::string::npos;
  }

  void newest() {
    std::map<std::pair<std::string, std::string>, std::size_t> newer;
    for (auto run = runs_.runs.rbegin(); run != runs_.runs.rend(); ++run) {
      if (is_trial(*run)) continue;
      if (newer[{run->manifest.job, run->manifest.name}]++ < options_.keep)
        held_.try_emplace(id_of(*run), options_.keep == 1
                                           ? "the newest of its job and name"
                                           : fmt::format("among the newest {} of its job and name", options_.keep));
    }
  }

  void take(QuotaStep step, std::span<const DiskEntry> entries) {
    step.frees = use_.remove(entries);
    plan_.remove.push_back(std::move(step));
  }

  void leftovers() {
    for (const StoredThing& each : things_) {
      if (each.kind != StoredKind::leftover) continue;
      take({.what = Removal::leftover, .run = each.name, .path = each.path, .state = "deleted"}, each.entries);
    }
  }

  void checkpoints(bool finished) {
    for (const RunSummary& run : runs_.runs) {
      if (enough()) return;
      if (at_work_.contains(id_of(run)) || (run.manifest.status == record::RunState::finished) != finished) continue;
      std::vector<fs::path> files = checkpoints_of(run.path);
      const auto kept = std::find_if(files.rbegin(), files.rend(), is_sound);
      if (kept == files.rend()) continue;   // all are damaged: somebody may want to look at them
      files.erase(std::next(kept).base());  // damaged ones that came after it are of no use
      for (const fs::path& file : files) {
        if (enough()) return;
        const std::vector<DiskEntry> entry = disk_entry(file);
        if (entry.empty()) continue;
        std::vector<DiskEntry>& all = entries_[id_of(run)];
        const auto at = std::ranges::find_if(all, [&](const DiskEntry& each) {
          return each.device == entry.front().device && each.number == entry.front().number;
        });
        if (at == all.end()) continue;  // written since
        all.erase(at);
        take({.what = Removal::checkpoint, .run = id_of(run), .path = file, .state = run.state, .started = run.started},
             entry);
      }
    }
  }

  // Why a run stays for the sake of something that does; empty: nothing speaks for it.
  std::string named_by(const std::string& run) const {
    const auto at = named_.find(run);
    if (at == named_.end()) return {};
    for (const Namer& namer : at->second) {
      if (namer.run.empty() || !gone_.contains(namer.run)) return "named by " + namer.what;
    }
    return {};
  }

  // The oldest that nothing names any more, again and again: when a child has gone its parent may.
  void whole_runs() {
    while (!enough()) {
      const auto next = std::ranges::find_if(runs_.runs, [&](const RunSummary& run) {
        const std::string id = id_of(run);
        return !held_.contains(id) && !gone_.contains(id) && entries_.contains(id) && named_by(id).empty();
      });
      if (next == runs_.runs.end()) return;
      const std::string id = id_of(*next);
      gone_.insert(id);
      take({.what = Removal::run, .run = id, .path = next->path, .state = next->state, .started = next->started},
           entries_[id]);
    }
  }

  // The checkpoints of a run that goes are part of it.
  void merge() {
    std::map<std::string, std::uint64_t> freed;
    std::erase_if(plan_.remove, [&](const QuotaStep& step) {
      if (step.what != Removal::checkpoint || !gone_.contains(step.run)) return false;
      freed[step.run] += step.frees;
      return true;
    });
    for (QuotaStep& step : plan_.remove) {
      if (step.what == Removal::run && freed.contains(step.run)) step.frees += freed[step.run];
    }
  }

  std::string why_run(const std::string& id) const {
    if (const auto at = held_.find(id); at != held_.end()) return at->second;
    for (const record::BrokenRun& broken : runs_.broken) {
      if (broken.path.filename() == id) return "can't be read as a run, so nobody knows what it is: " + broken.problem;
    }
    const std::string namer = named_by(id);
    return namer.empty() ? "the quota is met without it" : namer;
  }

  std::string why(const StoredThing& thing) const {
    switch (thing.kind) {
      case StoredKind::run:
        return why_run(thing.name);
      case StoredKind::job_run:
        return "logs and records of submitted jobs are not deleted here";
      case StoredKind::study:
        return "what its trials have earned is judged by their files";
      case StoredKind::encoder:
        return "encoders are not deleted here";
      case StoredKind::dataset:
        return "data sets are not deleted here";
      case StoredKind::leftover:
      case StoredKind::other:
        return "not known to be deletable";
    }
    return {};
  }

  void stays() {
    for (const StoredThing& each : things_) {
      if (each.kind == StoredKind::leftover || (each.kind == StoredKind::run && gone_.contains(each.name))) continue;
      DiskUse alone;
      alone.add(each.kind == StoredKind::run ? entries_.at(each.name) : each.entries);
      if (alone.bytes() > 0)
        plan_.stays.push_back({.kind = each.kind, .name = each.name, .bytes = alone.bytes(), .why = why(each)});
    }
    std::ranges::stable_sort(plan_.stays, std::ranges::greater{}, &QuotaStay::bytes);
  }
};

// The manifest first: it never lists what is not there.
void remove_checkpoints(const fs::path& run, std::span<const QuotaStep> steps) {
  try {
    const FileLock lock(run / "run.lock", std::chrono::milliseconds(200));
    record::Manifest manifest = record::read_manifest(run);
    const std::size_t before = manifest.artifacts.size();
    std::erase_if(manifest.artifacts, [&](const record::Artifact& artifact) {
      return std::ranges::any_of(steps, [&](const QuotaStep& step) { return run / artifact.path == step.path; });
    });
    if (manifest.artifacts.size() != before) record::write_manifest(run, manifest);
    for (const QuotaStep& step : steps) {
      std::error_code error;
      fs::remove(step.path, error);
      if (error) throw IoError("cannot delete " + step.path.string(), error.value());
    }
  } catch (const CommError&) {
    log_warning("{} has begun to work and is left alone.", run.filename().string());
  }
}

}  // namespace

std::string_view name_of(Removal removal) {
  return kRemovals.at(static_cast<std::size_t>(removal));
}

QuotaPlan plan_quota(const std::vector<StoredThing>& things, const record::RunList& runs, const NamedRuns& named,
                     const QuotaOptions& options) {
  return Planner(things, runs, named, options).plan();
}

void apply_quota(const fs::path& workspace, const QuotaPlan& plan) {
  if (plan.remove.empty()) return;
  const fs::path runs = record::runs_folder(workspace);
  const FileLock alone(runs / ".prune.lock");
  std::map<fs::path, std::vector<QuotaStep>> checkpoints;
  record::PrunePlan whole;
  for (const QuotaStep& step : plan.remove) {
    if (step.what == Removal::checkpoint) checkpoints[runs / step.run].push_back(step);
    if (step.what == Removal::run)
      whole.remove.push_back({.path = step.path, .state = step.state, .bytes = step.frees});
  }
  for (const auto& [run, steps] : checkpoints) remove_checkpoints(run, steps);
  record::prune(workspace, whole);  // leftovers too
}

}  // namespace moola::work
