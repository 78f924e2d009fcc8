#include "work/evaluate/evaluate_saved_command.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "base/command_line.h"
#include "base/error.h"
#include "work/evaluate/evaluate_command.h"
#include "work/evaluate/evaluate_saved.h"

namespace moola::work {

void add_evaluate_saved_command(CLI::App& app, int& exit_code) {
  struct Options {
    CommonOptions common;
    EvaluateSavedRequest request;
  };
  auto options = std::make_shared<Options>();
  EvaluateSavedRequest& request = options->request;
  app.description(
      "A model that `moola train` has kept, beside the baselines of its run, on rows that it has not seen. Looking at "
      "a "
      "test part is counted: each look makes the next less telling. Examples:\n"
      "  moola evaluate latest --part val\n"
      "  moola evaluate 20250101T0 --part test\n"
      "  moola evaluate 20250101T0 --data btc-2020/v1 --set gates.dsr=0.95");
  app.add_option("MODEL,--model", request.model, "run of moola train: its id, the beginning of one, or `latest`")
      ->required()
      ->type_name("RUN");
  app.add_option("--configuration", request.configuration, "which of the run's models, by its name (default: the best)")
      ->type_name("NAME");
  app.add_option("--data", request.data, "feature table with the same features (default: what it was trained on)")
      ->type_name("ID");
  app.add_option("--split", request.split, "split of that table, data/splits/NAME.json (default: the run's own)")
      ->type_name("NAME");
  app.add_option("--part", request.part, "rows to predict (default: test; all of a table without a split)")
      ->check(CLI::IsMember({"val", "test", "all"}));
  app.add_option("--set", request.settings,
                 "change a key of the run's configuration, e.g. --set 'backtest.costs=[\"BTCUSD=0\"]'; may be repeated")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  app.add_flag("--fresh", request.fresh, "a new run, also when this has been done before");
  add_common_options(app, options->common);
  app.callback([options, &exit_code] {
    require_workspace(options->common.workspace);
    options->request.workspace = options->common.workspace;
    const EvaluateOutcome outcome = evaluate_saved(options->request);
    print_outcome(options->common, outcome);
    exit_code = static_cast<int>(outcome.gates_met ? ExitCode::done : ExitCode::gate_not_met);
  });
}

}  // namespace moola::work
