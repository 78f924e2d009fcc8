#include "work/evaluate/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <thread>

#include "base/atomic_file.h"
#include "base/command_line.h"
#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/sha256.h"
#include "base/version.h"
#include "comm/activity.h"
#include "comm/stop_flag.h"
#include "comm/task_pool.h"
#include "data/tables/split_file.h"
#include "models/classifiers/classifier.h"
#include "record/run_folder.h"
#include "work/evaluate/evaluation_report.h"
#include "work/evaluate/evaluation_results.h"
#include "work/evaluate/fold_file.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;

unsigned threads_of(const EvaluateConfig& config, const comm::Communicator& ranks) {
  if (config.run.threads > 0) return static_cast<unsigned>(config.run.threads);
  return std::max(1U, std::thread::hardware_concurrency() / static_cast<unsigned>(std::max(1, ranks.host_size())));
}

std::string run_name(const LoadedEvaluateConfig& config, const EvaluationData& data) {
  if (!config.values.run.name.empty()) return config.values.run.name;
  return fmt::format("{}-{}", job_name(config.strategy), data.table.id.name);
}

// Splits by how many rows a sample of the configuration looks at.
class SplitsByConfiguration {
 public:
  SplitsByConfiguration(const LoadedEvaluateConfig& config, const EvaluationData& data) {
    for (const Configuration& each : config.configurations) {
      const std::size_t steps = steps_of(config, each);
      if (!by_steps_.contains(steps)) by_steps_.emplace(steps, make_splits(config, data, steps));
      of_.push_back(&by_steps_.at(steps));
    }
  }
  const std::vector<const EvaluationSplits*>& all() const { return of_; }

 private:
  std::map<std::size_t, EvaluationSplits> by_steps_;
  std::vector<const EvaluationSplits*> of_;
};

// What a fold's numbers depend on, besides its own configuration and split.
std::string common_identity(const LoadedEvaluateConfig& config, const EvaluationData& data) {
  const EvaluateConfig& values = config.values;
  return json_text({{"code", code_version()},
                    {"table", data.table.content_sha256},
                    {"horizon", data.horizon},
                    {"features", data.features},
                    {"first_row", data.first_row},
                    {"rows", data.size()},
                    {"window", values.data.window},
                    {"stride", values.data.stride},
                    {"held_out", values.fit.held_out},
                    {"weights", values.fit.weights},
                    {"scaling", values.fit.scaling},
                    {"clip", values.fit.clip},
                    {"calibration", values.fit.calibration},
                    {"prices", !data.last_return.empty()},
                    {"seed", values.run.seed}});
}

// How long a configuration takes per row and feature, very roughly: what is longest begins first.
double effort(const Configuration& configuration) {
  if (configuration.baseline) return 0.001;
  if (configuration.parameters.contains("trees")) return 0.02 * configuration.parameters["trees"].get<double>();
  return models::find_model(configuration.model).takes == models::Takes::windows ? 20 : 1;
}

std::vector<FoldTask> make_tasks(const LoadedEvaluateConfig& config, const EvaluationData& data,
                                 const std::vector<const EvaluationSplits*>& splits) {
  const std::string common = common_identity(config, data);
  std::vector<FoldTask> out;
  for (std::size_t c = 0; c < config.configurations.size(); ++c) {
    const Configuration& configuration = config.configurations[c];
    for (std::size_t s = 0; s < splits[c]->splits.size(); ++s) {
      const validation::Split& split = splits[c]->splits[s];
      if (!split.fault.empty()) continue;
      const Json what = {{"common", common},
                         {"model", configuration.model},
                         {"parameters", configuration.parameters},
                         {"train", data::ranges_json(split.train)},
                         {"test", data::ranges_json(split.test)}};
      FoldTask task{.configuration = c, .split = s, .key = sha256_hex(json_text(what))};
      task.seed = std::stoull(task.key.substr(0, 16), nullptr, 16);
      task.cost = effort(configuration) * static_cast<double>(validation::count_rows(split.train)) *
                  static_cast<double>(data.features.size());
      out.push_back(std::move(task));
    }
  }
  return out;
}

class Evaluation {
 public:
  Evaluation(const EvaluateRequest& request, const LoadedEvaluateConfig& config, const comm::Communicator& ranks)
      : request_(request), config_(config), ranks_(ranks), threads_(threads_of(config.values, ranks)) {
    const std::string& limit = config.values.run.time_limit;
    if (!limit.empty())
      deadline_ = std::chrono::steady_clock::now() + std::chrono::nanoseconds(parse_duration(limit).nanoseconds);
  }

