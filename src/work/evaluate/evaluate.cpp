#include "work/evaluate/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>

#include "base/command_line.h"
#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/sha256.h"
#include "base/stop_flag.h"
#include "base/thread_count.h"
#include "base/utc_time.h"
#include "comm/activity.h"
#include "comm/task_pool.h"
#include "work/evaluate/evaluation_run.h"
#include "work/evaluate/fold_report.h"
#include "work/evaluate/folds/evaluation_tasks.h"
#include "work/evaluate/folds/fold_file.h"
#include "work/evaluate/folds/fold_maker.h"
#include "work/evaluate/folds/training.h"
#include "work/evaluate/oof_output.h"
#include "work/evaluate/refit/refit_pools.h"
#include "work/evaluate/refit/refitted_splits.h"
#include "work/evaluate/test_openings.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;

std::string run_name(const LoadedEvaluateConfig& config, const EvaluationData& data) {
  if (!config.values.run.name.empty()) return config.values.run.name;
  return fmt::format("{}-{}", job_name(config.strategy), data.table.id.name);
}

class Evaluation {
 public:
  Evaluation(const EvaluateRequest& request, const LoadedEvaluateConfig& config, const comm::Communicator& ranks)
      : request_(request),
        config_(config),
        ranks_(ranks),
        threads_(thread_count(config.values.run.threads, ranks.host_size())) {
    const std::string& limit = config.values.run.time_limit;
    if (!limit.empty())
      deadline_ = std::chrono::steady_clock::now() + std::chrono::nanoseconds(parse_duration(limit).nanoseconds);
  }

  EvaluateOutcome run() {
    comm::note_phase("reading the table");
    data_ = read_evaluation_data(request_.workspace, config_.values);
    if (config_.values.fit.weights == "table" && data_.weight.empty()) {
      throw ConfigError(fmt::format("fit.weights = \"table\": {} has no weight{}.", to_string(data_.table.id),
                                    data_.holds_windows() ? "" : fmt::format("_{}", data_.horizon)));
    }
    if (config_.values.fit.refits("barriers")) barriers_.emplace(request_.workspace, data_, threads_);
    prices_ = read_prices(request_.workspace, config_, data_);
    if (prices_) data_.last_return = last_returns(data_, *prices_);
    read_all_predictions();
    const std::string folder = open();
    if (folder.empty()) return outcome_;
    if (barriers_ && !search_all_barriers(folder)) return outcome_;
    comm::note_phase("splitting");
    const SplitsByConfiguration splits =
        barriers_ ? SplitsByConfiguration(config_, make_refitted_splits(config_, data_, *barriers_))
                  : SplitsByConfiguration(config_, data_);
    tasks_ = make_tasks(config_, data_, splits.all(), barriers_ ? barriers_->found() : std::vector<Json>());
    outcome_.folds = tasks_.size();
    if (config_.values.fit.refits("encoder")) {
      encoders_.emplace(request_.workspace, config_, data_, *splits.all().front());
      if (!train_all_encoders(folder)) return outcome_;
    }
    if (!work(folder, splits.all())) return outcome_;
    if (ranks_.rank() == 0) conclude(folder, splits.all());
    ranks_.idle_barrier();  // the cores are rank 0's
    outcome_.gates_met = !ranks_.any(!outcome_.gates_met);
    outcome_.failure = ranks_.broadcast(outcome_.failure, 0);
    return outcome_;
  }

 private:
  void read_all_predictions() {
    for (const Configuration& each : config_.configurations) {
      if (each.is_predicted())
        predicted_.emplace(each.name, read_predictions(each.own->predictions, data_, fmt::format("own.{}", each.name)));
    }
  }

  // The run's folder, on all ranks; empty when it was done before.
  std::string open() {
    std::string folder;
    if (ranks_.rank() == 0) {
      record::RunRequest wanted{.job = std::string(job_name(config_.strategy)),
                                .name = run_name(config_, data_),
                                .config_text = config_.resolved,
                                .config_identity = config_.identity,
                                .data = data_uses(config_, data_, prices_),
                                .fresh = request_.fresh,
                                .resume = request_.resume,
                                .ranks = ranks_.size(),
                                .seed = config_.values.run.seed};
      run_.emplace(open_evaluation_run(request_.workspace, std::move(wanted), config_, outcome_));
      if (run_->start() != record::RunStart::finished_before) {
        folder = run_->path().string();
        add_log_file(run_->path() / "log.txt");
      }
    }
    folder = ranks_.broadcast(folder, 0);
    if (folder.empty()) outcome_.gates_met = !ranks_.any(!outcome_.gates_met);
    return folder;
  }

