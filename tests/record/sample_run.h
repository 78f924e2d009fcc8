#pragma once
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/atomic_file.h"
#include "record/run_folder.h"

namespace moola::test {

inline const std::string kHash(64, 'a');

/// Windows cut from the bars of one file, as a pretraining run records them.
inline record::DataUse sample_data(const std::string& hash = kHash) {
  record::DataUse file{.role = "source file",
                       .id = "tx_front_month_1m.csv.zst",
                       .content_sha256 = std::string(64, 'c'),
                       .facts = {{"bytes", 1'843'221}, {"license", "MIT"}}};
  record::DataUse bars{.role = "bars",
                       .id = "bars/TX/v1",
                       .content_sha256 = std::string(64, 'b'),
                       .facts = {{"first_time", "2024-11-05T00:45:00Z"},
                                 {"last_time", "2025-02-03T20:59:00Z"},
                                 {"rows", 65'824},
                                 {"dropped", {{"duplicate stamp", 3}, {"price not positive", 1}}},
                                 {"repaired", {{"high below close", 12}}}},
                       .sources = {file}};
  return {.role = "windows",
          .id = "unlabeled_windows/TX/v1",
          .content_sha256 = hash,
          .facts = {{"first_time", "2024-11-05T00:45:00Z"},
                    {"last_time", "2025-02-03T20:59:00Z"},
                    {"windows", 57'408},
                    {"length", 105},
                    {"stride", 1},
                    {"max_gap", "10m"}},
          .sources = {bars}};
}

inline record::RunRequest sample_request(const std::string& name = "bilstm_mae") {
  return {.job = "pretrain",
          .name = name,
          .config_text =
              "[windows]\nlength = 105\nholdout = 0.1\n\n[model]\nname = \"bilstm\"\nhidden = 128\n\n[train]\nepochs = "
              "4\nlr = "
              "0.001\nbatch = 512\n\n[parallel]\nranks = 2\n",
          .config_identity = "[train]\nlr = 0.001\n",
          .data = {sample_data()},
          .ranks = 2,
          .seed = 1337};
}

/// Events of `steps` training steps with an evaluation every tenth of them, falling from the baselines towards a floor.
inline void write_sample_events(record::Run& run, std::int64_t steps, double floor = 0.38) {
  std::uint64_t state = 42;
  const auto noise = [&state] {  // in [-1, 1); a plain congruential generator will do for a picture
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<double>(state >> 11) * 0x1.0p-52 - 1.0;
  };
  for (std::int64_t step = 10; step <= steps; step += 10) {
    const double progress = static_cast<double>(step) / static_cast<double>(steps);
    const double level = floor + (1.4 - floor) * std::exp(-5 * progress);
    const double train = 0.029 * level * (1 + 0.08 * noise()), variance = 0.002 * std::exp(-12 * progress);
    const double rate =
        std::min(1.0, progress / 0.05) * (0.00001 + 0.00099 * 0.5 * (1 + std::cos(progress * 3.14159265)));
    run.metrics().write({{"step", step},
                         {"epoch", static_cast<std::int64_t>(progress * 4)},
                         {"split", "train"},
                         {"loss", train},
                         {"collapse_penalty", variance},
                         {"objective", train + 0.1 * variance},
                         {"lr", rate},
                         {"grad_norm", 0.9 * level * (1 + 0.5 * noise()) * (step % 370 == 0 ? 6 : 1)},
                         {"baseline_window_mean", 0.043 * (1 + 0.05 * noise())},
                         {"baseline_previous_bar", 0.029 * (1 + 0.05 * noise())}});
    run.timings().write(
        {{"step", step}, {"seconds", 0.6 * static_cast<double>(step)}, {"windows_per_s", 840 * (1 + 0.04 * noise())}});
    if (step % std::max<std::int64_t>(10, steps / 100 * 10) != 0) continue;
    run.metrics().write({{"step", step},
                         {"epoch", static_cast<std::int64_t>(progress * 4)},
                         {"split", "holdout"},
                         {"loss", 0.0304 * level * 1.05},
                         {"baseline_window_mean", 0.0447},
                         {"baseline_previous_bar", 0.0304}});
  }
}

inline void fill_sample_manifest(record::Run& run) {
  record::Manifest& manifest = run.manifest();
  manifest.split = {{"rule", "the last part of time is held out"},
                    {"train_windows", 51'562},
                    {"purged_windows", 105},
                    {"holdout_windows", 5'741},
                    {"cut", "2025-01-22T03:11:00Z"},
                    {"purge", "105 bars, one window"}};
  manifest.parameters = {{"model", 566'408}, {"architecture", "bilstm, 4 channels"}};
  manifest.versions = {{"libtorch", "2.11.0"}, {"mpi", "Open MPI 4.1.4"}, {"hdf5", "1.10.8"}};
  run.save();
}

/// A finished pretraining run with a checkpoint and an encoder; returns its folder.
inline std::filesystem::path finished_sample_run(const std::filesystem::path& workspace,
                                                 const record::RunRequest& request, double floor = 0.38,
                                                 std::int64_t steps = 4000) {
  record::Run run = record::open_run(workspace, request);
  fill_sample_manifest(run);
  write_sample_events(run, steps, floor);
  write_file(run.path() / "checkpoints" / "step-00004000.safetensors", std::string(100'000, 'x'));
  const auto encoder = workspace / "artifacts" / "encoders" / "bilstm_mae-v1.safetensors";
  write_file(encoder, std::string(200'000, 'y'));
  run.add_artifact(encoder);
  run.finish(record::RunState::finished, {{"train_loss", 0.029 * floor},
                                          {"holdout_loss", 0.0304 * floor * 1.05},
                                          {"epochs", 4},
                                          {"baselines", {{"window_mean", 0.0447}, {"previous_bar", 0.0304}}}});
  return run.path();
}

}  // namespace moola::test