  EvaluateOutcome run() {
    comm::note_phase("reading the table");
    data_ = read_evaluation_data(request_.workspace, config_.values);
    if (config_.values.fit.weights == "table" && data_.weight.empty()) {
      throw ConfigError(
          fmt::format("fit.weights = \"table\": {} has no weight_{}.", to_string(data_.table.id), data_.horizon));
    }
    prices_ = read_prices(request_.workspace, config_, data_);
    if (prices_) data_.last_return = last_returns(data_, *prices_);
    const std::string folder = open();
    if (folder.empty()) return outcome_;
    comm::note_phase("splitting");
    const SplitsByConfiguration splits(config_, data_);
    tasks_ = make_tasks(config_, data_, splits.all());
    outcome_.folds = tasks_.size();
    if (!work(folder, splits.all())) return outcome_;
    if (ranks_.rank() == 0) conclude(folder, splits.all());
    outcome_.gates_met = !ranks_.any(!outcome_.gates_met);
    return outcome_;
  }

 private:
  // The run's folder, on all ranks; empty when it was done before.
  std::string open() {
    std::string folder;
    if (ranks_.rank() == 0) {
      record::RunRequest wanted{.job = std::string(job_name(config_.strategy)),
                                .name = run_name(config_, data_),
                                .config_text = config_.resolved,
                                .config_identity = config_.identity,
                                .data = {{.role = "table",
                                          .id = to_string(data_.table.id),
                                          .content_sha256 = data_.table.content_sha256,
                                          .facts = {{"rows", data_.size()}}}},
                                .fresh = request_.fresh,
                                .resume = request_.resume,
                                .ranks = ranks_.size(),
                                .seed = config_.values.run.seed};
      if (prices_) {
        for (const Prices::Symbol& symbol : prices_->symbols)
          wanted.data.push_back(
              {.role = "bars", .id = to_string(symbol.source.id), .content_sha256 = symbol.source.content_sha256});
      }
      run_.emplace(record::open_run(request_.workspace, wanted));
      const auto done = [&] { return run_->start() == record::RunStart::finished_before; };
      if (done() && !fs::exists(run_->path() / "results.json")) {
        // What it had found is gone.
        wanted.fresh = true;
        run_.emplace(record::open_run(request_.workspace, wanted));
      }
      outcome_.run = run_->id();
      outcome_.folder = run_->path();
      if (done()) {
        log_info("This is done already: {}. Give --fresh to do it again.", run_->path().string());
        outcome_.status = "finished";
        outcome_.results = read_json(run_->path() / "results.json");
        for (const Json& gate : outcome_.results.at("gates"))
          outcome_.gates_met = outcome_.gates_met && gate.at("met").get<bool>();
      } else {
        folder = run_->path().string();
        add_log_file(run_->path() / "log.txt");
      }
    }
    folder = ranks_.broadcast(folder, 0);
    if (folder.empty()) outcome_.gates_met = !ranks_.any(!outcome_.gates_met);
    return folder;
  }

  bool out_of_time() const { return deadline_ && std::chrono::steady_clock::now() > *deadline_; }

  // Tasks whose fold is not there yet, as rank 0 sees them.
  std::vector<std::size_t> pending(const fs::path& folder) {
    Json numbers = Json::array();
    for (std::size_t t = 0; ranks_.rank() == 0 && t < tasks_.size(); ++t) {
      if (!is_fold_there(folder, tasks_[t])) numbers.push_back(t);
    }
    return parse_json(ranks_.broadcast(json_text(numbers), 0), "the folds to be done").get<std::vector<std::size_t>>();
  }

  // All folds that are to be done. False: stopped before they were.
  bool work(const fs::path& folder, const std::vector<const EvaluationSplits*>& splits) {
    const std::vector<std::size_t> todo = pending(folder);
    outcome_.folds_done = tasks_.size() - todo.size();
    std::vector<double> costs;
    for (const std::size_t t : todo) costs.push_back(tasks_[t].cost);
    FoldFeatures features(data_, config_.values, threads_);
    const auto stop = [&] { return comm::stop_requested() || out_of_time(); };
    comm::TaskPoolOptions options{.stop_requested = stop,
                                  .max_failures = config_.values.run.max_failures > 0
                                                      ? static_cast<std::size_t>(config_.values.run.max_failures)
                                                      : SIZE_MAX,
                                  .retries = static_cast<int>(config_.values.run.retries),
                                  .progress = [&](const comm::TaskProgress& progress) { show(progress); }};
    const comm::TaskPoolResult result = comm::run_tasks(
        ranks_, costs,
        [&](std::size_t i) {
          const FoldTask& task = tasks_[todo[i]];
          const FoldResult fold =
              run_fold(config_, data_, splits[task.configuration]->splits[task.split], task, features, threads_, [&] {
                if (stop()) throw comm::TaskStopped();
              });
          write_fold(folder, task, config_.configurations[task.configuration], data_.classes(), fold);
        },
        options);
    bar_.reset();
    for (const comm::TaskFailure& failure : result.failed) {
      const FoldTask& task = tasks_[todo[failure.task]];
      failures_.push_back(fmt::format("{} on split {}: {}", config_.configurations[task.configuration].name, task.split,
                                      failure.message));
      if (ranks_.rank() == 0) log_warning("{}", failures_.back());
    }
    if (result.too_many_failures) {
      throw DataError(fmt::format(
          "{} folds failed, more than run.max_failures = {}. {} of {} are done and kept; the same command goes on. The "
          "first: {}.",
          failures_.size(), config_.values.run.max_failures,
          outcome_.folds_done + static_cast<std::size_t>(std::ranges::count(result.done, true)), outcome_.folds,
          failures_.front()));
    }
    outcome_.folds_done += static_cast<std::size_t>(std::ranges::count(result.done, true));
    if (!result.stopped) return true;
    outcome_.interrupted = true;
    outcome_.status = "stopped";
    if (ranks_.rank() == 0) {
      const std::string why = comm::stop_requested() ? "a stop signal" : "run.time_limit";
      log_info("Stopped by {} with {} of {} folds done; the same command goes on.", why, outcome_.folds_done,
               outcome_.folds);
      run_->finish(record::RunState::stopped, Json::object(), why);
    }
    return false;
  }

