// moola runpod: pods, gpus, volume.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/command_line.h"
#include "cluster/runpod/runpod_commands.h"
#include "cluster/runpod/volume_commands.h"

namespace {

using moola::cluster::runpod::VolumeOptions;

CLI::App* add_volume_command(CLI::App& volume, const char* name, const char* does, VolumeOptions& options,
                             void (*run)(const VolumeOptions&)) {
  CLI::App* command = volume.add_subcommand(name, does);
  moola::add_common_options(*command, options.common);
  command->add_option("--data-center", options.data_center, "where the volume is (default: RunPod is asked)");
  command->add_option("--connections", options.connections, "beside each other")
      ->capture_default_str()
      ->check(moola::at_least(1));
  command->callback([&options, run] { run(options); });
  return command;
}

void add_volume_commands(CLI::App& app, VolumeOptions& options) {
  using namespace moola::cluster::runpod;
  CLI::App* volume =
      app.add_subcommand("volume",
                         "files of a network volume, without a pod. The S3 key is taken from RUNPOD_S3_ACCESS_KEY and "
                         "RUNPOD_S3_SECRET_KEY,\nor from ~/.config/moola/runpod-s3.key (two lines, mode 600). A PATH "
                         "is /workspace/PATH of a "
                         "pod.\nExample: moola runpod volume get abc123 runs/a results");
  volume->require_subcommand(1);
  CLI::App* list = add_volume_command(*volume, "ls", "what lies in a folder", options, list_volume_command);
  list->add_option("VOLUME", options.volume, "the volume's id")->required();
  list->add_option("PATH", options.path, "a folder or a file (default: all)");
  list->add_flag("--recursive", options.recursive, "everything below it");
  CLI::App* get = add_volume_command(*volume, "get", "bring a file, or what is new or changed in a folder", options,
                                     get_from_volume_command);
  get->add_option("VOLUME", options.volume, "the volume's id")->required();
  get->add_option("PATH", options.path, "a file or a folder")->required();
  get->add_option("OUT", options.local, "where to")->required();
  CLI::App* put = add_volume_command(*volume, "put", "send a file, or those of a folder, that are not there", options,
                                     put_on_volume_command);
  put->add_option("FILE", options.local, "a file or a folder")->required();
  put->add_option("VOLUME", options.volume, "the volume's id")->required();
  put->add_option("PATH", options.path, "where to; a file goes into what ends with /")->required();
}

}  // namespace

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

  VolumeOptions volume_options;
  add_volume_commands(app, volume_options);
  return moola::run_command(app, "runpod", argc, argv);
}
