#include "work/evaluate/refit/encoder_refits.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/sha256.h"
#include "base/subprocess.h"
#include "base/utc_time.h"
#include "base/version.h"
#include "base/watched_process.h"
#include "comm/activity.h"
#include "work/evaluate/refit/encoder_times.h"
#include "work/evaluate/rows/window_embeddings.h"
#include "work/pretrain_config.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShownOfLog = 1500;  // bytes
constexpr std::size_t kKeyDigits = 16;

// What a pretraining learns from, with its content: the windows, or the bars that they are cut from.
Json sources_of(const fs::path& workspace, const PretrainConfig& config) {
  Json out = Json::array();
  const auto add = [&](const data::DatasetId& id) {
    out.push_back({{"id", to_string(id)}, {"content_sha256", data::DatasetReader(workspace, id).content_sha256()}});
  };
  if (config.data.bars.empty()) {
    const bool full = std::ranges::count(config.data.windows, '/') >= 2;
    add(data::find_dataset(workspace, config.data.windows, full ? "" : "unlabeled_windows"));
  }
  for (const std::string& bars : config.data.bars) add(data::find_dataset(workspace, bars, "bars"));
  return out;
}

std::string quoted(const std::string& text) {
  return json_text(text);  // of stamps alone, for which TOML's quotes are JSON's
}

// Times in the words of a pretraining's configuration, beside what that leaves out by itself.
std::vector<std::string> settings_for(const EncoderTimes& times, const PretrainConfig::Windows& windows) {
  std::vector<std::string> out;
  if (times.to) {
    const bool earlier = !windows.to.empty() && parse_utc(windows.to) < *times.to;
    out.push_back("windows.to=" + quoted(earlier ? windows.to : utc_text(*times.to)));
  }
  if (times.exclude.empty()) return out;
  std::vector<std::string> ranges;
  for (const std::string& each : windows.exclude) ranges.push_back(quoted(each));
  for (const EncoderTimes::Range& each : times.exclude)
    ranges.push_back(quoted(fmt::format("{}/{}", utc_text(each.begin), utc_text(each.end))));
  out.push_back(fmt::format("windows.exclude=[{}]", fmt::join(ranges, ",")));
  return out;
}

void run_program(const std::vector<std::string>& words, const fs::path& log, unsigned threads,
                 const std::function<void()>& check_stop) {
  std::vector<std::string> arguments = words;
  arguments.front() = (executable_folder() / words.front()).string();
  const std::string threads_text = std::to_string(threads);
  const WatchedExit result =
      run_watched(arguments, {.log = log,
                              // Alone in the world, and no rank of the job that calls it.
                              .environment = {{"MOOLA_RANKS", "1"}, {"OMP_NUM_THREADS", threads_text}},
                              .without = {"OMPI_", "PMIX_", "PMI_", "PRTE_", "OPAL_", "MOOLA_"},
                              .time_limit = {},
                              .check = [&] {
                                comm::note_phase("training an encoder");  // it may take hours
                                check_stop();
                              }});
  if (result.exit_code == 0) return;
  const std::string said = last_lines(log, kShownOfLog);
  throw DataError(fmt::format("{} ended with status {}. {}", words.front(), result.exit_code,
                              said.empty() ? "It said nothing." : "The last that it said: " + said));
}

}  // namespace

EncoderRefits::EncoderRefits(fs::path workspace, const LoadedEvaluateConfig& config, const EvaluationData& data,
                             const EvaluationSplits& splits)
    : workspace_(std::move(workspace)), config_(config), data_(data), splits_(splits) {
  Json sources;
  naming_key("data.encoder", [&] {
    pretraining_ = load_pretrain_config(config.values.data.encoder, {}).values;
    sources = sources_of(workspace_, pretraining_);
  });
  for (const validation::Split& split : splits.splits) {
    of_split_.push_back(trainings_.size());
    if (!split.fault.empty()) continue;
    Training training = training_for(split, sources);
    const auto known = std::ranges::find(trainings_, training.name, &Training::name);
    of_split_.back() = static_cast<std::size_t>(known - trainings_.begin());
    if (known == trainings_.end()) trainings_.push_back(std::move(training));
  }
}