  void show(const comm::TaskProgress& progress) {
    if (request_.quiet) return;
    if (!bar_) {
      bar_.emplace(std::string(job_name(config_.strategy)), 0, "folds");
      bar_->start_at(static_cast<std::int64_t>(outcome_.folds_done));
    }
    // Folds are of very unequal length, the longest first: what is left is told by their costs.
    std::string note = fmt::format("of {}, {} running", tasks_.size(), progress.running);
    if (progress.failed > 0) note += fmt::format(", {} failed", progress.failed);
    if (progress.seconds_left) note += fmt::format(", about {} left", readable_seconds(*progress.seconds_left));
    bar_->update(static_cast<std::int64_t>(outcome_.folds_done + progress.done), note);
  }

  void conclude(const fs::path& folder, const std::vector<const EvaluationSplits*>& splits) {
    comm::note_phase("putting together");
    std::vector<std::optional<StoredFold>> stored;
    std::vector<std::vector<const FoldResult*>> folds;
    for (std::size_t c = 0; c < splits.size(); ++c) folds.emplace_back(splits[c]->splits.size(), nullptr);
    stored.reserve(tasks_.size());
    std::string hashes;
    for (const FoldTask& task : tasks_) {
      stored.push_back(read_fold(folder, task, data_.classes()));
      if (!stored.back()) continue;
      folds[task.configuration][task.split] = &stored.back()->result;
      hashes += stored.back()->content_sha256 + "\n";
    }
    EvaluationResults results = evaluate_folds(config_, data_, prices_, splits, folds, threads_);
    results.warnings.insert(results.warnings.end(), failures_.begin(), failures_.end());
    Json json = results_json(config_, data_, results);
    json["folds_sha256"] = sha256_hex(hashes);
    write_file(folder / "results.json", json_text(json, 1) + "\n");
    write_file(folder / "report.html",
               evaluation_report(config_, data_, prices_, *splits.front(), results, outcome_.run));
    for (const GateResult& gate : results.gates) outcome_.gates_met = outcome_.gates_met && gate.met;
    Json metrics = {{"verdict", results.verdict}};
    if (results.best) {
      const ConfigurationResult& best = results.configurations[*results.best];
      metrics["best"] = config_.configurations[*results.best].name;
      metrics["log_loss"] = best.scores->log_loss;
      metrics["accuracy"] = best.scores->accuracy;
      if (prices_) metrics["dsr"] = best.dsr;
    }
    if (results.overfitting) metrics["pbo"] = results.overfitting->pbo;
    run_->finish(record::RunState::finished, metrics);
    outcome_.status = "finished";
    outcome_.results = std::move(json);
  }

  const EvaluateRequest& request_;
  const LoadedEvaluateConfig& config_;
  const comm::Communicator& ranks_;
  unsigned threads_;
  std::optional<std::chrono::steady_clock::time_point> deadline_;  // run.time_limit
  EvaluationData data_;
  std::optional<Prices> prices_;
  std::vector<FoldTask> tasks_;
  std::vector<std::string> failures_;
  std::optional<Progress> bar_;  // rank 0's, once something is done
  std::optional<record::Run> run_;
  EvaluateOutcome outcome_;
};

}  // namespace

EvaluateOutcome evaluate(const EvaluateRequest& request, const LoadedEvaluateConfig& config,
                         const comm::Communicator& ranks) {
  require_workspace(request.workspace);
  return Evaluation(request, config, ranks).run();
}

}  // namespace moola::work
