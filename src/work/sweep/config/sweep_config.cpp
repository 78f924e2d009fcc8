#include "work/sweep/config/sweep_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/config_document.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/shell_words.h"
#include "base/utc_time.h"
#include "sweep/pruners/pruner_table.h"
#include "sweep/samplers/sampler_table.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> sampler_names() {
  std::vector<std::string> out;
  for (const sweep::SamplerDescription& each : sweep::sampler_table()) out.emplace_back(each.name);
  return out;
}

// But those that need another one to be wrapped.
std::vector<std::string> pruner_names() {
  std::vector<std::string> out;
  for (const sweep::PrunerDescription& each : sweep::pruner_table()) {
    if (each.kind != sweep::PrunerKind::patient) out.emplace_back(each.name);
  }
  return out;
}

// What names a folder, a run and an attribute.
void check_name(const std::string& name) {
  const bool fits = !name.empty() && name.size() <= 100 && name.front() != '.' && name.front() != '-' &&
                    std::ranges::all_of(name, [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                             c == '_' || c == '-';
                    });
  if (!fits) {
    throw ConfigError(
        fmt::format("sweep.name = \"{}\" must be letters, digits, '.', '_' and '-', no '.' or '-' first, 100 at most: "
                    "it names the study's folder.",
                    name));
  }
}

void check_objective(const SweepConfig::Sweep& sweep) {
  if (sweep.command.empty() == sweep.job.empty()) {
    throw ConfigError(
        sweep.job.empty()
            ? "what is a trial? Give sweep.command = [\"./objective.sh\", \"{x}\"], a program of your own, or "
              "sweep.job = \"cv\" with sweep.config, a job of moola."
            : "sweep.command and sweep.job exclude each other: a trial is a program of your own or a job of moola.");
  }
  if (sweep.job.empty()) {
    check_words(sweep.command, "sweep.command");
    for (const auto& [key, given] :
         {std::pair("config", !sweep.config.empty()), std::pair("metric", !sweep.metric.empty()),
          std::pair("settings", !sweep.settings.empty())}) {
      if (given) throw ConfigError(fmt::format("sweep.{} is for sweep.job, and sweep.command is given.", key));
    }
    return;
  }
  if (sweep.config.empty())
    throw ConfigError(fmt::format("sweep.job = \"{}\" needs sweep.config, the job's configuration file.", sweep.job));
  if (sweep.metric.size() != sweep.direction.size()) {
    throw ConfigError(
        fmt::format("sweep.job = \"{}\" needs sweep.metric, where in the job's answer (--json) the value is, such as "
                    "\"{}\"; one for each direction.",
                    sweep.job, sweep.job == "pretrain" ? "holdout_loss" : "models.xgboost.scores.log_loss"));
  }
}

// What the pruner reads of [pruner], besides what makes it patient.
void check_pruner(const SweepConfig& config, ConfigSchema& schema) {
  const sweep::PrunerKind kind = sweep::parse_pruner(config.sweep.pruner);
  std::set<std::string_view> read;
  for (const sweep::PrunerDescription& each : sweep::pruner_table()) {
    if (each.kind == kind || (each.kind == sweep::PrunerKind::patient && config.pruner.patience > 0))
      read.insert(each.options.begin(), each.options.end());
  }
  for (const std::string& path : schema.paths()) {
    if (!path.starts_with("pruner.") || path == "pruner.patience") continue;
    if (read.contains(std::string_view(path).substr(std::string_view("pruner.").size()))) continue;
    if (schema.given(path))
      throw ConfigError(fmt::format("{} means nothing for sweep.pruner = \"{}\".", path, config.sweep.pruner));
    schema.leave_out(path);
  }
  static_cast<void>(config.make_pruner());
}

sweep::ConfiguredSpace read_space(const std::optional<fs::path>& file) {
  constexpr const char* kMissing =
      "Write what is searched under [sweep.space], such as x = { float = [-5.0, 5.0] }; see docs/sweep.md.";
  if (!file)
    throw ConfigError(fmt::format("there is no search space: it stands in a configuration file. {}", kMissing));
  // A space of one's own replaces the inherited one as a whole.
  const std::vector<ConfigDocument> documents = read_config_documents(*file);
  for (auto each = documents.rbegin(); each != documents.rend(); ++each) {
    if (const toml::table* space = each->table["sweep"]["space"].as_table())
      return sweep::parse_space(*space, fmt::format("{}, [sweep.space]", each->name));
  }
  throw ConfigError(fmt::format("{} has no search space. {}", file->string(), kMissing));
}

