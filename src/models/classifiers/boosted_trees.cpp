#include "models/classifiers/boosted_trees.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <stdexcept>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/parallel_pieces.h"
#include "market/portable_log.h"
#include "models/classifiers/classifier_file.h"
#include "models/classifiers/grown_trees.h"
#include "models/classifiers/learnable_samples.h"
#include "models/classifiers/tree_gradients.h"
#include "models/classifiers/xgboost_api.h"

namespace moola::models {
namespace {

constexpr const char* kName = "xgboost";
constexpr const char* kTreesFile = "model.ubj";
constexpr int kLibraryMajor = 3;  // whose functions xgboost_api.h declares
constexpr std::size_t kRowsPerPiece = 1024;
constexpr double kLeastProbability = std::numeric_limits<double>::epsilon();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

struct FreeMatrix {
  void operator()(void* handle) const { XGDMatrixFree(handle); }
};
struct FreeBooster {
  void operator()(void* handle) const { XGBoosterFree(handle); }
};
using Matrix = std::unique_ptr<void, FreeMatrix>;
using Booster = std::unique_ptr<void, FreeBooster>;

// The library's first line: what follows is its stack.
std::string last_error() {
  const std::string text = XGBGetLastError();
  return text.substr(0, text.find('\n'));
}

void check(int status, const char* doing) {
  if (status != 0) throw Error(fmt::format("XGBoost failed in {}: {}", doing, last_error()), ExitCode::failed);
}

// What it has to say it says by errors; the setting is this thread's.
void open_library() {
  int major = 0, minor = 0, patch = 0;
  XGBoostVersion(&major, &minor, &patch);
  if (major != kLibraryMajor) {
    throw Error(
        fmt::format("xgboost needs version {} of the library libxgboost.so, and the one that was loaded is "
                    "{}.{}.{}. See `ldd` of this program for where it lies; ./tools/setup brings the right one.",
                    kLibraryMajor, major, minor, patch),
        ExitCode::permanent);
  }
  check(XGBSetGlobalConfig(R"({"verbosity": 0})"), "its settings");
}

// (classes) of a row's margins.
void probabilities(std::span<const float> margin, std::span<double> out) {
  if (margin.size() == 1) {
    out[0] = 0;
    out[1] = margin[0];
  } else {
    std::copy(margin.begin(), margin.end(), out.begin());
  }
  softmax(out);
}

Matrix matrix_of(const std::vector<float>& rows, std::size_t features, unsigned threads) {
  DMatrixHandle handle = nullptr;
  check(XGDMatrixCreateFromMat_omp(rows.data(), rows.size() / features, features, kNaN, &handle,
                                   static_cast<int>(std::max(threads, 1U))),
        "reading samples");
  return Matrix(handle);
}

void set(const Booster& booster, const char* name, const std::string& value) {
  check(XGBoosterSetParam(booster.get(), name, value.c_str()), name);
}

// (rows, outputs), valid until the next call: of all trees that there are.
std::span<const float> margins(const Booster& booster, const Matrix& matrix, bool training) {
  const char* config =
      training ? R"({"type": 1, "training": true, "iteration_begin": 0, "iteration_end": 0, "strict_shape": false})"
               : R"({"type": 1, "training": false, "iteration_begin": 0, "iteration_end": 0, "strict_shape": false})";
  const bst_ulong* shape = nullptr;
  bst_ulong dimensions = 0;
  const float* out = nullptr;
  check(XGBoosterPredictFromDMatrix(booster.get(), matrix.get(), config, &shape, &dimensions, &out), "forecasting");
  return {out, std::accumulate(shape, shape + dimensions, bst_ulong{1}, std::multiplies<>())};
}

// (rows, values / rows), as the library takes an array.
std::string array_of(const std::vector<float>& values, std::size_t rows) {
  return fmt::format(R"({{"data": [{}, true], "shape": [{}, {}], "typestr": "<f4", "version": 3}})",
                     reinterpret_cast<std::uintptr_t>(values.data()), rows, values.size() / rows);
}

std::string saved(const Booster& booster) {
  bst_ulong length = 0;
  const char* bytes = nullptr;
  check(XGBoosterSaveModelToBuffer(booster.get(), R"({"format": "ubj"})", &length, &bytes), "saving");
  return {bytes, length};
}

// The weighted mean of -log p[truth].
class HeldOut {
 public:
  HeldOut(const LabelledSamples& samples, const LabelledSamples& train, const LearnableSamples& rows, unsigned threads)
      : threads_(threads), classes_(rows.classes.size()) {
    if (samples.classes != train.classes)
      throw std::invalid_argument("held-out samples of another number of classes than those that are trained on");
    const std::size_t channels = train.samples.channels, steps = train.samples.steps;
    if (samples.samples.channels != channels || samples.samples.steps != steps) {
      throw DataError(
          fmt::format("held-out samples are {} steps of {} channels, and those that xgboost learns from {} of {}: cut "
                      "both alike.",
                      samples.samples.steps, samples.samples.channels, steps, channels));
    }
    for (const double weight : class_weights(samples)) all_ += weight;
    check_finite(samples.samples);
    std::vector<std::size_t> at;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const double weight = samples.weight.empty() ? 1.0 : samples.weight[i];
      if (weight == 0) continue;
      at.push_back(i);
      weight_.push_back(weight);
      const auto found = std::ranges::find(rows.classes, static_cast<std::size_t>(samples.label[i]));
      truth_.push_back(static_cast<std::size_t>(found - rows.classes.begin()));
    }
    matrix_ = matrix_of(gathered(samples.samples, at), channels * steps, threads);
  }

