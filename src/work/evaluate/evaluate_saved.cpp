#include "work/evaluate/evaluate_saved.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "base/nearest.h"
#include "base/sha256.h"
#include "base/thread_count.h"
#include "base/utc_time.h"
#include "record/run_list.h"
#include "work/evaluate/evaluation_run.h"
#include "work/evaluate/folds/training.h"
#include "work/evaluate/test_openings.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;
using validation::RowRange;

// "latest" is the latest that has a model.
fs::path find_trained(const EvaluateSavedRequest& request) {
  if (request.model == "latest") {
    const record::RunList list = record::list_runs(request.workspace);
    for (auto run = list.runs.rbegin(); run != list.runs.rend(); ++run) {
      if (run->manifest.job == "train" && run->state == "finished") return run->path;
    }
    throw ConfigError(
        "there is no run of moola train that has finished; it makes the models that moola evaluate judges.");
  }
  return record::find_run(request.workspace, request.model);
}

// What is judged: the model, the baselines of its run, and the rows.
class SavedEvaluation {
 public:
  explicit SavedEvaluation(const EvaluateSavedRequest& request) : request_(request), trained_(find_trained(request)) {}

  EvaluateOutcome run() {
    load();
    check_part();
    record::Run run = open_evaluation_run(request_.workspace, wanted(), all_, outcome_);
    if (run.start() == record::RunStart::finished_before) return std::move(outcome_);
    outcome_.status = "finished";
    add_log_file(run.path() / "log.txt");
    if (part_ == "test") open_test_part(run.id());
    conclude(run);
    return std::move(outcome_);
  }

 private:
  void load() {
    const record::RunSummary summary = record::summarize(trained_);
    if (summary.manifest.job != "train") {
      throw ConfigError(fmt::format("{} is a run of moola {}; a model comes from a run of moola train.",
                                    trained_.filename().string(), summary.manifest.job));
    }
    if (summary.state != "finished") {
      throw ConfigError(fmt::format("{} is {}: its model is not there yet. The command that began it goes on.",
                                    trained_.filename().string(), summary.state));
    }
    // What the run was told are defaults here: nobody has given them beside what is given now.
    const ShippedConfig told{(trained_ / "config.toml").string(), read_file(trained_ / "config.toml")};
    const auto configured = [&](const std::vector<std::string>& settings) {
      return load_evaluate_config(SplitStrategy::chronological, std::nullopt, settings, told);
    };
    std::vector<std::string> settings = request_.settings;
    if (!request_.data.empty()) {
      const bool table = configured({}).values.data.windows.empty();
      settings.push_back((table ? "data.table=" : "data.windows=") + request_.data);
    }
    if (!request_.split.empty()) settings.push_back("splits.name=" + request_.split);
    all_ = configured(settings);
    all_.values.data.synthetic.clear();  // nothing is learnt here, and it goes with the rows of the training alone
    find_models();
    data_ = read_evaluation_data(request_.workspace, all_.values);
    for (const SavedModel& model : models_) {
      if (!model.synthetic) continue;
      data_.doubts = model.synthetic->doubts;
      data_.differs = model.synthetic->differs;
    }
    match_data();
    prices_ = read_prices(request_.workspace, all_, data_);
    if (prices_) data_.last_return = last_returns(data_, *prices_);
  }

  // The model and the baselines, as the run has saved them.
  void find_models() {
    std::string wanted = request_.configuration;
    if (wanted.empty()) wanted = read_saved_model(trained_ / "model").name;
    std::vector<std::string> names;
    std::vector<Configuration> kept;
    const auto trials = std::ranges::count(all_.configurations, false, &Configuration::baseline);
    all_.saved = true;
    all_.trials_before = trials > 0 ? static_cast<std::size_t>(trials) - 1 : 0;
    for (std::size_t c = 0; c < all_.configurations.size(); ++c) {
      Configuration& each = all_.configurations[c];
      names.push_back(each.name);
      if (each.name != wanted && !each.baseline) continue;
      const fs::path folder = model_folder(trained_, c);
      if (!fs::exists(folder)) continue;  // it had failed
      models_.push_back(read_saved_model(folder));
      kept.push_back(std::move(each));
    }
    if (std::ranges::none_of(kept, [&](const Configuration& each) { return each.name == wanted; })) {
      throw ConfigError(fmt::format("{} has no model \"{}\"; there are {}.{}", trained_.filename().string(), wanted,
                                    fmt::join(names, ", "), did_you_mean(wanted, names)));
    }
    all_.configurations = std::move(kept);
  }

  // The data's classes must be the model's; its features are put into the model's order.
  void match_data() {
    const SavedModel& model = models_.front();
    for (const std::string& name : data_.class_names) {
      if (std::ranges::find(model.class_names, name) == model.class_names.end()) {
        throw DataError(fmt::format("{} has rows of the class {}, which {} never met: it knows {}.",
                                    to_string(data_.table.id), name, trained_.filename().string(),
                                    fmt::join(model.class_names, ", ")));
      }
    }
    check_encoder(model);
    number_classes_as(data_, model.class_names, model.direction);
    order_features_as(data_, model.features);
  }