void check_honesty(const SweepConfig::Honesty& honesty) {
  if (honesty.resolution.nanoseconds <= 0) throw ConfigError("honesty.resolution must be above 0, such as \"1d\".");
  std::int64_t from = 0, to = 0;
  if (!honesty.test_from.empty()) naming_key("honesty.test_from", [&] { from = parse_utc(honesty.test_from); });
  if (honesty.test_to.empty()) return;
  if (honesty.test_from.empty()) throw ConfigError("honesty.test_to needs honesty.test_from, where the part begins.");
  naming_key("honesty.test_to", [&] { to = parse_utc(honesty.test_to); });
  if (to <= from) throw ConfigError("honesty.test_to must be later than honesty.test_from.");
}

void check_values(const SweepConfig& config) {
  check_name(config.sweep.name);
  check_honesty(config.honesty);
  for (const std::string& each : config.sweep.direction) {
    if (each != "minimize" && each != "maximize")
      throw ConfigError(fmt::format("sweep.direction = \"{}\" must be minimize or maximize.", each));
  }
  if (config.sweep.direction.empty())
    throw ConfigError("sweep.direction names no objective: give minimize or maximize.");
  if (config.sweep.direction.size() > 1) {
    if (config.sweep.pruner != "none")
      throw ConfigError("sweep.pruner is for one objective, and sweep.direction has several.");
    if (!config.stop.value.empty() || config.stop.without_improvement > 0)
      throw ConfigError(
          "stop.value and stop.without_improvement are for one objective, and sweep.direction has several.");
  }
  for (const auto& [key, count] :
       {std::pair("stop.value", config.stop.value.size()), std::pair("pruner.lower", config.pruner.lower.size()),
        std::pair("pruner.upper", config.pruner.upper.size()),
        std::pair("pruner.min_resource", config.pruner.min_resource.size()),
        std::pair("pruner.max_resource", config.pruner.max_resource.size())}) {
    if (count > 1) throw ConfigError(fmt::format("{} is one number.", key));
  }
  if (config.sweep.order == "fixed" && config.sweep.lag < 1) {
    throw ConfigError(
        "sweep.order = \"fixed\" needs sweep.lag: trial n then knows how trials up to n - lag ended, whatever else "
        "has, so that "
        "up to lag workers give the same study. Give the largest number of workers that you will use.");
  }
  if (config.sweep.order == "fixed" && config.sweep.pruner != "none" && config.sweep.pruner != "threshold") {
    throw ConfigError(
        fmt::format("sweep.pruner = \"{}\" compares trials that run beside each other, so that what it gives up "
                    "depends on which is faster; sweep.order = \"fixed\" goes with none and threshold.",
                    config.sweep.pruner));
  }
  if (config.sweep.order != "fixed" && config.sweep.lag > 0)
    throw ConfigError("sweep.lag is for sweep.order = \"fixed\".");
  check_objective(config.sweep);
  for (const auto& [key, text] : {std::pair("trial.time_limit", &config.trial.time_limit),
                                  std::pair("stop.time_limit", &config.stop.time_limit)}) {
    if (!text->empty()) naming_key(key, [&] { static_cast<void>(parse_duration(*text)); });
  }
}

}  // namespace