  const Matrix& matrix() const { return matrix_; }

  double log_loss(std::span<const float> margin) const {
    const std::size_t outputs = outputs_of(classes_), n = truth_.size();
    const std::size_t pieces = (n + kRowsPerPiece - 1) / kRowsPerPiece;
    std::vector<double> sums(pieces);
    for_each_piece(pieces, threads_, [&](std::size_t piece) {
      std::vector<double> p(classes_);
      for (std::size_t row = piece * kRowsPerPiece; row < std::min(n, (piece + 1) * kRowsPerPiece); ++row) {
        probabilities(margin.subspan(row * outputs, outputs), p);
        const double of_truth = truth_[row] < classes_ ? p[truth_[row]] : 0.0;  // a class that never came
        sums[piece] -= weight_[row] * market::portable_log(std::max(of_truth, kLeastProbability));
      }
    });
    double sum = 0;
    for (const double each : sums) sum += each;
    return sum / all_;
  }

 private:
  unsigned threads_;
  std::size_t classes_;
  double all_ = 0;
  std::vector<std::size_t> truth_;
  std::vector<double> weight_;
  Matrix matrix_;
};

class BoostedTrees final : public Classifier {
 public:
  explicit BoostedTrees(Json parameters) : parameters_(std::move(parameters)) {}

  Json fit(const LabelledSamples& train, const FitOptions& options) override {
    open_library();
    const LearnableSamples rows = learnable_samples(train, parameters_.at("class_weight") == "balanced");
    const std::size_t classes = rows.classes.size();
    const FittedOn on{.classes = train.classes, .channels = train.samples.channels, .steps = train.samples.steps};
    const Matrix matrix = matrix_of(gathered(train.samples, rows.at), on.features(), options.threads);
    // For the quantiles that features are cut at; the gradients have them too.
    const std::vector<float> weight(rows.weight.begin(), rows.weight.end());
    check(XGDMatrixSetFloatInfo(matrix.get(), "weight", weight.data(), weight.size()), "reading weights");
    const auto patience = parameters_.at("early_stopping").get<int>(), trees = parameters_.at("trees").get<int>();
    std::unique_ptr<HeldOut> held_out;
    if (options.held_out != nullptr && patience > 0)
      held_out = std::make_unique<HeldOut>(*options.held_out, train, rows, options.threads);
    const Booster booster = begin(matrix, held_out.get(), classes, options);

    int round = 0, best_round = 0;
    double best = std::numeric_limits<double>::infinity();
    while (round < trees && (held_out == nullptr || round - best_round < patience)) {
      options.check_stop();
      TreeGradients gradients =
          tree_gradients(margins(booster, matrix, true), rows.number, rows.weight, classes, options.threads);
      check(XGBoosterTrainOneIter(booster.get(), matrix.get(), round, array_of(gradients.first, rows.at.size()).c_str(),
                                  array_of(gradients.second, rows.at.size()).c_str()),
            "growing trees");
      ++round;
      if (held_out == nullptr) continue;
      const double loss = held_out->log_loss(margins(booster, held_out->matrix(), false));
      if (loss < best) {
        best = loss;
        best_round = round;
      }
    }
    Json told = {{"rounds", round}, {"classes", rows.classes}};
    if (held_out != nullptr) {
      told["best_round"] = best_round;
      told["held_out_log_loss"] = best;
    }
    keep(booster, held_out == nullptr ? round : best_round, on, rows.classes);
    return told;
  }

