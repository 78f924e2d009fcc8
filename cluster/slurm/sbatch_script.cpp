#include "cluster/slurm/sbatch_script.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/duration.h"
#include "base/error.h"
#include "base/shell_words.h"
#include "cluster/job/memory_size.h"
#include "cluster/run/job_run.h"
#include "cluster/slurm/slurm_time.h"

namespace moola::cluster {
namespace {

// sbatch takes quotes off and expands nothing; within them a quote or a backslash needs another backslash.
std::string directive_value(const std::string& value) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=,:+@%&|[]*()";
  if (!value.empty() && value.find_first_not_of(kPlain) == std::string::npos) return value;
  std::string out = "\"";
  for (const char c : value) out += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return out + "\"";
}

// In a path, %j and its kin would be replaced.
std::string log_path(const std::filesystem::path& folder, const std::string& pattern) {
  std::string out;
  for (const char c : folder.string()) out += c == '%' ? "%%" : std::string(1, c);
  return out + "/" + pattern;
}

class Script {
 public:
  Script(const JobFile& job, const JobStep& step, const SbatchContext& place, std::size_t first, std::size_t count)
      : job_(job), step_(step), place_(place), first_(first), count_(count) {
    head();
    directives();
    body();
  }
  std::string take() { return std::move(text_); }

 private:
  const JobFile& job_;
  const JobStep& step_;
  const SbatchContext& place_;
  std::size_t first_, count_;
  std::string text_;

  void line(const std::string& text) { text_ += text + "\n"; }
  void ask(const std::string& option, const std::string& value) {
    line(fmt::format("#SBATCH --{}={}", option, directive_value(value)));
  }
  void ask_if_given(const std::string& option, const std::string& value) {
    if (!value.empty()) ask(option, value);
  }

  void head() {
    line("#!/bin/bash");
    line(
        fmt::format("# The step {} of {}: moola submits it, and `sbatch THIS_FILE` does, too.", step_.name, job_.name));
  }

  void directives() {
    const bool is_array = !step_.array.elements.empty();
    ask("job-name", fmt::format("{}-{}", job_.name, step_.name));
    ask("comment", slurm_comment(place_.run, step_.name, first_));
    if (is_array) {
      ask("array", fmt::format("0-{}{}", count_ - 1,
                               step_.array.at_a_time > 0 ? fmt::format("%{}", step_.array.at_a_time) : ""));
    }
    ask("nodes", std::to_string(step_.nodes));
    ask("ntasks-per-node", std::to_string(step_.ranks_per_node()));
    ask("cpus-per-task", std::to_string(std::max<std::int64_t>(1, step_.cpus_per_node() / step_.ranks_per_node())));
    ask("mem", memory_text(parse_memory(step_.memory)));
    if (step_.gpus > 0) {
      ask("gres", fmt::format("gpu:{}{}", step_.slurm.gpu_type.empty() ? "" : step_.slurm.gpu_type + ":", step_.gpus));
    }
    if (!step_.time.empty()) ask("time", slurm_time(parse_duration(step_.time)));
    const auto before = static_cast<std::int64_t>(parse_duration(step_.slurm.signal_before).in_seconds());
    if (before > 0) ask("signal", fmt::format("B:USR2@{}", before));
    line("#SBATCH --requeue");
    line("#SBATCH --open-mode=append");
    ask("output", log_path(log_folder(place_.folder), step_.name + (is_array ? ".%A_%a.log" : ".%j.log")));
    ask_if_given("partition", step_.slurm.partition);
    ask_if_given("account", step_.slurm.account);
    ask_if_given("qos", step_.slurm.qos);
    ask_if_given("constraint", step_.slurm.constraint);
    ask_if_given("reservation", step_.slurm.reservation);
    ask_if_given("exclude", step_.slurm.exclude);
    for (const std::string& each : step_.slurm.extra) line("#SBATCH " + each);
  }

  void body() {
    line("");
    if (!step_.slurm.modules.empty()) line("module load " + shell_words(step_.slurm.modules));
    line("# What it runs, how often it is tried and where its results go stands in the run's folder.");
    line("# It takes the place of this shell, so that Slurm's signals reach it.");
    std::vector<std::string> words;
    if (!step_.slurm.container.empty()) {
      words = {"apptainer", "exec"};
      if (step_.gpus > 0) words.emplace_back("--nv");
      words.push_back(step_.slurm.container);
    }
    words.insert(words.end(), {place_.program.string(), "step", place_.folder.string(), step_.name});
    std::string call = shell_words(words);
    if (!step_.array.elements.empty()) {
      call += first_ == 0 ? " --element \"$SLURM_ARRAY_TASK_ID\""
                          : fmt::format(" --element $((SLURM_ARRAY_TASK_ID + {}))", first_);
    }
    line("exec " + call);
  }
};

}  // namespace

std::string slurm_comment(const std::string& run, const std::string& step, std::size_t first) {
  return fmt::format("moola:{}:{}:{}", run, step, first);
}

std::vector<SbatchScript> sbatch_scripts(const JobFile& job, const JobStep& step, const SbatchContext& place) {
  if (step.memory.empty()) {
    throw ConfigError(
        fmt::format("step.{}.memory is not given: Slurm takes a step that does not say it for one that needs "
                    "a whole node's, and runs one at a time. Say how much of a node's memory it takes, such as "
                    "memory = \"16G\".",
                    step.name));
  }
  std::vector<SbatchScript> out;
  for (std::size_t first = 0; first < step.elements(); first += place.max_array) {
    const std::size_t count = std::min(place.max_array, step.elements() - first);
    out.push_back({.step = step.name,
                   .file_name = step.elements() <= place.max_array
                                    ? step.name + ".sbatch"
                                    : fmt::format("{}.{}.sbatch", step.name, out.size() + 1),
                   .first = first,
                   .count = count,
                   .text = Script(job, step, place, first, count).take()});
  }
  return out;
}

}  // namespace moola::cluster
