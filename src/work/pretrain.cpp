#include "work/pretrain.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <fmt/format.h>
#include <malloc.h>
#include <torch/headeronly/version.h>

#include <iostream>
#include <memory>
#include <optional>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "base/sha256.h"
#include "base/utc_time.h"
#include "base/version.h"
#include "comm/activity.h"
#include "learn/checkpoint.h"
#include "learn/encoder_file.h"
#include "learn/masked_objective.h"
#include "learn/trainer.h"
#include "record/report.h"
#include "record/run_folder.h"
#include "work/compute_device.h"
#include "work/pretrain_data.h"
#include "work/pretrain_recorder.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;

learn::MaskedOptions masked_options(const PretrainConfig& config) {
  return {.mask = {.strategy = learn::parse_mask_strategy(config.objective.strategy),
                   .ratio = config.objective.ratio,
                   .patch = config.objective.patch},
          .reconstruction =
              config.objective.loss == "huber" ? learn::Reconstruction::huber : learn::Reconstruction::squared,
          .huber_delta = config.objective.huber_delta,
          .variance_weight = config.objective.variance_weight,
          .decoder_hidden = config.objective.decoder_hidden,
          .dropout = config.objective.decoder_dropout,
          .seed = static_cast<std::uint64_t>(config.train.seed)};
}

learn::TrainerOptions trainer_options(const PretrainConfig& config, const data::Windows& windows) {
  return {.batch = config.train.batch,
          .microbatch = config.parallel.microbatch,
          .length = windows.length(),
          .channels = windows.channels(),
          .epochs = config.train.epochs,
          .max_steps = config.train.max_steps,
          .schedule = {.kind = config.train.schedule == "constant" ? learn::ScheduleKind::constant
                                                                   : learn::ScheduleKind::cosine,
                       .peak = config.train.lr,
                       .floor = config.train.min_lr,
                       .warmup_steps = config.train.warmup_steps},
          .adamw = {.weight_decay = config.train.weight_decay},
          .clip = config.train.clip,
          .patience = config.train.patience,
          .evaluate_every = config.train.evaluate_every,
          .log_every = config.train.log_every,
          .reduce = comm::parse_reduce_mode(config.parallel.reduce)};
}

// The numbers of the metrics event that a run ends with, from the file rather than from memory: a continued run has
// both.
Json last_event_of(const fs::path& file, const std::string& split, std::int64_t step) {
  Json found;
  for (const Json& event : record::read_events(file)) {
    if (event.value("split", "") == split && (step < 0 || event.value("step", std::int64_t{-1}) == step)) found = event;
  }
  return found;
}

Json final_metrics(const fs::path& metrics_file, std::int64_t best_step) {
  const Json train = last_event_of(metrics_file, "train", -1);
  const Json holdout = best_step >= 0 ? last_event_of(metrics_file, "holdout", best_step) : Json();
  Json metrics = Json::object();
  metrics["train_loss"] = train.is_object() ? train["loss"] : Json();
  metrics["holdout_loss"] = holdout.is_object() ? holdout["loss"] : Json();
  metrics["best_step"] = best_step >= 0 ? Json(best_step) : Json();
  metrics["baselines"] = Json::object();
  static constexpr std::string_view kBaseline = "baseline_";
  const Json& source = holdout.is_object() ? holdout : train;
  if (source.is_object()) {
    for (const auto& [name, value] : source.items()) {
      if (name.starts_with(kBaseline)) metrics["baselines"][name.substr(kBaseline.size())] = value;
    }
  }
  return metrics;
}

// What a checkpoint must have in common with the run that continues it.
std::map<std::string, std::string> belongs_to(const LoadedPretrainConfig& config, const PretrainData& data) {
  return {{"config_sha256", sha256_hex(config.identity)},
          {"data", data.use.id},
          {"data_sha256", data.use.content_sha256},
          {"code_version", code_version()}};
}

void check_belongs(const learn::Checkpoint& checkpoint, const std::map<std::string, std::string>& expected,
                   const fs::path& file) {
  for (const char* key : {"data", "data_sha256", "config_sha256"}) {
    const auto found = checkpoint.belongs_to.find(key);
    const std::string& wanted = expected.at(key);
    if (found != checkpoint.belongs_to.end() && found->second == wanted) continue;
    throw DataError(
        fmt::format("the checkpoint {} belongs to another training: its {} is {}, this run's is {}. Give the data and "
                    "configuration it "
                    "was made with, or start anew with --fresh.",
                    file.string(), key, found == checkpoint.belongs_to.end() ? "missing" : found->second, wanted));
  }
}

