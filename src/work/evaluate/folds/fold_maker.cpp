#include "work/evaluate/folds/fold_maker.h"

#include <fmt/format.h>

#include "base/error.h"
#include "work/evaluate/folds/training.h"

namespace moola::work {

// Rows as a split's own encoder makes them.
struct FoldMaker::EncodedRows {
  EncodedRows(std::size_t of, EvaluationData rows, const EvaluateConfig& config, unsigned threads)
      : split(of), data(std::move(rows)), features(data, config, threads) {}
  std::size_t split;
  EvaluationData data;
  FoldFeatures features;
};

FoldMaker::FoldMaker(const FoldSources& sources)
    : sources_(sources), features_(sources.data, sources.config.values, sources.threads) {}

FoldMaker::~FoldMaker() = default;

FoldResult FoldMaker::make(const std::filesystem::path& run, const FoldTask& task, const EvaluationSplits& splits,
                           const std::function<void()>& check_stop) {
  const Configuration& configuration = sources_.config.configurations[task.configuration];
  if (sources_.barriers != nullptr) sources_.barriers->label_as(sources_.data, task.split);
  if (configuration.is_predicted())
    return forecast(sources_.predicted.at(configuration.name), sources_.data, task, splits.splits[task.split]);
  if (sources_.encoders == nullptr) return fit(run, task, splits, sources_.data, features_, check_stop);
  EncodedRows& rows = encoded(task.split);
  FoldResult out = fit(run, task, splits, rows.data, rows.features, check_stop);
  out.fit["encoder"] = EncoderRefits::told(rows.data);
  return out;
}

FoldMaker::EncodedRows& FoldMaker::encoded(std::size_t split) {
  const auto failed = sources_.untrained->find(sources_.encoders->training_of(split));
  if (failed != sources_.untrained->end())
    throw DataError(fmt::format("the encoder of split {} could not be trained: {}", split, failed->second));
  if (!encoded_ || encoded_->split != split) {
    encoded_.reset();  // not to hold two
    encoded_ = std::make_unique<EncodedRows>(split, sources_.encoders->rows_of(split), sources_.config.values,
                                             sources_.threads);
  }
  return *encoded_;
}

FoldResult FoldMaker::fit(const std::filesystem::path& run, const FoldTask& task, const EvaluationSplits& splits,
                          const EvaluationData& data, FoldFeatures& features,
                          const std::function<void()>& check_stop) const {
  const Configuration& configuration = sources_.config.configurations[task.configuration];
  const validation::Split& split = splits.splits[task.split];
  const FoldRows rows = rows_for(sources_.config, configuration, data, split, splits.sealed);
  FittedModel model = fit_model({.config = sources_.config,
                                 .configuration = configuration,
                                 .seed = task.seed,
                                 .threads = sources_.threads,
                                 .scratch = run / "scratch",
                                 .check_stop = check_stop},
                                data, rows, features);
  FoldResult out = forecast(model, data, features.wanted(*configuration.kind, rows.fit), rows.test, sources_.threads);
  if (sources_.config.strategy == SplitStrategy::chronological) {
    write_saved_model(model_folder(run, task.configuration), saved_model(configuration, data, split, std::move(model)));
  }
  return out;
}

}  // namespace moola::work
