// moola runpod: pods, gpus.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/command_line.h"
#include "cluster/runpod/runpod_commands.h"

int main(int argc, char** argv) {
  moola::cluster::runpod::RunpodOptions options;
  CLI::App app(
      "Rented GPUs at RunPod: what runs and what it costs, what there is. The key is taken from RUNPOD_API_KEY, or "
      "from\n"
      "~/.config/moola/runpod.key, which must be of mode 600.\n"
      "Example: moola runpod pods");
  app.require_subcommand(1);

  CLI::App* pods = app.add_subcommand("pods", "every pod of the account: its age, its cost, its run");
  moola::add_common_options(*pods, options.common);
  pods->add_flag("--end-orphans", options.end_orphans,
                 "end the pods and clusters that Moola made and no run of this workspace knows");
  pods->add_flag("--yes", options.yes, "end them indeed, not only name them");
  pods->callback([&options] {
    moola::require_workspace(options.common.workspace);
    list_pods_command(options);
  });

  CLI::App* gpus = app.add_subcommand("gpus", "types of GPUs with prices and what is free now");
  moola::add_common_options(*gpus, options.common);
  gpus->add_option("--count", options.count, "GPUs of one pod")->capture_default_str()->check(moola::at_least(1));
  gpus->add_option("--cloud", options.cloud, "secure or community")->capture_default_str();
  gpus->add_option("--product", options.product, "what for: pod or cluster")->capture_default_str();
  gpus->add_option("--data-center", options.data_center, "only those that are free there");
  gpus->callback([&options] { list_gpus_command(options); });
  return moola::run_command(app, "runpod", argc, argv);
}