learn::EncoderHeader encoder_header(const PretrainConfig& config, const PretrainData& data,
                                    const models::Encoder& encoder) {
  learn::EncoderHeader header;
  header.architecture = encoder.config();
  header.length = data.windows->length();
  header.channel_names = data.windows->channel_names();
  header.normalize = config.windows.normalize;
  header.scale = data.scale;
  header.data = Json::array();
  const auto add = [&](const auto& self, const record::DataUse& use) -> void {
    header.data.push_back({{"id", use.id}, {"content_sha256", use.content_sha256}});
    for (const record::DataUse& source : use.sources) {
      if (source.role != "source file") self(self, source);
    }
  };
  add(add, data.use);
  header.seen = data.seen;
  header.selected_on = data.selected_on;
  header.objective = config.objective.name;
  header.code_version = code_version();
  return header;
}

Json result_json(const record::Manifest& manifest, const std::string& status) {
  Json out = {{"run", manifest.run}, {"status", status}};
  for (const char* key : {"encoder", "encoder_file", "steps", "epochs", "train_loss", "holdout_loss", "baselines"}) {
    out[key] = manifest.metrics.contains(key) ? manifest.metrics[key] : Json();
  }
  out["windows_per_s"] = manifest.timings.contains("windows_per_s") ? manifest.timings["windows_per_s"] : Json();
  return out;
}

void print_result(const PretrainOptions& options, const record::Manifest& manifest, const fs::path& run,
                  const std::string& status) {
  if (options.common.json) {
    std::cout << result_json(manifest, status).dump() << std::endl;
    return;
  }
  const Json& metrics = manifest.metrics;
  const auto number = [](const Json& value) {
    return value.is_number() ? fmt::format("{:.6g}", value.get<double>()) : std::string("-");
  };
  const auto text = [&](const char* key) { return metrics.contains(key) ? metrics[key] : Json(); };
  std::string out = fmt::format("run            {}\nstatus         {}\n", run.string(), status);
  if (text("encoder_file").is_string())
    out += fmt::format("encoder        {}\n", text("encoder_file").get<std::string>());
  out +=
      fmt::format("train loss     {}\nhold-out loss  {}\n", number(text("train_loss")), number(text("holdout_loss")));
  if (metrics.contains("baselines")) {
    for (const auto& [name, value] : metrics["baselines"].items())
      out += fmt::format("  baseline {:<14} {}\n", name, number(value));
  }
  if (manifest.timings.contains("windows_per_s"))
    out += fmt::format("windows/s      {} (mean)\n", number(manifest.timings["windows_per_s"]));
  out += fmt::format("report         {}\n", (run / "report.html").string());
  std::cout << out << std::flush;
}

// Where the encoder of a finished run is wanted: among the published ones, should it have gone from there, and in the
// file of --out.
void give_encoder(const PretrainOptions& options, const PretrainConfig& config, const fs::path& run) {
  const fs::path encoder = run / "encoder.safetensors";
  learn::publish_encoder(encoder, options.common.workspace / "artifacts" / "encoders", config.output.name);
  if (options.out.empty()) return;
  if (fs::exists(options.out) && sha256_of_file(options.out) == sha256_of_file(encoder)) return;
  write_file(options.out, read_file(encoder), Overwrite::no);
}

