#include "cluster/job/job_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <set>
#include <stdexcept>

#include "base/atomic_file.h"
#include "base/config_document.h"
#include "base/config_value.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/nearest.h"
#include "base/shell_words.h"
#include "base/text_template.h"
#include "base/toml_text.h"
#include "cluster/job/memory_size.h"
#include "cluster/job/step_call.h"
#include "cluster/job/step_order.h"
#include "sweep/space/parameter_toml.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

// What ConfigSchema fills before the steps are put in their order.
struct BoundJob {
  JobFile file;
  SlurmSettings slurm;
  RunpodSettings runpod;
  std::map<std::string, JobStep> steps;

  void bind(ConfigSchema& schema) {
    schema.table("job", "What all steps have in common.");
    schema.key("name", file.name).required().help("what the job is called, here and in queues");
    schema.key("site", file.site)
        .help("a profile, `NAME.toml` in `~/.config/moola/sites`, whose values are the defaults");
    schema.key("time_budget", file.time_budget)
        .help("from the submission to the end of everything, such as `12h`; what is not done by then is ended");
    schema.key("cost_budget", file.cost_budget)
        .range(0, 1e7)
        .unit("$")
        .help("of all steps; nothing more is begun beyond it, and pods are ended. 0: none");
    schema.leave_table_to_others("env");
    schema.tables("step",
                  "One thing to do: a job of moola, or a program. Steps run as soon as those that they come `after` "
                  "allow it.",
                  [this, &schema](const std::string& name) { bind_step(schema, name); });
    schema.table("slurm", "For `--to slurm`; a step's own is `slurm.partition` and so on.");
    slurm.bind(schema);
    schema.table("runpod", "For `--to runpod`; a step's own is `runpod.gpu_types` and so on.");
    runpod.bind(schema);
    schema.table("local", "For `--to local`.");
    file.local.bind(schema);
    file.notify.bind(schema);
  }