  std::vector<double> predict(const Samples& samples, unsigned threads) const override {
    on_.check(samples, kName);
    check_finite(samples);
    const std::size_t n = samples.size(), classes = classes_.size(), outputs = outputs_of(classes);
    std::vector<double> out(n * classes);
    for_each_piece((n + kRowsPerPiece - 1) / kRowsPerPiece, threads, [&](std::size_t piece) {
      const std::size_t begin = piece * kRowsPerPiece, count = std::min(n - begin, kRowsPerPiece);
      std::vector<std::size_t> at(count);
      std::iota(at.begin(), at.end(), begin);
      const std::vector<float> margin = grown_.margins(gathered(samples, at));
      for (std::size_t i = 0; i < count; ++i) {
        probabilities(std::span(margin).subspan(i * outputs, outputs),
                      std::span(out).subspan((begin + i) * classes, classes));
      }
    });
    return spread(out, classes_, on_.classes);
  }

  std::vector<double> importance() const override {
    double all = 0;
    for (const auto& [feature, gain] : grown_.gains()) all += gain;
    if (!(all > 0)) return {};
    std::vector<double> out(on_.features());
    for (const auto& [feature, gain] : grown_.gains()) out.at(feature) = gain / all;
    return out;
  }

  void save(const std::filesystem::path& folder) const override {
    if (on_.classes == 0) throw std::logic_error("xgboost is saved before it was fitted or loaded");
    write_file(folder / kTreesFile, trees_);
    write_classifier(
        folder,
        {.model = kName, .on = on_, .parameters = parameters_, .fitted = {{"classes", classes_}, {"rounds", rounds_}}},
        {kTreesFile});
  }

  void load(const std::filesystem::path& folder) override {
    const ClassifierFile file = read_classifier(folder, kName, {kTreesFile});
    const std::vector<std::size_t> classes = classes_that_came(folder, file);
    const auto rounds = reading(folder, [&] { return file.fitted.at("rounds").get<int>(); });
    try {
      take(read_file(folder / kTreesFile), rounds, file.on, classes);
    } catch (const DataError& error) {
      refuse_file(folder / kTreesFile, error.what());
    }
    parameters_ = file.parameters;
  }

 private:
  Json parameters_;
  FittedOn on_;
  std::vector<std::size_t> classes_;  // that came
  int rounds_ = 0;
  std::string trees_;  // as they are saved
  GrownTrees grown_;   // read from them

  Booster begin(const Matrix& matrix, const HeldOut* held_out, std::size_t classes, const FitOptions& options) const {
    std::vector<DMatrixHandle> cached{matrix.get()};
    if (held_out != nullptr) cached.push_back(held_out->matrix().get());
    BoosterHandle handle = nullptr;
    check(XGBoosterCreate(cached.data(), cached.size(), &handle), "beginning");
    Booster out(handle);
    const auto number = [&](const char* name, const char* key) {
      set(out, name, fmt::format("{}", parameters_.at(key).get<double>()));
    };
    set(out, "booster", "gbtree");
    set(out, "tree_method", "hist");
    set(out, "nthread", std::to_string(std::max(options.threads, 1U)));
    set(out, "seed", std::to_string(options.seed & 0x7fffffffU));
    set(out, "base_score", "0.5");
    set(out, "objective", classes == 2 ? "binary:logistic" : "multi:softprob");
    if (classes > 2) set(out, "num_class", std::to_string(classes));
    set(out, "max_depth", std::to_string(parameters_.at("depth").get<int>()));
    set(out, "max_bin", std::to_string(parameters_.at("bins").get<int>()));
    number("eta", "rate");
    number("min_child_weight", "min_child");
    number("subsample", "subsample");
    number("colsample_bytree", "columns");
    number("gamma", "gamma");
    number("alpha", "alpha");
    number("lambda", "lambda");
    return out;
  }

