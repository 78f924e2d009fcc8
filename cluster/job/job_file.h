#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/config.h"
#include "cluster/job/notify_settings.h"
#include "cluster/job/place_settings.h"
#include "cluster/job/step_array.h"

namespace moola::cluster {

/// How often a step is tried again, by what ended it. The place's own limits count besides.
struct StepRetries {
  std::int64_t time_limit = 100, preemption = 100, node_failure = 3, out_of_memory = 1, error = 0;
  double memory_factor = 1.5;  // out of memory: so much more the next time
};

/// Variables by name.
using Environment = std::vector<std::pair<std::string, std::string>>;

/// One thing to do: a job of moola or a program, once or for each element of an array.
struct JobStep {
  std::string name = {};
  std::string job = {}, config = {};       // "pretrain" and its configuration file, absolute
  std::vector<std::string> settings = {};  // key=value, of the job
  std::vector<std::string> command = {};   // instead: a program and its words
  std::int64_t nodes = 1, gpus = 0;        // GPUs of each node
  std::int64_t ranks = 0, cpus = 0;        // of each node; 0: one rank per GPU or one in all, as many cores as ranks
  std::string memory = {}, time = {};      // of each node, as given; empty: as the place has it
  std::vector<std::string> after = {}, after_any = {}, after_element = {};
  std::vector<std::string> inputs = {}, outputs = {};  // paths in the workspace
  StepRetries retry = {};
  Environment environment = {};  // the whole job's first
  StepArray array = {};
  SlurmSettings slurm = {};
  RunpodSettings runpod = {};

  /// Of each node.
  std::int64_t ranks_per_node() const { return ranks > 0 ? ranks : gpus > 0 ? gpus : 1; }
  std::int64_t cpus_per_node() const { return cpus > 0 ? cpus : ranks_per_node(); }
  /// How often it is done when nothing fails.
  std::size_t elements() const { return array.elements.empty() ? 1 : array.elements.size(); }
};

/// One description of everything that is to be done, wherever.
struct JobFile {
  std::string name;
  std::string time_budget;     // from the submission to the end of all; empty: none
  double cost_budget = 0;      // US dollars; 0: none
  std::string site;            // the profile that was read; empty: none
  std::vector<JobStep> steps;  // each behind those that it comes after
  LocalSettings local;
  NotifySettings notify;
  std::string text;  // resolved, as TOML

  const JobStep& step(const std::string& step_name) const;
};

/// The step that a person names. Throws ConfigError with the nearest for one that is not in the job.
const JobStep& named_step(const JobFile& job, const std::string& name);
/// Throws ConfigError for an element that the step has not.
void require_element(const JobStep& step, std::size_t element);

/// The reference page of all keys, in Markdown.
std::string job_reference();

/// Where site profiles are looked for: $XDG_CONFIG_HOME or ~/.config, then moola/sites.
std::filesystem::path sites_folder();

/// Reads and checks a job file; nothing is sent or written. `site`: the profile NAME.toml in `sites` whose values are
/// the defaults; empty: the one that the file names, or none. Throws ConfigError that names file, line, step and key
/// with unit and limit for anything that no place could run: unknown keys, steps in a circle, times without a unit,
/// arrays over nothing; IoError.
JobFile load_job_file(const std::filesystem::path& file, const std::vector<std::string>& settings = {},
                      const std::string& site = {}, const std::filesystem::path& sites = sites_folder());

}  // namespace moola::cluster
