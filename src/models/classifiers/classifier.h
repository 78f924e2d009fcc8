#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"

namespace moola::models {

/// Samples that lie in one table of rows, without copies of their own: sample i is the `steps` rows from first[i] on.
/// One step is a row of a table; more are a window.
struct Samples {
  std::span<const float> table;  // (rows, channels) row by row, finite
  std::size_t channels = 0, steps = 1;
  std::span<const std::size_t> first;  // (samples) row numbers
  /// (rows) the return of the last bar that a decision at the row knows; empty where there are no prices.
  std::span<const float> last_return = {};

  std::size_t size() const { return first.size(); }
  /// (steps, channels)
  std::span<const float> sample(std::size_t i) const { return table.subspan(first[i] * channels, steps * channels); }
  /// The row that sample i decides at: its last.
  std::size_t decides_at(std::size_t i) const { return first[i] + steps - 1; }
};

/// What a classifier learns from. Every label is one of the classes; what has no label is left out by the caller.
struct LabelledSamples {
  Samples samples;
  std::span<const std::int32_t> label;  // (samples) 0 to classes - 1
  std::span<const double> weight = {};  // (samples) 0 or more; empty: 1
  std::size_t classes = 0;
  /// (classes) 1 where the price rises, -1 where it falls, 0 for neither; empty where classes have no direction.
  std::span<const std::int8_t> direction = {};

  std::size_t size() const { return samples.size(); }
};

/// How a model is fitted, besides its own parameters.
struct FitOptions {
  std::uint64_t seed = 42;
  unsigned threads = 1;  // the result does not depend on them
  /// Held-out samples of the train part's own end, behind a purge, for models that stop early; never what is scored.
  /// Null: no early stopping.
  const LabelledSamples* held_out = nullptr;
  /// Called now and then; throws to end the fit.
  std::function<void()> check_stop = [] {};
  /// A folder for files that a model needs while it works; empty: one for temporary files.
  std::filesystem::path scratch = {};
};

/// A model of classes: fitted once, then asked for probabilities. A model is what its parameters, samples and seed make
/// it: the same bits on any number of threads.
class Classifier {
 public:
  virtual ~Classifier() = default;

  /// Returns what there is to tell of the fit (iterations, chosen penalty, best round …). Throws DataError for samples
  /// that the model cannot learn (one class alone, too few, the wrong number of steps), ConfigError for parameters that
  /// do not fit them.
  virtual Json fit(const LabelledSamples& train, const FitOptions& options) = 0;

  /// (samples, classes) row by row; each row sums to 1. Throws std::logic_error before fit or load, DataError for
  /// samples of another shape than it was fitted on.
  virtual std::vector<double> predict(const Samples& samples, unsigned threads = 1) const = 0;

  /// How much each channel counts, summing to 1 over (steps x channels) or channels; empty for models that can't tell.
  virtual std::vector<double> importance() const { return {}; }

  /// Writes all that `load` needs into an existing folder: the same bytes for the same model. Throws IoError.
  virtual void save(const std::filesystem::path& folder) const = 0;
  /// Throws DataError for files that are damaged or another model's, IoError.
  virtual void load(const std::filesystem::path& folder) = 0;
};

/// What a model learns from.
enum class Takes : std::uint8_t {
  rows,     // one row of features
  windows,  // several rows
  nothing,  // neither: labels or prices alone
};

/// A key of a model's parameters.
struct ModelKey {
  std::string name;
  Json fallback;                          // its default, of the type it takes: number, whole number, text or bool
  double low = 0, high = 0;               // of numbers, both allowed; equal: no limits
  std::vector<std::string> choices = {};  // of texts
  std::string help = {};
};

/// A line of the table of models.
struct ModelKind {
  std::string name;  // "xgboost"
  std::string role;  // "baseline", "linear", "trees", "windows", "own"
  Takes takes = Takes::rows;
  bool wants_scaling = false;
  bool stops_early = false;
  std::string help;
  std::vector<ModelKey> keys;
  /// `parameters`: every key with a value, checked.
  std::function<std::unique_ptr<Classifier>(const Json& parameters)> make;
};

/// All models, baselines first. A new model: its own file and a line in model_table.cpp.
std::span<const ModelKind> model_table();
/// Throws ConfigError naming the nearest.
const ModelKind& find_model(const std::string& name);
/// Every key of the model: those given, checked, and the others' defaults, in the table's order. Throws ConfigError for
/// a key that is unknown (naming the nearest), of the wrong type or out of range; `where` begins the message.
Json complete_parameters(const ModelKind& kind, const Json& given, const std::string& where);

}  // namespace moola::models