EncoderRefits::Training EncoderRefits::training_for(const validation::Split& split, const Json& sources) const {
  const EvaluateConfig::Data& from = config_.values.data;
  const bool behind = config_.strategy == SplitStrategy::walk_forward;
  Training out;
  out.settings = settings_for(encoder_times(data_, split, behind), pretraining_.windows);
  out.settings.emplace_back("output.name=refit");
  const Json what = {{"code", code_version()},
                     {"pretraining", load_pretrain_config(from.encoder, out.settings).identity},
                     {"sources", sources},
                     {"windows", to_string(data_.table.id)},
                     {"windows_sha256", data_.table.content_sha256},
                     {"pooling", from.pooling}};
  out.name = "refit-" + sha256_hex(json_text(what)).substr(0, kKeyDigits);
  out.settings.back() = "output.name=" + out.name;
  return out;
}

bool EncoderRefits::is_there(std::size_t training) const {
  return !data::list_versions(workspace_, "embeddings", trainings_[training].name).empty();
}

void EncoderRefits::train(std::size_t training, const fs::path& logs, unsigned threads,
                          const std::function<void()>& check_stop) const {
  const Training& wanted = trainings_[training];
  const EvaluateConfig::Data& from = config_.values.data;
  create_folders(logs);
  const fs::path log = logs / (wanted.name + ".txt");
  fs::remove(log);
  // The rank itself, and not its front: one process needs no launcher.
  std::vector<std::string> words{"moola-pretrain-rank", from.encoder, "--workspace", workspace_.string(), "--quiet"};
  for (const std::string& setting : wanted.settings) words.insert(words.end(), {"--set", setting});
  run_program(words, log, threads, check_stop);
  run_program({"moola-encode", "--encoder", wanted.name, "--data", to_string(data_.table.id), "--pool", from.pooling,
               "--name", wanted.name, "--device", pretraining_.parallel.device, "--threads", std::to_string(threads),
               "--workspace", workspace_.string(), "--quiet"},
              log, threads, check_stop);
}

EvaluationData EncoderRefits::rows_of(std::size_t split) const {
  const std::string& name = trainings_[training_of(split)].name;
  const std::vector<data::DatasetId> versions = data::list_versions(workspace_, "embeddings", name);
  if (versions.empty()) throw DataError(fmt::format("the embeddings {} of split {} are not there.", name, split));
  const data::EmbeddingsFile embeddings = open_embeddings_of(workspace_, to_string(versions.back()), data_.table);
  EvaluationData out = data_;
  embed(out, embeddings);
  for (const data::FittedPart& part : out.fitted) {
    const auto met = seen_in_test(part, out, splits_.splits[split]);
    if (!met && (!part.seen.empty() || config_.values.data.trust)) continue;
    throw LeakError(
        fmt::format("the encoder {} was trained for split {}, and {} which is in its test part; nothing is made of it.",
                    embeddings.info().encoder, split,
                    met ? fmt::format("has seen {} … {},", utc_text(met->first), utc_text(met->last))
                        : std::string("nobody knows what it has seen,")));
  }
  return out;
}

Json EncoderRefits::told(const EvaluationData& rows) {
  const EvaluationData::Embedded& by = rows.embedded.value();
  Json seen = Json::array();
  for (const data::FittedPart& part : rows.fitted) {
    for (const data::FittedPart::Seen& each : part.seen)
      seen.push_back({{"part", part.name}, {"first", utc_text(each.first)}, {"last", utc_text(each.last)}});
  }
  return {{"name", by.encoder},
          {"sha256", by.encoder_sha256},
          {"pooling", by.pooling},
          {"embeddings", to_string(by.source.id)},
          {"embeddings_sha256", by.source.content_sha256},
          {"seen", std::move(seen)}};
}

}  // namespace moola::work