  // Numbers of another encoder have the same names and mean something else.
  void check_encoder(const SavedModel& model) const {
    const EvaluationData::Embedded now = data_.embedded.value_or(EvaluationData::Embedded{});
    if (now.encoder_sha256 == model.encoder_sha256 && now.pooling == model.pooling) return;
    const auto said = [](const std::string& hash, const std::string& pooling) {
      return hash.empty() ? "no encoder" : fmt::format("the encoder {:.12}… ({})", hash, pooling);
    };
    throw DataError(
        fmt::format("{} learnt from what {} makes of windows, and {} is given with {}. Encode it by that encoder "
                    "(moola encode), and "
                    "name what comes out: --set data.embeddings=NAME/vN.",
                    trained_.filename().string(), said(model.encoder_sha256, model.pooling), to_string(data_.table.id),
                    said(now.encoder_sha256, now.pooling)));
  }

  void check_part() {
    const bool own_rows = data_.table.id == models_.front().table.id &&
                          data_.table.content_sha256 == models_.front().table.content_sha256;
    const bool cut = own_rows || data_.given_split.has_value();
    part_ = !request_.part.empty() ? request_.part : cut ? "test" : "all";
    if (part_ != "all" && !cut) {
      throw ConfigError(
          fmt::format("--part {}: {} is not what the model was trained on, and has no parts of its own. "
                      "Name a split of it (--split), or take all of it.",
                      part_, to_string(data_.table.id)));
    }
    if (part_ == "all") {
      rows_ = {{0, data_.size()}};
    } else {
      const EvaluationSplits cuts = make_splits(all_, data_);
      rows_ = part_ == "test" ? cuts.sealed : cuts.splits.front().test;
      if (rows_.empty()) throw ConfigError("--part test: the split has no test part.");
    }
    for (const SavedModel& model : models_) {
      const std::vector<std::size_t> seen = rows_seen(model, data_, rows_);
      if (seen.empty()) continue;
      throw LeakError(fmt::format(
          "{} of the {} rows share a moment with what {} was fitted on (row {}, {}, first). Take a later part of time "
          "(--set data.from=…), the val or test part, or another table.",
          seen.size(), validation::count_rows(rows_), model.name, data_.first_row + seen.front(),
          utc_text(data_.time[seen.front()])));
    }
  }

  record::RunRequest wanted() const {
    record::RunRequest out{
        .job = "evaluate",
        .name = fmt::format("evaluate-{}", data_.table.id.name),
        .config_text = all_.resolved,
        .config_identity = fmt::format("{}\n# model {} part {}\n", all_.identity, trained_.filename().string(), part_),
        .data = data_uses(all_, data_, prices_),
        .fresh = request_.fresh,
        .seed = all_.values.run.seed};
    out.data.front().facts["part"] = part_;
    for (const SavedModel& model : models_) out.config_identity += "# " + model.name + "\n";
    out.data.push_back({.role = "model",
                        .id = trained_.filename().string(),
                        .content_sha256 = sha256_of_file(trained_ / "model" / "bundle.json")});
    return out;
  }

  void open_test_part(const std::string& run) const {
    record_opening(request_.workspace, {.run = run,
                                        .table = data_.table.id.kind + "/" + data_.table.id.name,
                                        .horizon = data_.horizon,
                                        .first = data_.time[rows_.front().begin],
                                        .last = data_.time[rows_.back().end - 1],
                                        .rows = validation::count_rows(rows_),
                                        .when = utc_now() / 1'000'000'000 * 1'000'000'000});
  }

  void conclude(record::Run& run) {
    const unsigned threads = thread_count(all_.values.run.threads);
    EvaluationSplits splits;
    splits.splits.push_back({.train = {}, .test = rows_, .groups = {}});
    splits.paths.emplace_back();
    for (const RowRange& range : rows_) splits.paths.front().push_back({0, range});
    std::vector<FoldResult> forecasts;
    for (const SavedModel& model : models_) forecasts.push_back(forecast_rows(model, data_, rows_, threads));
    std::vector<std::vector<const FoldResult*>> folds;
    for (const FoldResult& each : forecasts) folds.push_back({&each});
    EvaluationResults results = evaluate_folds(
        all_, data_, prices_, std::vector<const EvaluationSplits*>(models_.size(), &splits), folds, threads);
    if (part_ == "test") note_openings(results);
    const Json metrics =
        write_results(all_, data_, prices_, splits, results,
                      {{"model", trained_.filename().string()}, {"part", part_}, {"openings", openings_}}, outcome_);
    outcome_.folds = outcome_.folds_done = models_.size();
    run.finish(record::RunState::finished, metrics);
  }

  void note_openings(EvaluationResults& results) {
    const auto openings = find_openings(request_.workspace, data_.table.id.kind + "/" + data_.table.id.name,
                                        data_.time[rows_.front().begin], data_.time[rows_.back().end - 1]);
    openings_ = openings.size();
    std::string note = "this is the first look at this test part";
    if (openings.size() > 1) {
      note = fmt::format(
          "this test part has been looked at {} times, first on {} by {}: what is chosen by it is no "
          "longer out of sample",
          openings.size(), utc_text(openings.front().when), openings.front().run);
    }
    results.notes.push_back(std::move(note));
  }

  const EvaluateSavedRequest& request_;
  fs::path trained_;
  LoadedEvaluateConfig all_;
  std::vector<SavedModel> models_;  // of all_.configurations
  EvaluationData data_;
  std::optional<Prices> prices_;
  std::string part_;
  std::vector<RowRange> rows_;
  std::size_t openings_ = 0;
  EvaluateOutcome outcome_;
};

}  // namespace

EvaluateOutcome evaluate_saved(const EvaluateSavedRequest& request) {
  return SavedEvaluation(request).run();
}

}  // namespace moola::work