  // False: stopped before all were found.
  bool search_all_barriers(const fs::path& folder) {
    comm::note_phase("searching barriers");
    const RefitOutcome found =
        search_barriers(folder, ranks_, *barriers_, rows_before_tests(config_, data_), pool_of("searches"));
    bar_.reset();
    for (const auto& [split, why] : found.failures)
      note_failure(fmt::format("the barriers of split {}: {}", split, why));
    if (found.stopped) say_stopped();
    return !found.stopped;
  }

  bool stop() const { return stop_requested() || out_of_time(); }

  void say_stopped() {
    outcome_.interrupted = true;
    outcome_.status = "stopped";
    if (ranks_.rank() != 0) return;
    const std::string why = stop_requested() ? "a stop signal" : "run.time_limit";
    log_info("Stopped by {} with {} of {} folds done; the same command goes on.", why, outcome_.folds_done,
             outcome_.folds);
    run_->finish(record::RunState::stopped, Json::object(), why);
  }

  bool out_of_time() const { return deadline_ && std::chrono::steady_clock::now() > *deadline_; }

  // Tasks whose fold is not there yet, as rank 0 sees them.
  std::vector<std::size_t> pending(const fs::path& folder) {
    Json numbers = Json::array();
    if (ranks_.rank() == 0) {
      fs::remove_all(folder / "scratch");  // of ranks that were killed
      for (std::size_t t = 0; t < tasks_.size(); ++t) {
        if (!is_fold_there(folder, tasks_[t])) numbers.push_back(t);
      }
    }
    return parse_json(ranks_.broadcast(json_text(numbers), 0), "the folds to be done").get<std::vector<std::size_t>>();
  }

  // Those that splits with a fold to be done need. False: stopped before they were.
  bool train_all_encoders(const fs::path& folder) {
    comm::note_phase("training encoders");
    std::set<std::size_t> needed;
    for (const std::size_t t : pending(folder)) needed.insert(encoders_->training_of(tasks_[t].split));
    comm::TaskPoolOptions options = pool_of("encoders");
    options.retries = 0;
    RefitOutcome trained = train_encoders(folder / "encoders", ranks_, *encoders_, needed, threads_, options);
    bar_.reset();
    untrained_ = std::move(trained.failures);
    if (trained.stopped) say_stopped();
    return !trained.stopped;
  }

  // Of what comes before the folds.
  comm::TaskPoolOptions pool_of(const char* what) {
    return {.stop_requested = [this] { return stop(); },
            .retries = static_cast<int>(config_.values.run.retries),
            .progress =
                [this, what](const comm::TaskProgress& progress) {
                  if (request_.quiet) return;
                  if (!bar_) bar_.emplace(std::string(job_name(config_.strategy)), 0, what);
                  bar_->update(static_cast<std::int64_t>(progress.done),
                               fmt::format("of {}, {} running", progress.total, progress.running));
                }};
  }

  void note_failure(const std::string& text) {
    failures_.push_back(text);
    if (ranks_.rank() == 0) log_warning("{}", text);
  }

