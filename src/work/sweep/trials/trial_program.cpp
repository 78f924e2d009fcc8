#include "work/sweep/trials/trial_program.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/duration.h"
#include "base/error.h"
#include "base/subprocess.h"
#include "base/toml_text.h"
#include "base/trial_reports.h"
#include "sweep/samplers/draws.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;

// A brace in a word of ours is a brace.
std::string without_names(const std::string& word) {
  std::string out;
  for (const char c : word) out += c == '{' || c == '}' ? std::string(2, c) : std::string(1, c);
  return out;
}

std::vector<std::string> job_words(const SweepConfig& config, const fs::path& workspace) {
  const SweepConfig::Sweep& sweep = config.sweep;
  if (!fs::is_regular_file(sweep.config)) throw ConfigError(fmt::format("sweep.config: there is no {}.", sweep.config));
  std::vector<std::string> out{(executable_folder() / ("moola-" + sweep.job)).string(),
                               sweep.config,
                               "--workspace",
                               fs::absolute(workspace).lexically_normal().string(),
                               "--json",
                               "--quiet",
                               "--ranks",
                               std::to_string(config.workers.ranks)};
  for (const std::string& each : sweep.settings) out.insert(out.end(), {"--set", each});
  std::ranges::transform(out, out.begin(), without_names);
  return out;
}

// With a path where it has one: programs run in another folder than this one perhaps.
std::vector<std::string> words_from(const SweepConfig& config, const fs::path& folder, const fs::path& workspace) {
  const SweepConfig::Sweep& sweep = config.sweep;
  if (!sweep.job.empty()) return job_words(config, workspace);
  std::vector<std::string> out = sweep.command;
  if (out.empty() || out.front().empty() || out.front().find('{') != std::string::npos) return out;
  if (out.front().find('/') == std::string::npos) {
    if (!find_program(out.front()))
      throw ConfigError(fmt::format(
          "sweep.command: there is no program {} on PATH. For one in the folder of the configuration write ./{}.",
          out.front(), out.front()));
    return out;
  }
  const fs::path program = (folder / out.front()).lexically_normal();
  if (!fs::exists(program))
    throw ConfigError(
        fmt::format("sweep.command: there is no {}. A name with a / is sought in the folder of the configuration.",
                    program.string()));
  if (::access(program.c_str(), X_OK) != 0)
    throw ConfigError(
        fmt::format("sweep.command: {} can't be executed. Make it so with chmod +x, or name its interpreter first: "
                    "[\"python3\", \"{}\"].",
                    program.string(), out.front()));
  out.front() = program.string();
  return out;
}

}  // namespace

TrialProgram::TrialProgram(const SweepConfig& config, const std::vector<std::string>& parameters, fs::path folder,
                           const fs::path& workspace)
    : study_(config.sweep.name),
      job_(config.sweep.job),
      seed_(static_cast<std::uint64_t>(config.sweep.seed)),
      objectives_(config.sweep.direction.size()),
      test_from_(config.honesty.test_from),
      test_to_(config.honesty.test_to),
      folder_(std::move(folder)),
      command_(words_from(config, folder_, workspace), parameters),
      metrics_(config.sweep.job.empty() ? std::vector<std::string>() : config.sweep.metric) {
  if (!config.trial.time_limit.empty())
    time_limit_ = std::chrono::nanoseconds(parse_duration(config.trial.time_limit).nanoseconds);
}

void TrialProgram::add_job_words(const Assignment& assignment, std::vector<std::string>& words) const {
  const auto set = [&](const std::string& key, const std::string& value) {
    words.insert(words.end(), {"--set", key + "=" + value});
  };
  for (const auto& [name, value] : assignment.values) {
    if (!std::holds_alternative<std::monostate>(value)) set(name, sweep::toml_text(value));
  }
  set(job_ == "pretrain" ? "output.name" : "run.name", toml_quoted(fmt::format("{}-{:06}", study_, assignment.number)));
}

TrialTask TrialProgram::task(const Assignment& assignment) const {
  // 31 bits: what every library takes for a seed.
  KeyedRandom random = sweep::draws(seed_, assignment.number, 1'000'000);
  const TrialContext context{.study = study_,
                             .number = assignment.number,
                             .seed = random.bits() >> 1,
                             .attempt = assignment.attempt,
                             .folder = assignment.folder};
  std::vector<std::string> words = command_.arguments(assignment.values, context);
  if (!job_.empty()) add_job_words(assignment, words);
  auto environment = trial_environment(assignment.values, context);
  // So that a program of one's own can keep out of it.
  environment.emplace_back("MOOLA_TEST_FROM", test_from_);
  environment.emplace_back("MOOLA_TEST_TO", test_to_);
  environment.emplace_back(kTrialReports, (assignment.folder / "reports.jsonl").string());
  if (metrics_.size() == 1) environment.emplace_back(kTrialMetric, metrics_.front());
  return {.number = assignment.number,
          .arguments = std::move(words),
          .environment = std::move(environment),
          // A job would start its ranks on all nodes of the Slurm job that this trial is only a part of.
          .without = job_.empty() ? std::vector<std::string>() : std::vector<std::string>{"SLURM_"},
          .folder = folder_,
          .log = assignment.folder / "output.log",
          .reports = assignment.folder / "reports.jsonl",
          .objectives = objectives_,
          .metrics = metrics_,
          .time_limit = time_limit_};
}

}  // namespace moola::work