  void bind_step(ConfigSchema& schema, const std::string& name) {
    JobStep& step = steps[name];
    step.name = name;
    schema.key("job", step.job).help("a job of moola: `pretrain`, `prepare`, `cv`, `cpcv-pbo`, `sweep` and so on");
    schema.key("config", step.config).file_name().help("the job's configuration");
    schema.key("settings", step.settings)
        .help(
            "further settings of the job, `key=value`; `{NAME}` stands for a value of the array, also `{seed}`, "
            "`{index}`, `{step}`, `{run}`, `{workspace}`");
    schema.key("command", step.command).help("instead: a program and its words, with the same names in braces");
    schema.key("nodes", step.nodes).range(1, 10'000).help("machines");
    schema.key("gpus", step.gpus).range(0, 64).help("GPUs of each node");
    schema.key("ranks", step.ranks)
        .range(0, 4096)
        .help("processes on each node; 0: one for each GPU, or one where there is none");
    schema.key("cpus", step.cpus).range(0, 4096).help("cores of each node; 0: as many as ranks");
    schema.key("memory", step.memory).help("of each node, such as `64G` (M, G, T)");
    schema.key("time", step.time).help("the longest that one attempt takes, such as `90m`, `8h`, `2d`");
    schema.key("after", step.after).help("steps that must have succeeded");
    schema.key("after_any", step.after_any).help("steps that must be over, however they ended");
    schema.key("after_element", step.after_element)
        .help("arrays of as many elements: an element waits for the one of the same number");
    schema.key("inputs", step.inputs).help("files and folders of the workspace that are brought to the place");
    schema.key("outputs", step.outputs).help("files and folders that are brought back");
    schema.key("retry.time_limit", step.retry.time_limit)
        .range(0, 10'000)
        .help("further attempts of a step that reached its time limit and has written a checkpoint");
    schema.key("retry.preemption", step.retry.preemption).range(0, 10'000).help("of one that had to make way");
    schema.key("retry.node_failure", step.retry.node_failure).range(0, 10'000).help("of one whose node was lost");
    schema.key("retry.out_of_memory", step.retry.out_of_memory)
        .range(0, 100)
        .help("of one that took more memory than it had, with more of it");
    schema.key("retry.memory_factor", step.retry.memory_factor).range(1, 16).help("how much more");
    schema.key("retry.error", step.retry.error).range(0, 10'000).help("of one that failed by itself with status 1");
    schema.leave_to_others("env");
    schema.leave_to_others("array");
    step.slurm.bind(schema, "slurm.");
    step.runpod.bind(schema, "runpod.");
  }
};

// What a step does not say itself is as the whole job has it.
void take_over(JobStep& step, const BoundJob& job, const ConfigSchema& schema) {
  std::string path = fmt::format("step.{}.", step.name);
  const auto take = [&, prefix = path.size()](const char* key, auto& own, const auto& all) {
    path.resize(prefix);
    if (!schema.given(path += key)) own = all;
  };
  take("slurm.partition", step.slurm.partition, job.slurm.partition);
  take("slurm.account", step.slurm.account, job.slurm.account);
  take("slurm.qos", step.slurm.qos, job.slurm.qos);
  take("slurm.constraint", step.slurm.constraint, job.slurm.constraint);
  take("slurm.reservation", step.slurm.reservation, job.slurm.reservation);
  take("slurm.exclude", step.slurm.exclude, job.slurm.exclude);
  take("slurm.modules", step.slurm.modules, job.slurm.modules);
  take("slurm.container", step.slurm.container, job.slurm.container);
  take("slurm.interface", step.slurm.interface, job.slurm.interface);
  take("slurm.mpi", step.slurm.mpi, job.slurm.mpi);
  take("slurm.gpu_type", step.slurm.gpu_type, job.slurm.gpu_type);
  take("slurm.signal_before", step.slurm.signal_before, job.slurm.signal_before);
  take("slurm.extra", step.slurm.extra, job.slurm.extra);
  take("runpod.gpu_types", step.runpod.gpu_types, job.runpod.gpu_types);
  take("runpod.cloud", step.runpod.cloud, job.runpod.cloud);
  take("runpod.data_centers", step.runpod.data_centers, job.runpod.data_centers);
  take("runpod.image", step.runpod.image, job.runpod.image);
  take("runpod.network_volume", step.runpod.network_volume, job.runpod.network_volume);
  take("runpod.registry", step.runpod.registry, job.runpod.registry);
  take("runpod.disk", step.runpod.disk, job.runpod.disk);
  take("runpod.ports", step.runpod.ports, job.runpod.ports);
  take("runpod.hourly_price_cap", step.runpod.hourly_price_cap, job.runpod.hourly_price_cap);
}

// A later value of a variable takes an earlier one's place.
void read_environment(const toml::node& node, const std::string& where, Environment& out) {
  const toml::table* table = node.as_table();
  if (table == nullptr)
    sweep::refuse_toml(node, where, "env",
                       fmt::format("a table was expected, as {{ NAME = \"value\" }}, not {}.", toml_kind(node)));
  for (const auto& [key, value] : *table) {
    const std::string name(key.str());
    const auto text = value.value_exact<std::string>();
    if (!text)
      sweep::refuse_toml(value, where, name,
                         fmt::format("a variable holds a text, not {}. Put it in quotes.", toml_kind(value)));
    if (!is_variable_name(name))
      sweep::refuse_toml(value, where, name, "a variable's name is letters, digits and '_', no digit first.");
    for (const char* theirs : {"SLURM_", "OMPI_", "PMIX_", "RUNPOD_"}) {
      if (name.starts_with(theirs))
        sweep::refuse_toml(value, where, name,
                           fmt::format("variables that begin with {} are the place's own.", theirs));
    }
    const auto at = std::ranges::find(out, name, &Environment::value_type::first);
    if (at == out.end())
      out.emplace_back(name, *text);
    else
      at->second = *text;
  }
}

// [env], [step.NAME.env] and step.NAME.array, which hold names of the user's own.
void read_own_names(const std::vector<ConfigDocument>& documents, BoundJob& job) {
  Environment common;
  for (const ConfigDocument& each : documents) {
    if (const toml::node* env = each.table.get("env")) read_environment(*env, each.name, common);
  }
  for (auto& [name, step] : job.steps) {
    step.environment = common;
    for (const ConfigDocument& each : documents) {
      const toml::table* table = each.table["step"][name].as_table();
      if (table == nullptr) continue;
      if (const toml::node* env = table->get("env")) read_environment(*env, each.name, step.environment);
      if (const toml::node* array = table->get("array")) step.array = read_step_array(*array, each.name);
    }
  }
}

// step.NAME.array=VALUE among the settings: its names are the user's own. The others are left to the schema.
std::vector<std::string> take_arrays(const std::vector<std::string>& settings,
                                     std::map<std::string, StepArray>& arrays) {
  std::vector<std::string> others;
  for (const std::string& each : settings) {
    const std::size_t end = each.find('=');
    const std::string key = each.substr(0, end);
    if (end == std::string::npos || !key.starts_with("step.") || !key.ends_with(".array")) {
      others.push_back(each);
      continue;
    }
    const std::string where = "--set " + each;
    const toml::table table = parse_toml("array = " + each.substr(end + 1), where);
    arrays[key.substr(5, key.size() - 11)] = read_step_array(*table.get("array"), where);
  }
  return others;
}

// Steps by where they stand in the file, the base's first.
std::vector<JobStep> steps_as_written(const std::vector<ConfigDocument>& documents, BoundJob& job) {
  std::vector<std::tuple<std::size_t, std::uint32_t, std::uint32_t, std::string>> places;
  for (const auto& [name, step] : job.steps) {
    std::tuple place{documents.size(), 0U, 0U, name};  // given by a setting alone
    for (std::size_t i = documents.size(); i-- > 0;) {
      if (const toml::node* node = documents[i].table["step"][name].node())
        place = {i, node->source().begin.line, node->source().begin.column, name};
    }
    places.push_back(place);
  }
  std::ranges::sort(places);
  std::vector<JobStep> out;
  for (const auto& place : places) out.push_back(std::move(job.steps.at(std::get<3>(place))));
  return out;
}

void check_time(const std::string& text, const std::string& key) {
  if (text.empty()) return;
  if (text.find_first_not_of("0123456789:-") == std::string::npos) {
    throw ConfigError(
        fmt::format("{} = \"{}\" has no unit, and schedulers differ in what they take it for (Slurm: 90 is "
                    "minutes, 1:30 is a minute and a half). Write it as \"90m\", \"8h\" or \"2d\".",
                    key, text));
  }
  naming_key(key, [&] {
    const Duration time = parse_duration(text);
    if (time < Duration::seconds(60) || time > Duration::seconds(366LL * 86'400))
      throw ConfigError(fmt::format("{} must be from 1m to 366d.", text));
  });
}

void check_path(const std::string& path, const std::string& key) {
  const fs::path normal = fs::path(path).lexically_normal();
  if (path.empty() || normal.is_absolute() || *normal.begin() == "..") {
    throw ConfigError(
        fmt::format("{}: \"{}\" must be a path within the workspace, such as \"data/bars/BTC/v1.h5\": it has "
                    "another place elsewhere.",
                    key, path));
  }
}

void check_step(const JobStep& step, const std::string& file) {
  const auto key = [&](const char* name) { return fmt::format("{}: step.{}.{}", file, step.name, name); };
  if (step.job.empty() == step.command.empty()) {
    throw ConfigError(fmt::format(
        "{}: step.{}: {}", file, step.name,
        step.job.empty() ? "what is it? Give job = \"pretrain\" with its config, or command = [\"./program\", "
                           "\"word\"]."
                         : "job and command exclude each other."));
  }
  if (step.job.empty()) {
    if (!step.config.empty() || !step.settings.empty())
      throw ConfigError(fmt::format("{} and settings are for a job of moola, and command is given.", key("config")));
    check_words(step.command, key("command"));
    if (step.command.front().empty()) throw ConfigError(fmt::format("{} is empty.", key("command")));
  } else if (step.job.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") != std::string::npos) {
    throw ConfigError(
        fmt::format("{} = \"{}\" is no name of a job, such as pretrain or cpcv-pbo.", key("job"), step.job));
  }
  if (!step.job.empty() && step.job != "sweep" && !starts_own_ranks(step.job) && (step.ranks > 1 || step.nodes > 1)) {
    throw ConfigError(
        fmt::format("{}: moola {} is one process, and the step has {} nodes with {} ranks each. Leave "
                    "both away.",
                    key("job"), step.job, step.nodes, step.ranks_per_node()));
  }
  if (!step.memory.empty()) naming_key(key("memory"), [&] { static_cast<void>(parse_memory(step.memory)); });
  check_time(step.time, key("time"));
  check_slurm(step.slurm, key("slurm."));
  check_runpod(step.runpod, key("runpod."));
  if (!step.time.empty() && parse_duration(step.slurm.signal_before) >= parse_duration(step.time)) {
    throw ConfigError(
        fmt::format("{} = \"{}\" is not shorter than the step's time, {}: it would be told to stop as it "
                    "begins.",
                    key("slurm.signal_before"), step.slurm.signal_before, step.time));
  }
  for (const std::string& each : step.inputs) check_path(each, key("inputs"));
  for (const std::string& each : step.outputs) check_path(each, key("outputs"));
  naming_key(fmt::format("{}: step.{}", file, step.name), [&] { static_cast<void>(StepCall(step)); });
}

void check_name(const std::string& name, const std::string& file) {
  const bool fits =
      !name.empty() && name.size() <= 60 && name.front() != '-' && name.front() != '.' &&
      std::ranges::all_of(name, [](char c) {
        return (std::isalnum(static_cast<unsigned char>(c)) != 0 && c > 0) || c == '_' || c == '-' || c == '.';
      });
  if (!fits) {
    throw ConfigError(
        fmt::format("{}: job.name = \"{}\" must be letters, digits, '.', '_' and '-', no '.' or '-' first, 60 "
                    "at most: it names folders and jobs in queues, where '/' and '%' mean something else.",
                    file, name));
  }
}

std::optional<ShippedConfig> read_site(const std::string& name, const fs::path& sites) {
  if (name.empty()) return std::nullopt;
  const fs::path file = sites / (name + ".toml");
  if (!fs::exists(file)) {
    std::vector<std::string> known;
    std::error_code none;
    for (const auto& each : fs::directory_iterator(sites, none)) {
      if (each.path().extension() == ".toml") known.push_back(each.path().stem().string());
    }
    std::ranges::sort(known);
    throw ConfigError(fmt::format(
        "there is no site '{}': {} does not exist.{}", name, file.string(),
        known.empty() ? " Make one with the [slurm] or [runpod] that all your jobs share."
                      : fmt::format("{} There are: {}.", did_you_mean(name, known), fmt::join(known, ", "))));
  }
  const toml::table table = parse_toml(read_file(file), file.string());
  for (const auto& [key, value] : table) {
    const std::string part(key.str());
    if (part == "slurm" || part == "runpod" || part == "local" || part == "notify" || part == "env") continue;
    throw ConfigError(
        fmt::format("{}: a site's profile holds [slurm], [runpod], [local], [notify] and [env]; found {}.",
                    sweep::place_of(value, file.string()), part));
  }
  return ShippedConfig{file.string(), read_file(file)};
}

// Which profile a job file names; the last that says it.
std::string site_of(const std::vector<ConfigDocument>& documents) {
  std::string out;
  for (const ConfigDocument& each : documents) {
    if (const auto site = each.table["job"]["site"].value<std::string>()) out = *site;
  }
  return out;
}

// What ConfigSchema does not write, for it belongs to the user's own names.
std::string own_names_text(const JobFile& file) {
  std::string out;
  for (const JobStep& step : file.steps) {
    if (!step.environment.empty()) {
      out += fmt::format("\n[step.{}.env]\n", step.name);
      for (const auto& [name, value] : step.environment) out += fmt::format("{} = {}\n", name, toml_quoted(value));
    }
    if (step.array.elements.empty()) continue;
    out += fmt::format("\n[step.{}.array]\n", step.name);
    if (step.array.at_a_time > 0) out += fmt::format("at_a_time = {}\n", step.array.at_a_time);
    out += "list = [\n";
    for (const ArrayElement& element : step.array.elements) {
      std::vector<std::string> values;
      for (const auto& [name, value] : element)
        values.push_back(fmt::format("{} = {}", toml_quoted(name), sweep::toml_text(value)));
      out += fmt::format("  {{ {} }},\n", fmt::join(values, ", "));
    }
    out += "]\n";
  }
  return out;
}

}  // namespace

const JobStep& JobFile::step(const std::string& step_name) const {
  const auto at = std::ranges::find(steps, step_name, &JobStep::name);
  if (at == steps.end()) throw std::out_of_range("no step " + step_name);
  return *at;
}

const JobStep& named_step(const JobFile& job, const std::string& name) {
  const auto at = std::ranges::find(job.steps, name, &JobStep::name);
  if (at != job.steps.end()) return *at;
  std::vector<std::string> names;
  for (const JobStep& each : job.steps) names.push_back(each.name);
  throw ConfigError(fmt::format("{} has no step {}.{}", job.name, name, did_you_mean(name, names)));
}

void require_element(const JobStep& step, std::size_t element) {
  if (element < step.elements()) return;
  throw ConfigError(fmt::format("the step {} has {} elements, 0 to {}; there is no {}.", step.name, step.elements(),
                                step.elements() - 1, element));
}

std::string job_reference() {
  BoundJob any;
  ConfigSchema schema("submit");
  any.bind(schema);
  return schema.reference("# Keys of a job file\n");
}

fs::path sites_folder() {
  const auto of = [](const char* variable) {
    const char* value = std::getenv(variable);
    return value == nullptr ? std::string() : std::string(value);
  };
  const std::string home = of("XDG_CONFIG_HOME");
  return (home.empty() ? fs::path(of("HOME")) / ".config" : fs::path(home)) / "moola" / "sites";
}

JobFile load_job_file(const fs::path& file, const std::vector<std::string>& settings, const std::string& site,
                      const fs::path& sites) {
  std::vector<ConfigDocument> documents = read_config_documents(file);
  const std::string chosen = site.empty() ? site_of(documents) : site;
  const std::optional<ShippedConfig> profile = read_site(chosen, sites);
  BoundJob job;
  ConfigSchema schema("submit");
  job.bind(schema);
  std::map<std::string, StepArray> arrays;
  schema.load_documents(documents, take_arrays(settings, arrays), profile);
  if (profile) {
    documents.insert(documents.begin(),
                     {.name = profile->name, .folder = sites, .table = parse_toml(profile->text, profile->name)});
  }
  const std::string where = file.string();
  JobFile& out = job.file;
  out.site = chosen;
  check_name(out.name, where);
  check_time(out.time_budget, where + ": job.time_budget");
  if (job.steps.empty())
    throw ConfigError(fmt::format("{} has no steps: give one or more as [step.NAME] with job or command.", where));
  settle_notify(out.notify, schema.given("notify.webhook") ? schema.folder_of("notify.webhook") : sites, where);
  read_own_names(documents, job);
  for (auto& [name, array] : arrays) {
    if (!job.steps.contains(name))
      throw ConfigError(fmt::format("--set step.{}.array: {} has no such step.", name, where));
    job.steps[name].array = std::move(array);
  }
  for (auto& [name, step] : job.steps) take_over(step, job, schema);
  // The profile's values are in the text; where it is read again there may be no such profile.
  out.site.clear();
  out.text = schema.resolved();
  out.site = chosen;
  out.steps = in_order(steps_as_written(documents, job), where);
  for (const JobStep& step : out.steps) check_step(step, where);
  out.text += own_names_text(out);
  return out;
}

}  // namespace moola::cluster
