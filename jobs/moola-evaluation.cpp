// moola cv, walk-forward, cpcv-pbo and train (MOOLA_JOB): models on splits. Checks the call, then starts the ranks that
// share the folds.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "cluster/launch/job_front.h"
#include "work/evaluate/config/evaluate_options.h"

int main(int argc, char** argv) {
  moola::work::EvaluateOptions options{.strategy = moola::work::strategy_of_job(MOOLA_JOB)};
  CLI::App app;
  options.add_to(app);
  int exit_code = 0;
  app.callback([&] {
    if (moola::work::answer_without_ranks(options)) return;
    exit_code = moola::launch::run_job_front({.name = MOOLA_JOB,
                                              .ranks = static_cast<int>(options.ranks),
                                              .device = "cpu",
                                              .leaves = 100'000,
                                              .workspace = options.common.workspace},
                                             argc, argv);
  });
  const int parsed = moola::run_command(app, MOOLA_JOB, argc, argv);
  return parsed != 0 ? parsed : exit_code;
}
