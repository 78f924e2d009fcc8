#include "work/evaluate/folds/training.h"

#include <fmt/format.h>

#include "data/store/content_file.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;

void write_predictions(const fs::path& file, const SavedModel& model, const EvaluationData& data,
                       const FoldResult& result) {
  if (fs::exists(file)) fs::remove(file);  // of a run that was killed here: the same again
  data::ContentFile out(file);
  out.add_parent(data.table);
  out.manifest()["parameters"] = {{"model", model.name}, {"parameters", model.parameters}, {"horizon", data.horizon}};
  out.file().set_attribute("class_names", data.class_names);
  const std::vector<std::int64_t> row(result.row.begin(), result.row.end());
  std::vector<std::int64_t> time;
  for (const std::uint64_t each : result.row) time.push_back(data.time[each - data.first_row]);
  out.write({{"proba", std::span<const float>(result.probability), {result.row.size(), data.classes()}},
             {"row", std::span<const std::int64_t>(row)},
             {"time", std::span<const std::int64_t>(time)}});
  out.seal("predictions");
  out.commit();
}

}  // namespace

fs::path model_folder(const fs::path& run, std::size_t configuration) {
  return run / "models" / fmt::format("{:04}", configuration);
}

SavedModel saved_model(const Configuration& configuration, const EvaluationData& data, const validation::Split& split,
                       FittedModel fitted) {
  SavedModel out{.name = configuration.name,
                 .parameters = configuration.parameters,
                 .features = data.features,
                 .class_names = data.class_names,
                 .direction = data.direction,
                 .horizon = data.horizon,
                 .table = data.table,
                 .seen = seen_by(data, split.train)};
  if (fitted.told.value("synthetic_rows", 0) > 0)
    out.synthetic = {.seen = data.synthetic.seen, .doubts = data.doubts, .differs = data.differs};
  if (data.embedded) {
    out.encoder_sha256 = data.embedded->encoder_sha256;
    out.pooling = data.embedded->pooling;
  }
  if (configuration.own != nullptr) {
    out.own = *configuration.own;
    out.own.command = command_of(configuration.model, out.own).command;
  }
  out.kind = {std::shared_ptr<const models::ModelKind>(), configuration.kind};
  out.fitted = std::move(fitted);
  return out;
}

std::span<const float> table_for(const FittedModel& model, const EvaluationData& data, unsigned threads,
                                 std::vector<float>& scaled) {
  if (model.scales.empty()) return data.x;
  scaled = scaled_table(data, model.scales, model.clip, threads);
  return scaled;
}

FoldResult forecast_rows(const SavedModel& model, const EvaluationData& data,
                         const std::vector<validation::RowRange>& rows, unsigned threads) {
  std::vector<float> scaled;
  const std::span<const float> table = table_for(model.fitted, data, threads, scaled);
  return forecast(model.fitted, data, table, rows_with_windows(data, rows, model.fitted.steps), threads);
}

void keep_best(const fs::path& run, std::size_t best, const EvaluationData& data, const EvaluationSplits& splits,
               unsigned threads) {
  const fs::path from = model_folder(run, best), to = run / "model", temporary = run / "model.part";
  fs::remove_all(temporary);
  fs::copy(from, temporary, fs::copy_options::recursive);
  fs::remove_all(to);
  fs::rename(temporary, to);
  const SavedModel model = read_saved_model(to);
  fs::create_directories(run / "predictions");
  write_predictions(run / "predictions" / "val.h5", model, data,
                    forecast_rows(model, data, splits.splits.front().test, threads));
  if (!splits.sealed.empty()) {
    write_predictions(run / "predictions" / "test.h5", model, data, forecast_rows(model, data, splits.sealed, threads));
  }
}

}  // namespace moola::work