// Before there is a run, and days before the encoder is written: whether --out can be. The file may be there when a
// former call of the same put it there.
void check_out(const PretrainOptions& options) {
  try {
    const AtomicFile probe(options.common.workspace / "artifacts" / "encoders" / ".probe", Overwrite::yes);
  } catch (const IoError& error) {
    throw ConfigError(fmt::format("the encoder could not be published: {}", error.what()));
  }
  if (options.out.empty()) return;
  if (fs::exists(options.out) && !fs::is_regular_file(options.out)) {
    throw ConfigError(fmt::format("--out {} is no regular file. Name a file to write the encoder to.", options.out));
  }
  try {
    const AtomicFile probe(options.out, Overwrite::yes);
  } catch (const IoError& error) {
    throw ConfigError(fmt::format("--out {}: {}", options.out, error.what()));
  }
  if (!fs::exists(options.out)) return;
  const std::string there = sha256_of_file(options.out);
  std::error_code none_yet;
  for (const auto& entry : fs::directory_iterator(options.common.workspace / "artifacts" / "encoders", none_yet)) {
    if (entry.is_regular_file() && sha256_of_file(entry.path()) == there) return;
  }
  throw ConfigError(
      fmt::format("--out {} is there already and no encoder of this workspace; nothing is overwritten. Give "
                  "another name, or move the file away.",
                  options.out));
}

// The cause outlives the terminal: in the manifest and on the report.
void record_failure(record::Run& run, const std::exception& error) {
  try {
    run.finish(record::RunState::failed, Json::object(), error.what());
    record::write_report(run.path(), record::RunLock::ours);
  } catch (const std::exception& second) {
    log_warning("the failure could not be recorded in full: {}", second.what());
  }
}

}  // namespace

