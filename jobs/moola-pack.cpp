// moola pack OUT; moola pack verify FOLDER.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/command_line.h"
#include "cluster/pack/pack_commands.h"

int main(int argc, char** argv) {
  moola::cluster::PackOptions options;
  CLI::App app(
      "Everything that a job needs on another machine, in one folder: programs, libraries, configurations, data sets,\n"
      "and a script that starts it there. A second pack into the same folder writes only what changed.\n"
      "Example: moola pack out --config configs/pretrain/quickstart.toml --data bars/BTC/v1");
  app.require_subcommand(0, 1);
  moola::add_common_options(app, options.common);
  app.add_option("OUT", options.folder, "the folder of the pack");
  app.add_option("--config", options.configs, "configurations, with what they inherit from and name");
  app.add_option("--job", options.jobs, "job files: the configurations and inputs of their steps, and their GPUs");
  app.add_option("--set", options.settings, "KEY=VALUE of the job file");
  app.add_option("--data", options.data, "data sets, beside those that configurations name: bars/BTC/v1");
  app.add_option("--file", options.files, "further files or folders of the workspace");
  app.add_option("--root", options.root, "configurations keep their paths below this folder")->capture_default_str();
  app.add_option("--programs", options.programs, "take the programs of this folder (default: those beside this one)");
  app.add_option("--torch", options.torch,
                 "LibTorch: of the place (or installed there), in the pack, or none and no program that needs it")
      ->capture_default_str();
  app.add_flag("--no-mpi", options.no_mpi, "leave Open MPI out: the place has its own, of version 4");
  app.add_option("--gpus", options.gpus, "GPUs that the place must have")->check(moola::at_least(0));
  app.add_option("--gpu-memory", options.gpu_memory, "that each of them must have, such as 40G");
  app.add_flag("--dry-run", options.dry_run, "say what would be packed and what takes the room; write nothing");

  CLI::App* verify = app.add_subcommand("verify", "check every hash of a pack, and what this machine lacks to run it");
  moola::add_common_options(*verify, options.common);
  verify->add_option("FOLDER", options.folder, "the pack")->required();
  verify->add_flag("--objects-only", options.objects_only, "the hashes alone");

  app.callback([&] {
    if (verify->parsed())
      verify_pack_command(options);
    else
      pack_command(options);
  });
  return moola::run_command(app, "pack", argc, argv);
}
