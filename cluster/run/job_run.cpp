#include "cluster/run/job_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/atomic_file.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/json.h"
#include "base/run_reference.h"
#include "base/version.h"
#include "cluster/run/record_field.h"
#include "cluster/run/run_step.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRunFile = "run.json";

// A folder that nobody else has made: "-2", "-3" for more in one second.
fs::path new_folder(const fs::path& jobs, const std::string& name, std::int64_t now) {
  create_folders(jobs);
  const std::string base = fmt::format("{}_{}", utc_compact(now), name);
  for (int number = 1;; ++number) {
    fs::path folder = jobs / (number == 1 ? base : fmt::format("{}-{}", base, number));
    std::error_code error;
    if (fs::create_directory(folder, error)) return folder;
    if (error) throw IoError("cannot create " + folder.string(), error.value());
  }
}

std::vector<std::string> step_names(const JobFile& job) {
  std::vector<std::string> out;
  for (const JobStep& each : job.steps) out.push_back(each.name);
  return out;
}

fs::path config_copy(const fs::path& folder, const std::string& step) {
  return folder / "configs" / (step + ".toml");
}

std::string job_name_of(const fs::path& folder) {
  const std::string id = folder.filename().string();
  const std::size_t end = id.find('_');
  return end == std::string::npos ? id : id.substr(end + 1);
}

}  // namespace

std::int64_t JobRun::deadline() const {
  return job.time_budget.empty() ? kNoTime : submitted + parse_duration(job.time_budget).nanoseconds;
}

fs::path log_folder(const fs::path& run_folder) {
  return run_folder / "logs";
}

fs::path log_file(const JobRun& run, const std::string& step, std::size_t element, const std::string& place_id) {
  if (run.place == "slurm" && !place_id.empty())
    return log_folder(run.folder) / fmt::format("{}.{}.log", step, place_id);
  return log_folder(run.folder) / fmt::format("{}.{:06}.log", step, element);
}

fs::path job_runs_folder(const fs::path& workspace) {
  return workspace / "artifacts" / "jobs";
}

JobRun create_job_run(const fs::path& workspace, const JobFile& job, const std::string& place, const fs::path& program,
                      const fs::path& folder) {
  const auto configs = resolved_configs(job, workspace, program);
  JobRun out{.folder = {},
             .job = job,
             .place = place,
             .workspace = fs::absolute(workspace).lexically_normal(),
             .program = program,
             .code_version = code_version(),
             .submitted = utc_now()};
  out.folder = folder.empty() ? new_folder(job_runs_folder(out.workspace), job.name, out.submitted)
                              : fs::absolute(folder).lexically_normal();
  if (!out.folder.has_filename()) out.folder = out.folder.parent_path();
  create_folders(out.folder);
  for (const auto& [step, text] : configs) {
    write_file(config_copy(out.folder, step), text);
    std::ranges::find(out.job.steps, step, &JobStep::name)->config = config_copy(out.folder, step).string();
  }
  create_folders(log_folder(out.folder));
  keep_webhook(job.notify, out.folder);
  write_file(out.folder / kJobFile, job.text);
  // The last: what has it is a run.
  write_file(out.folder / kRunFile, json_text({{"id", out.id()},
                                               {"job", job.name},
                                               {"place", place},
                                               {"site", job.site},
                                               {"steps", step_names(job)},
                                               {"workspace", out.workspace.string()},
                                               {"submitted", utc_text(out.submitted)},
                                               {"program", program.string()},
                                               {"code_version", out.code_version}},
                                              2) +
                                        "\n");
  sync_folder(out.folder.parent_path());
  return out;
}

JobRun open_job_run(const fs::path& folder) {
  const fs::path file = folder / kRunFile;
  if (!fs::exists(file)) {
    throw ConfigError(fmt::format("{} is no run of a job: it has no {}. `moola status` lists the runs there are.",
                                  folder.string(), kRunFile));
  }
  const Json said = read_json(file);
  JobRun out{.folder = fs::absolute(folder).lexically_normal(),
             .job = load_job_file(folder / kJobFile),
             .place = text_at(said, "place", file.string()),
             .workspace = text_at(said, "workspace", file.string()),
             .program = text_at(said, "program", file.string()),
             .code_version = text_at(said, "code_version", file.string()),
             .submitted = parse_utc(text_at(said, "submitted", file.string()))};
  if (!out.folder.has_filename()) out.folder = out.folder.parent_path();
  // A resolved text has them by name; the user's order is one in which each stands behind those that it comes after.
  std::unordered_map<std::string, std::size_t> place;
  for (const std::string& name : said.value("steps", std::vector<std::string>())) place.try_emplace(name, place.size());
  std::ranges::stable_sort(out.job.steps, {}, [&](const JobStep& step) {
    const auto at = place.find(step.name);
    return at == place.end() ? place.size() : at->second;
  });
  for (JobStep& step : out.job.steps) {
    const fs::path copy = config_copy(out.folder, step.name);
    if (!step.config.empty() && fs::exists(copy)) step.config = copy.string();
  }
  return out;
}

std::vector<fs::path> job_run_folders(const fs::path& workspace) {
  std::vector<fs::path> out;
  std::error_code none;
  for (const auto& each : fs::directory_iterator(job_runs_folder(workspace), none)) {
    if (fs::exists(each.path() / kRunFile)) out.push_back(each.path());
  }
  std::ranges::sort(out);
  return out;
}

fs::path find_job_run(const fs::path& workspace, const std::string& reference) {
  if (reference.find('/') != std::string::npos && fs::exists(fs::path(reference) / kRunFile)) {
    const fs::path path = fs::absolute(reference).lexically_normal();
    return path.has_filename() ? path : path.parent_path();
  }
  const std::vector<fs::path> folders = job_run_folders(workspace);
  if (folders.empty()) {
    throw ConfigError(fmt::format("no job was submitted from {} (--workspace DIR names another workspace).",
                                  job_runs_folder(workspace).string()));
  }
  if (reference == "latest") return folders.back();
  std::vector<std::string> meant, known;
  for (const fs::path& folder : folders) {
    const std::string id = folder.filename().string();
    if (id == reference) return folder;
    if ((id.starts_with(reference) && !reference.empty()) || job_name_of(folder) == reference) meant.push_back(id);
    known.insert(known.end(), {id, job_name_of(folder)});
  }
  const fs::path jobs = job_runs_folder(workspace);
  return jobs / only_run_meant(reference, meant, std::move(known), jobs.string(), "moola status");
}

}  // namespace moola::cluster
