#pragma once
#include <filesystem>
#include <functional>
#include <string>

#include "work/sweep/config/sweep_config.h"
#include "work/sweep/study/sweep_study.h"
#include "work/sweep/trials/trial_command.h"
#include "work/sweep/trials/trial_runner.h"

namespace moola::work {

/// Turns a trial that is to be run into the program that runs it.
class TrialProgram {
 public:
  /// `parameters`: the space's names and the fixed ones. `folder`: where programs run, the configuration file's.
  /// `workspace`: of jobs. Throws ConfigError for a command that names what is no parameter, and for a program that is
  /// not there.
  TrialProgram(const SweepConfig& config, const std::vector<std::string>& parameters, std::filesystem::path folder,
               const std::filesystem::path& workspace);

  bool is_job() const { return !job_.empty(); }
  TrialTask task(const Assignment& assignment) const;

 private:
  std::string study_, job_;
  std::uint64_t seed_;
  std::size_t objectives_;
  std::string test_from_, test_to_;
  std::optional<std::chrono::nanoseconds> time_limit_;
  std::filesystem::path folder_;
  TrialCommand command_;
  std::vector<std::string> metrics_;

  void add_job_words(const Assignment& assignment, std::vector<std::string>& words) const;
};

}  // namespace moola::work
