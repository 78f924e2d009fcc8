#include "work/pretrain_options.h"

namespace moola::work {

void PretrainOptions::add_to(CLI::App& app) {
  app.description(
      "Trains an encoder on unlabelled windows, on all cores or GPUs of this machine or within a job's ranks.\n"
      "The same command goes on where it was stopped. Example:\n"
      "  moola pretrain configs/pretrain/bilstm_mae.toml --set data.windows=BTCUSD/v1");
  app.add_option("CONFIG", config_file, "configuration (TOML); docs/reference/pretrain.md lists every key")
      ->type_name("FILE");
  app.add_option("--set", settings, "set a key of the configuration, e.g. --set train.lr=3e-4; may be repeated")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--ranks", ranks, "processes to train with; default: one per core, or per GPU")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{100'000}))
      ->type_name("N");
  app.add_flag("--fresh", fresh, "start a new run even when one of this configuration is unfinished or done");
  app.add_option("--resume", resume, "go on with this run (its id or folder) and no other")
      ->type_name("RUN")
      ->excludes("--fresh");
  app.add_option("--out", out, "write the encoder to this file as well")->type_name("FILE");
  app.add_flag("--print-config", print_config, "print the resolved configuration and stop");
  app.add_flag("--config-reference", config_reference, "print the reference page of all keys (Markdown) and stop");
  add_common_options(app, common);
}

std::optional<std::filesystem::path> PretrainOptions::config() const {
  if (config_file.empty()) return std::nullopt;
  return std::filesystem::path(config_file);
}

}  // namespace moola::work