int pretrain(comm::World& world, const PretrainOptions& options, const LoadedPretrainConfig& loaded) {
  const PretrainConfig& config = loaded.values;
  const comm::Communicator& ranks = world.communicator();
  const bool first = world.rank() == 0;
  if (options.common.quiet) set_log_level(LogLevel::warning);
  if (options.ranks > 0 && options.ranks != world.size()) {
    throw ConfigError(
        fmt::format("--ranks {} was asked for, but mpirun or srun has started {}. Leave --ranks out there.",
                    options.ranks, world.size()));
  }
  // Activations of tens of megabytes come and go at every micro-batch: kept, not given back to the system and asked for
  // again.
  ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
  ::mallopt(M_TRIM_THRESHOLD, 1 << 30);
  // The thread count is part of what decides the bits; Open MPI and OpenMP would each guess another.
  at::set_num_threads(static_cast<int>(config.parallel.threads));

  comm::note_phase("opening the device");
  const ComputeDevice device = open_compute_device(config.parallel.device, ranks);
  comm::note_phase("loading data");
  PretrainData data = open_pretrain_data(ranks, options.common.workspace, config);

  models::Parameters parameters;
  const auto encoder = models::make_encoder({.name = config.model.name,
                                             .channels = data.windows->channels(),
                                             .hidden = config.model.hidden,
                                             .layers = config.model.layers,
                                             .dropout = config.model.dropout},
                                            parameters);
  learn::MaskedObjective objective(*encoder, parameters, data.windows->length(), masked_options(config));
  parameters.allocate(device.device);
  encoder->initialise(static_cast<std::uint64_t>(config.train.seed));
  objective.initialise();

  const learn::TrainerOptions trainer_settings = trainer_options(config, *data.windows);
  // Before there is a run: a training that can't be must leave none behind.
  const learn::TrainingLength length = learn::training_length(trainer_settings, data.training.count, world.size());

  if (first && config.train.warmup_steps >= length.steps) {
    log_warning(
        "train.warmup_steps = {} is not over when the training of {} steps ends: the rate never reaches train.lr.",
        config.train.warmup_steps, length.steps);
  }

  // Rank 0 finds the run; the others hear where it is and what to go on from.
  std::optional<record::Run> run;
  std::string found = "{}";
  if (first) {
    check_out(options);
    run.emplace(record::open_run(options.common.workspace, {.job = "pretrain",
                                                            .name = config.output.name,
                                                            .config_text = loaded.resolved,
                                                            .config_identity = loaded.identity,
                                                            .data = {data.use},
                                                            .fresh = options.fresh,
                                                            .resume = options.resume,
                                                            .ranks = world.size(),
                                                            .seed = config.train.seed}));
    const bool done = run->start() == record::RunStart::finished_before;
    if (!done) add_log_file(run->path() / "log.txt");
    const auto newest = done ? std::nullopt : learn::newest_sound_checkpoint(run->path() / "checkpoints");
    found = Json({{"done", done}, {"checkpoint", newest ? newest->string() : ""}}).dump();
  }
  const Json start = parse_json(ranks.broadcast(found, 0), "the run's start");
  if (start.at("done").get<bool>()) {
    if (first) {
      log_info("This training is done already: {}. Give --fresh to run it again.", run->path().string());
      give_encoder(options, config, run->path());
      print_result(options, run->manifest(), run->path(), "finished");
    }
    return static_cast<int>(ExitCode::done);
  }

  const auto belongs = belongs_to(loaded, data);
  std::optional<learn::Checkpoint> checkpoint;
  if (const fs::path file = start.at("checkpoint").get<std::string>(); !file.empty()) {
    checkpoint = learn::read_checkpoint(file, parameters);
    check_belongs(*checkpoint, belongs, file);
  }

  std::unique_ptr<PretrainRecorder> recorder;
  learn::TrainerListener listener;
  const std::int64_t done_steps = checkpoint ? checkpoint->step : 0;
  if (first) {
    run->metrics().cut_to(checkpoint ? checkpoint->metrics_bytes : 0);
    run->timings().cut_after(done_steps);
    run->manifest().versions["libtorch"] = TORCH_VERSION;
    run->manifest().versions["device"] = device.description();
    if (!device.versions.empty()) run->manifest().versions["cuda"] = device.versions;
    run->manifest().split = data.split_facts;
    run->manifest().parameters = {{"model", parameters.elements()}, {"input_scale", data.scale}};
    run->save();
    recorder =
        std::make_unique<PretrainRecorder>(std::move(*run), parameters, config, belongs, length.steps, done_steps);
    listener = recorder->listener();
    log_info("{}{}: {} training windows, {} held out, {} parameters, {} {} on {}",
             checkpoint ? fmt::format("Going on from step {} in ", done_steps) : "", recorder->run().path().string(),
             data.training.count, data.split.holdout.size(), parameters.elements(), world.size(),
             world.size() == 1 ? "rank" : "ranks", device.description());
  }
  learn::Trainer trainer(ranks, *device.collectives, parameters, objective, data.training, data.holdout,
                         trainer_settings, listener);
  if (checkpoint) trainer.restore(*checkpoint);
  comm::note_phase("training");
  learn::TrainingResult result;
  try {
    result = trainer.run();
  } catch (const std::exception& error) {
    if (recorder) record_failure(recorder->run(), error);
    throw;
  }
  const bool stopped = result.end == learn::TrainingEnd::stop_signal;
  if (!first) return static_cast<int>(stopped ? ExitCode::run_again : ExitCode::done);

  comm::note_phase("writing the encoder");
  recorder->writer().wait();
  record::Run& record_run = recorder->run();
  record::Manifest& manifest = record_run.manifest();
  // A session that found nothing left to do has no speed.
  if (result.step > done_steps || manifest.timings.empty()) manifest.timings = recorder->timings();
  Json metrics = final_metrics(record_run.path() / "metrics.jsonl", result.best_step);
  metrics["steps"] = result.step;
  metrics["epochs"] = result.epoch;
  metrics["ended_by"] = stopped                                            ? "stop signal"
                        : result.end == learn::TrainingEnd::no_improvement ? "no improvement"
                                                                           : "all steps";
  if (stopped) {
    record_run.finish(record::RunState::stopped, metrics, "a stop signal");
    record::write_report(record_run.path(), record::RunLock::ours);
    log_info("Stopped at step {} after a signal; a checkpoint is written. The same command goes on.", result.step);
    print_result(options, record_run.manifest(), record_run.path(), "stopped");
    return static_cast<int>(ExitCode::run_again);
  }
  const fs::path encoder_file = record_run.path() / "encoder.safetensors";
  learn::write_encoder(encoder_file, encoder_header(config, data, *encoder), parameters, result.values);
  const fs::path published =
      learn::publish_encoder(encoder_file, options.common.workspace / "artifacts" / "encoders", config.output.name);
  metrics["encoder"] = published.stem().string();
  metrics["encoder_file"] = published.string();
  record_run.add_artifact(published);
  record_run.finish(record::RunState::finished, metrics);
  record::write_report(record_run.path(), record::RunLock::ours);
  give_encoder(options, config, record_run.path());
  print_result(options, record_run.manifest(), record_run.path(), "finished");
  return static_cast<int>(ExitCode::done);
}

}  // namespace moola::work
