#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>

#include "base/error.h"
#include "base/parallel_pieces.h"
#include "base/subprocess.h"
#include "base/thread_count.h"
#include "cluster/job/step_call.h"
#include "cluster/run/job_run.h"

namespace moola::cluster {
namespace {

using Words = std::vector<std::string>;

// The call that asks the job for the configuration of the first element; the others' settings are of the same keys, and
// come over it when they run.
Words question(const JobStep& step, const StepContext& context) {
  Words words{context.program.string(), step.job, step.config, "--print-config"};
  const Words call = StepCall(step).element(0, context).words;
  for (std::size_t i = 0; i + 1 < call.size(); ++i) {
    if (call[i] == "--set") words.insert(words.end(), {"--set", call[i + 1]});
  }
  return words;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> resolved_configs(const JobFile& job,
                                                                  const std::filesystem::path& workspace,
                                                                  const std::filesystem::path& program) {
  const StepContext context{.run = "RUN", .workspace = workspace, .program = program};
  std::map<Words, std::optional<std::string>> answers;  // the configuration
  std::map<Words, std::string> asked_for;               // the first step that asks so
  for (const JobStep& step : job.steps) {
    if (step.job.empty() || step.config.empty()) continue;
    const Words words = question(step, context);
    answers.try_emplace(words);
    asked_for.try_emplace(words, step.name);
  }
  std::vector<Words> calls;
  for (const auto& [words, answer] : answers) calls.push_back(words);
  std::mutex one_at_a_time;
  std::map<std::string, std::string> refusals;  // by step: the same one whatever the threads do
  for_each_piece(calls.size(), thread_count(0), [&](std::size_t i) {
    const ProcessResult result = run_process(calls[i]);
    const std::lock_guard lock(one_at_a_time);
    if (result.exit_code == 0)
      answers[calls[i]] = result.output;
    else
      refusals.try_emplace(asked_for[calls[i]], result.errors);
  });
  if (!refusals.empty()) {
    const auto& [step, words] = *refusals.begin();
    throw ConfigError(fmt::format("step.{}: its job does not take the configuration: {}", step,
                                  words.substr(0, words.find_last_not_of('\n') + 1)));
  }
  std::vector<std::pair<std::string, std::string>> out;
  for (const JobStep& step : job.steps) {
    if (!step.job.empty() && !step.config.empty()) out.emplace_back(step.name, *answers[question(step, context)]);
  }
  return out;
}

}  // namespace moola::cluster