  // The trees up to `rounds`. A fitted model is read back from what it saves, so that it and a loaded one are the same.
  void keep(const Booster& booster, int rounds, const FittedOn& on, const std::vector<std::size_t>& classes) {
    BoosterHandle handle = nullptr;
    check(XGBoosterSlice(booster.get(), 0, rounds, 1, &handle), "keeping the best trees");
    const Booster kept(handle);
    try {
      take(saved(kept), rounds, on, classes);
    } catch (const DataError& error) {
      throw std::logic_error(fmt::format("trees that XGBoost has grown are not read: {}", error.what()));
    }
  }

  // Throws DataError where the trees are none of this model.
  void take(std::string trees, int rounds, const FittedOn& on, const std::vector<std::size_t>& classes) {
    GrownTrees grown(trees);
    if (grown.features() != on.features() || grown.rounds() != static_cast<std::size_t>(rounds)) {
      throw DataError(fmt::format("it has {} rounds of {} features, and not {} of {}", grown.rounds(), grown.features(),
                                  rounds, on.features()));
    }
    if (grown.outputs() != outputs_of(classes.size()))
      throw DataError(fmt::format("it has {} outputs for {} classes", grown.outputs(), classes.size()));
    trees_ = std::move(trees);
    grown_ = std::move(grown);
    rounds_ = rounds;
    on_ = on;
    classes_ = classes;
  }
};

}  // namespace

ModelKind boosted_trees_model() {
  const auto number = [](const char* name, double fallback, double low, double high, const char* help) {
    return ModelKey{.name = name, .fallback = fallback, .low = low, .high = high, .help = help};
  };
  const auto whole = [](const char* name, int fallback, double low, double high, const char* help) {
    return ModelKey{.name = name, .fallback = fallback, .low = low, .high = high, .help = help};
  };
  return {.name = kName,
          .role = "trees",
          .takes = Takes::rows,
          .stops_early = true,
          .help = "Boosted trees by XGBoost, on histograms. Its draws are seeded by the run's seed modulo 2^31.",
          .keys = {whole("trees", 500, 1, 100'000, "rounds at most, of a tree for each class (one for two classes)"),
                   whole("depth", 6, 1, 20, "of trees"),
                   number("rate", 0.05, 1e-6, 1, "what of a tree counts"),
                   number("min_child", 10, 0, 1e9, "least sum of second derivatives in a leaf: rows, about"),
                   number("subsample", 0.8, 0.01, 1, "share of rows drawn for a tree"),
                   number("columns", 0.8, 0.001, 1, "share of features drawn for a tree"),
                   number("gamma", 0.1, 0, 1e9, "least gain of a split"),
                   number("alpha", 0.1, 0, 1e9, "penalty on the size of leaves"),
                   number("lambda", 1, 0, 1e9, "penalty on their squares"),
                   whole("bins", 256, 2, 65'535, "that a feature's values are put in"),
                   whole("early_stopping", 50, 0, 100'000,
                         "rounds without a lower log-loss on held-out rows after which it stops; 0: never"),
                   {.name = "class_weight",
                    .fallback = "none",
                    .choices = {"none", "balanced"},
                    .help = "`balanced`: classes count the same, however often they come; probabilities then are no "
                            "longer those of the data"}},
          .make = [](const Json& parameters) -> std::unique_ptr<Classifier> {
            return std::make_unique<BoostedTrees>(parameters);
          }};
}

}  // namespace moola::models