void SweepConfig::bind(ConfigSchema& schema) {
  schema.table("sweep",
               "What is searched, and how. A trial is a program of your own (`command`) or a job of moola (`job`); "
               "`[sweep.space]` says the parameters: see [sweeps](../sweep.md).");
  schema.key("name", sweep.name).required().help("the study's name; the same name goes on with the same study");
  schema.key("direction", sweep.direction)
      .choices({"minimize", "maximize"})
      .help("of the objective, or of each of several");
  schema.key("command", sweep.command)
      .help(
          "the program and its words; `{NAME}` stands for a parameter, `{trial}`, `{seed}`, `{folder}`, `{parameters}` "
          "(a TOML file) for what the trial is; it runs in the folder of the file that says this, and its last line of "
          "JSON "
          "with `value` is the result");
  schema.key("job", sweep.job)
      .choices({"", "cv", "walk-forward", "cpcv-pbo", "train", "pretrain"})
      .help("instead: a job; the parameters are keys of its configuration");
  schema.key("config", sweep.config).file_name().help("the job's configuration");
  schema.key("metric", sweep.metric)
      .help(
          "where in the job's answer (`--json`) the value is, such as `models.xgboost.scores.log_loss` or "
          "`holdout_loss`; one for each direction");
  schema.key("settings", sweep.settings).help("further settings of the job, `key=value`, the same in all trials");
  schema.key("trials", sweep.trials)
      .range(1, 1e7)
      .help("trials of the study in all, whoever runs them and however often it is continued");
  schema.key("sampler", sweep.sampler).choices(sampler_names()).help("what decides what is tried next");
  schema.key("pruner", sweep.pruner).choices(pruner_names()).help("what gives up trials that report badly");
  schema.key("seed", sweep.seed).range(0, 9e15).help("of the sampler's draws, by trial");
  schema.key("order", sweep.order)
      .choices({"any", "fixed"})
      .help(
          "`any`: a trial knows all that is over when it begins; `fixed`: it knows how trials up to its number less "
          "`lag` ended, so that any number of workers up to `lag` gives the same study");
  schema.key("lag", sweep.lag).range(0, 1e6).unit("trials").help("with `order = \"fixed\"`: see there");
  schema.leave_to_others("space");

  schema.table("trial", "How a trial is run.");
  schema.key("folder", trial.folder)
      .file_name()
      .circumstance()
      .help(
          "where a trial's program runs; empty: the folder of the file that says `sweep.command`, or of the "
          "configuration");
  schema.key("time_limit", trial.time_limit)
      .help("after which a trial is ended and has failed, such as `2h`; empty: none");
  schema.key("retries", trial.retries)
      .range(0, 100)
      .circumstance()
      .help("further attempts of a trial that was killed, ran out of memory or time, or lost its machine");
  schema.key("patience", trial.patience)
      .range(0, 3600)
      .unit("s")
      .circumstance()
      .help("from asking a trial to end (SIGTERM) to ending it (SIGKILL)");
  schema.key("log_megabytes", trial.log_megabytes)
      .range(1, 1e6)
      .unit("MB")
      .circumstance()
      .help("of what a trial says that is kept");

  schema.table("pruner", "What the pruner goes by; the keys that it reads, see [sweeps](../sweep.md).");
  schema.key("startup_trials", pruner.startup_trials)
      .range(0, 1e9)
      .unit("trials")
      .help("nothing is given up before so many trials are complete");
  schema.key("warmup_steps", pruner.warmup_steps).range(0, 1e15).unit("steps").help("nor before this step");
  schema.key("interval_steps", pruner.interval_steps).range(1, 1e15).unit("steps").help("looks once in so many steps");
  schema.key("min_trials", pruner.min_trials)
      .range(1, 1e9)
      .unit("trials")
      .help("complete trials that must have a value at the step");
  schema.key("percentile", pruner.percentile).range(0, 100).unit("%").help("the best that go on");
  schema.key("min_resource", pruner.min_resource)
      .range(1, 1e15)
      .unit("steps")
      .help("the first rung's step; empty: found by the first trials");
  schema.key("max_resource", pruner.max_resource)
      .range(1, 1e15)
      .unit("steps")
      .help("steps of a whole trial; empty: found by the first trials");
  schema.key("reduction_factor", pruner.reduction_factor)
      .range(0, 1e6)
      .help("one in so many passes a rung; 0: 4, and 3 for `hyperband`");
  schema.key("min_early_stopping_rate", pruner.min_early_stopping_rate)
      .range(0, 100)
      .help("how many of the lowest rungs are left out");
  schema.key("bootstrap_count", pruner.bootstrap_count)
      .range(0, 1e9)
      .unit("trials")
      .help("so many end at a rung before any passes it");
  schema.key("patience", pruner.patience)
      .range(0, 1e9)
      .unit("reports")
      .help("above 0: a trial is given up only after so many reports without improvement, whatever the pruner says");
  schema.key("min_delta", pruner.min_delta).range(0, 1e300).help("with `patience`: what counts as improvement");
  schema.key("lower", pruner.lower).help("a value below ends the trial; empty: none does");
  schema.key("upper", pruner.upper).help("a value above ends the trial; empty: none does");
  schema.key("p_threshold", pruner.p_threshold)
      .range(0, 1)
      .help("a trial is given up when it is worse than the best one with a chance of error below this");
  schema.key("startup_steps", pruner.startup_steps)
      .range(0, 1e9)
      .unit("steps")
      .help("instances in common with the best trial before any judgement");
  schema.key("instances", pruner.instances)
      .range(0, 1e9)
      .unit("steps")
      .help("reports that a trial must have to be the best one; 0: any");

  schema.table("workers", "Who runs the trials.");
  schema.key("count", workers.count)
      .range(0, 100'000)
      .circumstance()
      .help(
          "trials at a time in this process; 0: as many as `gpus` of each or, without them, `ranks` cores of each "
          "allow");
  schema.key("gpus", workers.gpus)
      .range(0, 1000)
      .circumstance()
      .help(
          "GPUs of a trial, named to it by CUDA_VISIBLE_DEVICES: 0: it may see all of them; 2: two of its own; 0.25: "
          "four trials share one");
  schema.key("ranks", workers.ranks).range(1, 100'000).circumstance().help("of a trial that is a job of several ranks");

  schema.table("stop", "When it is enough before all trials are run; what runs then is brought to its end.");
  schema.key("value", stop.value).circumstance().help("a value as good as this");
  schema.key("without_improvement", stop.without_improvement)
      .range(0, 1e7)
      .unit("trials")
      .circumstance()
      .help("so many complete trials after the best one; 0: never");
  schema.key("time_limit", stop.time_limit)
      .circumstance()
      .help("of this call, such as `8h`: no trial is begun after it; empty: none");
  schema.key("gpu_hours", stop.gpu_hours)
      .range(0, 1e9)
      .unit("h")
      .circumstance()
      .help("of all trials' time, times the GPUs that each has; 0: no limit");

  schema.table("honesty", "What is kept to tell skill from luck: see [sweeps](../sweep.md).");
  schema.key("resolution", honesty.resolution).help("at which trials' out-of-sample returns are kept, such as `1d`");
  schema.key("returns", honesty.returns)
      .choices({"simple", "log"})
      .help(
          "`simple`: returns of shorter rows are compounded; `log`: they are added up, as logarithmic ones and gains "
          "on "
          "a fixed capital are");
  schema.key("test_from", honesty.test_from)
      .help("an outer test part begins here (UTC), which no trial may touch; empty: there is none");
  schema.key("test_to", honesty.test_to).help("and ends here; empty: it has no end");
}

std::vector<sweep::Direction> SweepConfig::directions() const {
  std::vector<sweep::Direction> out;
  for (const std::string& each : sweep.direction)
    out.push_back(each == "maximize" ? sweep::Direction::maximize : sweep::Direction::minimize);
  return out;
}

std::unique_ptr<sweep::Pruner> SweepConfig::make_pruner() const {
  const auto optional = [](const auto& list) { return list.empty() ? std::nullopt : std::optional(list.front()); };
  const sweep::PrunerKind kind = sweep::parse_pruner(sweep.pruner);
  sweep::PrunerOptions options{.maximise = directions().front() == sweep::Direction::maximize,
                               .startup_trials = pruner.startup_trials,
                               .warmup_steps = pruner.warmup_steps,
                               .interval_steps = pruner.interval_steps,
                               .min_trials = pruner.min_trials,
                               .percentile = pruner.percentile,
                               .min_resource = optional(pruner.min_resource),
                               .max_resource = optional(pruner.max_resource),
                               .reduction_factor = pruner.reduction_factor,
                               .min_early_stopping_rate = pruner.min_early_stopping_rate,
                               .bootstrap_count = pruner.bootstrap_count,
                               .patience = pruner.patience,
                               .min_delta = pruner.min_delta,
                               .lower = optional(pruner.lower),
                               .upper = optional(pruner.upper),
                               .p_threshold = pruner.p_threshold,
                               .startup_steps = pruner.startup_steps,
                               .instances = pruner.instances};
  if (pruner.patience > 0) options.wrapped = kind;
  return sweep::make_pruner(pruner.patience > 0 ? sweep::PrunerKind::patient : kind, options, sweep.name);
}

LoadedSweepConfig load_sweep_config(const std::optional<fs::path>& file, const std::vector<std::string>& settings) {
  LoadedSweepConfig out;
  ConfigSchema schema("sweep");
  out.values.bind(schema);
  schema.load(file, settings);
  check_values(out.values);
  check_pruner(out.values, schema);
  out.space = read_space(file);
  std::string& folder = out.values.trial.folder;
  if (folder.empty()) {
    folder = schema.given("sweep.command") ? schema.folder_of("sweep.command").string()
                                           : fs::absolute(*file).parent_path().string();
  }
  out.folder = folder;
  out.text = schema.resolved() + "\n[sweep.space]\n" + sweep::space_text(out.space);
  return out;
}

}  // namespace moola::work