  // All folds that are to be done. False: stopped before they were.
  bool work(const fs::path& folder, const std::vector<const EvaluationSplits*>& splits) {
    const std::vector<std::size_t> todo = pending(folder);
    outcome_.folds_done = tasks_.size() - todo.size();
    std::vector<double> costs;
    std::vector<std::size_t> kinds;
    for (const std::size_t t : todo) {
      costs.push_back(tasks_[t].cost);
      kinds.push_back(tasks_[t].configuration);
    }
    FoldMaker maker({.config = config_,
                     .data = data_,
                     .threads = threads_,
                     .predicted = predicted_,
                     .barriers = barriers_ ? &*barriers_ : nullptr,
                     .encoders = encoders_ ? &*encoders_ : nullptr,
                     .untrained = &untrained_});
    comm::TaskPoolOptions options{.stop_requested = [this] { return stop(); },
                                  .max_failures = config_.values.run.max_failures > 0
                                                      ? static_cast<std::size_t>(config_.values.run.max_failures)
                                                      : SIZE_MAX,
                                  .retries = static_cast<int>(config_.values.run.retries),
                                  .kind = std::move(kinds),
                                  .progress = [&](const comm::TaskProgress& progress) { show(progress); }};
    const comm::TaskPoolResult result = comm::run_tasks(
        ranks_, costs, [&](std::size_t i) { do_task(folder, todo[i], splits, maker); }, options);
    bar_.reset();
    refuse_without_room(static_cast<std::size_t>(std::ranges::count(result.done, true)));
    for (const comm::TaskFailure& failure : result.failed) {
      const FoldTask& task = tasks_[todo[failure.task]];
      note_failure(fmt::format("{} on split {}: {}", config_.configurations[task.configuration].name, task.split,
                               failure.message));
      first_failure_.emplace(task.configuration, failure.message);
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
    say_stopped();
    return false;
  }

  // A disk without room would fail every fold that is left: that is no fault of theirs, and the pool stops.
  void do_task(const fs::path& folder, std::size_t number, const std::vector<const EvaluationSplits*>& splits,
               FoldMaker& maker) {
    const FoldTask& task = tasks_[number];
    try {
      FoldResult fold = maker.make(folder, task, *splits[task.configuration], [this] {
        if (stop()) throw comm::TaskStopped();
      });
      std::string hash = write_fold(folder, task, config_.configurations[task.configuration], data_.classes(), fold);
      report_fold(config_, data_, task, fold);
      if (ranks_.rank() != 0) return;
      fold.fit = parse_json(json_text(fold.fit), "what a fold tells");  // as it is read back
      made_.emplace(number, StoredFold{std::move(fold), std::move(hash)});
    } catch (const IoError& error) {
      if (error.exit_code() != ExitCode::failed) throw;
      refused_write_ = error.what();
      throw comm::TaskStopped();
    }
  }

  // On all ranks, when any was refused. `done`: of this call.
  void refuse_without_room(std::size_t done) const {
    for (const std::string& each : ranks_.all_gather(refused_write_)) {
      if (each.empty()) continue;
      const bool sentence = each.ends_with('.') || each.ends_with('?');
      throw IoError(fmt::format("{}{} {} of {} folds are done and kept; make room, and the same command goes on.", each,
                                sentence ? "" : ".", outcome_.folds_done + done, outcome_.folds));
    }
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
    fs::remove_all(folder / "scratch");
    std::vector<std::optional<StoredFold>> stored;
    std::vector<std::vector<const FoldResult*>> folds;
    for (std::size_t c = 0; c < splits.size(); ++c) folds.emplace_back(splits[c]->splits.size(), nullptr);
    stored.reserve(tasks_.size());
    std::string hashes;
    if (barriers_) label_as_tested(data_, *barriers_, *splits.front());
    for (std::size_t t = 0; t < tasks_.size(); ++t) {
      const FoldTask& task = tasks_[t];
      const auto made = made_.find(t);
      stored.push_back(made == made_.end() ? read_fold(folder, task, data_.classes()) : std::move(made->second));
      if (!stored.back()) continue;
      folds[task.configuration][task.split] = &stored.back()->result;
      hashes += stored.back()->content_sha256 + "\n";
    }
    // The other ranks of this host have nothing left to do.
    const unsigned threads = threads_ * static_cast<unsigned>(std::max(1, ranks_.host_size()));
    EvaluationResults results = evaluate_folds(config_, data_, prices_, splits, folds, threads);
    results.warnings.insert(results.warnings.end(), failures_.begin(), failures_.end());
    if (barriers_) results.refitted_barriers = barriers_->found();
    Json besides = {{"folds_sha256", sha256_hex(hashes)}};
    if (config_.strategy == SplitStrategy::chronological) besides.update(keep_model(folder, *splits.front(), results));
    if (config_.strategy == SplitStrategy::purged_k_fold) {
      besides["oof"] =
          write_oof_of(request_.workspace, config_, data_, results, folds, run_name(config_, data_), outcome_.run);
    }
    if (encoders_) {
      results.refitted_encoders = encoders_of(folds);
      results.notes.push_back(
          fmt::format("the encoder was trained anew for every split, {} times in all", encoders_->trainings()));
    }
    const Json metrics = write_results(config_, data_, prices_, *splits.front(), results, besides, outcome_);
    outcome_.failure = without_a_fold(results);
    outcome_.status = outcome_.failure.empty() ? "finished" : "failed";
    run_->finish(outcome_.failure.empty() ? record::RunState::finished : record::RunState::failed, metrics,
                 outcome_.failure);
  }

  // Of every split, as its folds tell it; null where none was made.
  static std::vector<Json> encoders_of(const std::vector<std::vector<const FoldResult*>>& folds) {
    std::vector<Json> out;
    for (std::size_t split = 0; split < folds.front().size(); ++split) {
      Json encoder;
      for (const std::vector<const FoldResult*>& of_configuration : folds) {
        if (const FoldResult* fold = of_configuration[split]; fold != nullptr && fold->fit.contains("encoder"))
          encoder = fold->fit.at("encoder");
      }
      out.push_back(std::move(encoder));
    }
    return out;
  }

  // The best model and its predictions; what results.json says of the test part, which is not looked at.
  Json keep_model(const fs::path& folder, const EvaluationSplits& splits, EvaluationResults& results) const {
    if (!results.best || config_.configurations[*results.best].is_predicted()) {
      results.warnings.emplace_back("no model is kept: none but baselines and predictions made elsewhere has a result");
    } else {
      keep_best(folder, *results.best, data_, splits, threads_);
    }
    const std::size_t rows = validation::count_rows(splits.sealed);
    if (rows == 0) return Json::object();
    const std::int64_t first = data_.time[splits.sealed.front().begin], last = data_.time[splits.sealed.back().end - 1];
    const auto openings =
        find_openings(request_.workspace, data_.table.id.kind + "/" + data_.table.id.name, first, last);
    results.notes.push_back(fmt::format(
        "the test part, {} rows from {} to {}, is sealed: `moola evaluate {} --part test` opens it. {}", rows,
        utc_text(first), utc_text(last), outcome_.run,
        openings.empty()
            ? "Nobody has looked at it yet"
            : fmt::format("It has been looked at {} times, last by {}", openings.size(), openings.back().run)));
    return {{"sealed",
             {{"rows", rows}, {"first", utc_text(first)}, {"last", utc_text(last)}, {"openings", openings.size()}}}};
  }

  // Of the configurations that failed on every split.
  std::string without_a_fold(const EvaluationResults& results) const {
    for (const ConfigurationResult& each : results.configurations) {
      const auto found = first_failure_.find(each.configuration);
      if (each.folds > 0 || found == first_failure_.end()) continue;
      return fmt::format(
          "{} has failed on every split; all other folds are kept, and the same command tries it again. "
          "The first time: {}",
          config_.configurations[each.configuration].name, found->second);
    }
    return "";
  }

  const EvaluateRequest& request_;
  const LoadedEvaluateConfig& config_;
  const comm::Communicator& ranks_;
  unsigned threads_;
  std::optional<std::chrono::steady_clock::time_point> deadline_;  // run.time_limit
  EvaluationData data_;
  std::optional<Prices> prices_;
  std::map<std::string, PredictedRows> predicted_;  // by configuration
  std::optional<BarrierRefit> barriers_;            // fit.refit
  std::vector<FoldTask> tasks_;
  std::optional<EncoderRefits> encoders_;
  std::map<std::size_t, std::string> untrained_;  // trainings that failed, and why
  std::map<std::size_t, StoredFold> made_;        // by rank 0 in this call, by task: not to read them again
  std::vector<std::string> failures_;
  std::string refused_write_;                         // of this rank, by the system
  std::map<std::size_t, std::string> first_failure_;  // by configuration
  std::optional<Progress> bar_;                       // rank 0's, once something is done
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
