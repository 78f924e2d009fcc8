#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "data/tables/embeddings_file.h"
#include "work/evaluate/rows/evaluation_splits.h"
#include "work/pretrain_config.h"

namespace moola::work {

/// Encoders that are trained anew for the splits of an evaluation (fit.refit = ["encoder"]), each on the times that its
/// split leaves (encoder_times.h), and what they make of its windows.
///
/// Splits that leave the same times share a training. What comes of one is found again in the workspace, whoever did
/// it: encoders/refit-KEY and embeddings/refit-KEY, where the key is the hash of the windows' content, the
/// pretraining's configuration, data and times, and the code version.
class EncoderRefits {
 public:
  /// Nothing is trained yet. Throws ConfigError and DataError for data of the pretraining that are not there.
  EncoderRefits(std::filesystem::path workspace, const LoadedEvaluateConfig& config, const EvaluationData& data,
                const EvaluationSplits& splits);

  std::size_t trainings() const { return trainings_.size(); }
  /// Which training a split uses. The split has no fault.
  std::size_t training_of(std::size_t split) const { return of_split_.at(split); }
  bool is_there(std::size_t training) const;
  /// Trains and encodes, in processes of their own, each with `threads` threads where it does not say otherwise; what
  /// they say goes to LOGS/KEY.txt. A training that was stopped goes on. Throws DataError with the last that a failing
  /// one has said, what `check_stop` throws, IoError.
  void train(std::size_t training, const std::filesystem::path& logs, unsigned threads,
             const std::function<void()>& check_stop) const;

  /// The rows with what the split's own encoder makes of their windows. Throws DataError (not there, damaged, of
  /// another size than the pretraining's configuration says), LeakError where the encoder has seen the split's test
  /// part after all.
  EvaluationData rows_of(std::size_t split) const;
  /// Which encoder that is, and what it was trained on: for results.
  static Json told(const EvaluationData& rows);

 private:
  struct Training {
    std::string name = {};                   // refit-KEY
    std::vector<std::string> settings = {};  // of moola pretrain
  };
  Training training_for(const validation::Split& split, const Json& sources) const;

  std::filesystem::path workspace_;
  const LoadedEvaluateConfig& config_;
  const EvaluationData& data_;
  const EvaluationSplits& splits_;
  PretrainConfig pretraining_;  // of data.encoder, as the file has it
  std::vector<Training> trainings_;
  std::vector<std::size_t> of_split_;
};

}  // namespace moola::work
