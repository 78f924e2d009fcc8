#include "models/classifiers/command_model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <stdexcept>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/launched_ranks.h"
#include "base/scratch_folder.h"
#include "base/sha256.h"
#include "base/watched_process.h"
#include "data/files/npy.h"
#include "data/store/hdf5.h"
#include "models/classifiers/classifier_file.h"

namespace moola::models {
namespace {

namespace fs = std::filesystem;
namespace hdf5 = data::hdf5;

constexpr std::size_t kShownOfLog = 1500;  // bytes
constexpr std::size_t kBlockFloats = std::size_t{1} << 20;
constexpr double kSumsToOne = 1e-3;

void write_samples(hdf5::File& file, const Samples& samples) {
  const std::size_t floats = samples.steps * samples.channels, n = samples.size();
  const hdf5::Shape shape =
      samples.steps == 1 ? hdf5::Shape{n, samples.channels} : hdf5::Shape{n, samples.steps, samples.channels};
  hdf5::Dataset x = file.create_dataset("X", hdf5::Type::float32, shape);
  const std::size_t block = std::max<std::size_t>(1, kBlockFloats / floats);
  std::vector<float> values;
  for (std::size_t begin = 0; begin < n; begin += block) {
    const std::size_t count = std::min(block, n - begin);
    values.clear();
    for (std::size_t i = begin; i < begin + count; ++i) {
      const auto sample = samples.sample(i);
      values.insert(values.end(), sample.begin(), sample.end());
    }
    x.write_rows<float>(begin, count, values);
  }
}

void write_labelled(const fs::path& path, const LabelledSamples& samples, std::uint64_t seed, unsigned threads) {
  hdf5::File file = hdf5::File::create(path);
  write_samples(file, samples.samples);
  file.write("y", samples.label);
  const std::vector<double> ones(samples.weight.empty() ? samples.size() : 0, 1.0);
  file.write("weight", samples.weight.empty() ? std::span<const double>(ones) : samples.weight);
  file.set_attribute("classes", static_cast<std::int64_t>(samples.classes));
  file.set_attribute("seed", static_cast<std::int64_t>(seed & 0x7fffffffU));  // what every generator takes
  file.set_attribute("threads", static_cast<std::int64_t>(threads));
  file.close();
}

// Regular files below, by their names, in order.
std::vector<std::string> files_below(const fs::path& folder) {
  std::vector<std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) out.push_back(entry.path().lexically_relative(folder).string());
  }
  std::ranges::sort(out);
  return out;
}

void copy_files(const fs::path& from, const fs::path& to) {
  for (const std::string& name : files_below(from)) {
    fs::create_directories((to / name).parent_path());
    fs::copy_file(from / name, to / name, fs::copy_options::overwrite_existing);
  }
}

class CommandClassifier final : public Classifier {
 public:
  CommandClassifier(CommandModel model, Json parameters)
      : model_(std::move(model)), parameters_(std::move(parameters)) {
    const std::vector<std::string> words = words_of(parameters_.at("words").get<std::string>());
    model_.command.insert(model_.command.end(), words.begin(), words.end());
  }

  Json fit(const LabelledSamples& train, const FitOptions& options) override {
    on_ = {.classes = train.classes, .channels = train.samples.channels, .steps = train.samples.steps};
    check_stop_ = options.check_stop;
    scratch_parent_ = options.scratch.empty() ? fs::temp_directory_path() : options.scratch;
    fs::create_directories(scratch_parent_);
    fitted_ = std::make_unique<ScratchFolder>(scratch_parent_ / "own-");
    const fs::path& folder = fitted_->path();
    fs::create_directory(folder / "model");
    write_labelled(folder / "train.h5", train, options.seed, options.threads);
    if (options.held_out != nullptr)
      write_labelled(folder / "held_out.h5", *options.held_out, options.seed, options.threads);
    call("fit", folder, options.threads);
    fs::remove(folder / "train.h5");
    fs::remove(folder / "held_out.h5");
    return told(folder);
  }

  std::vector<double> predict(const Samples& samples, unsigned threads) const override {
    on_.check(samples, model_.name);
    if (samples.size() == 0) return {};
    const fs::path& folder = fitted_->path();
    {
      hdf5::File file = hdf5::File::create(folder / "samples.h5");
      write_samples(file, samples);
      file.set_attribute("classes", static_cast<std::int64_t>(on_.classes));
      file.set_attribute("threads", static_cast<std::int64_t>(threads));
      file.close();
    }
    fs::remove(folder / "proba.npy");
    fs::remove(folder / "proba.h5");
    call("predict", folder, threads);
    std::vector<double> out = answer(folder, samples.size());
    fs::remove(folder / "samples.h5");
    return out;
  }

  void save(const fs::path& folder) const override {
    if (on_.classes == 0) throw std::logic_error(model_.name + " is saved before it was fitted or loaded");
    copy_files(fitted_->path() / "model", folder / "own");
    std::vector<std::string> files;
    if (fs::exists(folder / "own")) {
      for (const std::string& name : files_below(folder / "own")) files.push_back("own/" + name);
    }
    write_classifier(folder,
                     {.model = model_.name,
                      .on = on_,
                      .parameters = parameters_,
                      .fitted = {{"program", command_identity(model_)}, {"files", files}}},
                     files);
  }

  void load(const fs::path& folder) override {
    const Json& fitted = read_classifier(folder, model_.name).fitted;
    const auto files = reading(folder, [&] { return fitted.at("files").get<std::vector<std::string>>(); });
    const ClassifierFile file = read_classifier(folder, model_.name, files);
    const Json program = reading(folder, [&] { return file.fitted.at("program"); });
    if (program != command_identity(model_)) {
      throw DataError(fmt::format(
          "{} was fitted by {}, and its files or words are not what they were then. Bring them back, or fit it again.",
          (folder / "model.json").string(), model_.name));
    }
    on_ = file.on;
    scratch_parent_ = fs::temp_directory_path();
    fitted_ = std::make_unique<ScratchFolder>(scratch_parent_ / "own-");
    fs::create_directory(fitted_->path() / "model");
    if (fs::exists(folder / "own")) copy_files(folder / "own", fitted_->path() / "model");
  }

 private:
  void call(const char* what, const fs::path& folder, unsigned threads) const {
    std::vector<std::string> arguments = model_.command;
    arguments.insert(arguments.end(), {what, folder.string()});
    const fs::path log = folder / "log.txt";
    fs::remove(log);
    const std::string threads_text = std::to_string(threads);
    const WatchedExit result = run_watched(arguments, {.log = log,
                                                       .environment = {{"OMP_NUM_THREADS", threads_text},
                                                                       {"MKL_NUM_THREADS", threads_text},
                                                                       {"OPENBLAS_NUM_THREADS", threads_text}},
                                                       // It is no rank of the job that calls it.
                                                       .without = rank_variables(),
                                                       .time_limit = model_.time_limit,
                                                       .check = check_stop_});
    if (result.exit_code == 0 && !result.timed_out) return;
    const std::string said = last_lines(log, kShownOfLog);
    throw DataError(fmt::format(
        "own.{}: `{} {}` {}. {}", model_.name, fmt::join(model_.command, " "), what,
        result.timed_out ? fmt::format("was not done after {} s, its time_limit, and was ended",
                                       std::chrono::duration_cast<std::chrono::seconds>(model_.time_limit).count())
                         : fmt::format("ended with status {}", result.exit_code),
        said.empty() ? "It said nothing." : "The last that it said: " + said));
  }

  std::vector<double> answer(const fs::path& folder, std::size_t n) const {
    std::vector<double> out;
    hdf5::Shape shape;
    const fs::path npy = folder / "proba.npy", h5 = folder / "proba.h5";
    std::string file = "proba.npy";
    if (fs::exists(npy)) {
      const std::string bytes = read_file(npy);
      const data::NpyArray array = data::parse_npy(std::as_bytes(std::span(bytes)), "proba.npy");
      shape.assign(array.shape.begin(), array.shape.end());
      out = data::npy_doubles(array);
    } else if (fs::exists(h5)) {
      file = "proba.h5";
      const hdf5::File opened = hdf5::File::open(h5);
      const hdf5::Dataset proba = opened.dataset("proba");
      shape = proba.shape();
      if (proba.type() == hdf5::Type::float64) {
        out = proba.read<double>();
      } else {
        const auto floats = proba.read<float>();
        out.assign(floats.begin(), floats.end());
      }
    } else {
      throw DataError(
          fmt::format("own.{}: `{} predict` ended well and left neither proba.npy nor proba.h5 in its folder.",
                      model_.name, fmt::join(model_.command, " ")));
    }
    if (shape != hdf5::Shape{n, on_.classes}) {
      throw DataError(
          fmt::format("own.{}: {} has the shape ({}); expected ({}, {}), a row for each sample and a column "
                      "for each class.",
                      model_.name, file, fmt::join(shape, ", "), n, on_.classes));
    }
    for (std::size_t i = 0; i < n; ++i) {
      double sum = 0;
      for (std::size_t c = 0; c < on_.classes; ++c) {
        const double p = out[i * on_.classes + c];
        if (!(p >= 0 && p <= 1 + kSumsToOne)) {
          throw DataError(fmt::format("own.{}: {} has {} for class {} of sample {}; a probability is from 0 to 1.",
                                      model_.name, file, p, c, i));
        }
        sum += p;
      }
      if (std::fabs(sum - 1) > kSumsToOne) {
        throw DataError(fmt::format("own.{}: the probabilities of sample {} in {} sum to {}, and not to 1.",
                                    model_.name, i, file, sum));
      }
      for (std::size_t c = 0; c < on_.classes; ++c) out[i * on_.classes + c] /= sum;
    }
    return out;
  }

  // What the program wants to have told of its fit: DIR/fit.json, an object.
  Json told(const fs::path& folder) const {
    const fs::path path = folder / "fit.json";
    if (!fs::exists(path)) return Json::object();
    Json out = read_json(path);
    if (!out.is_object())
      throw DataError(fmt::format("own.{}: fit.json is no object but {}.", model_.name, json_text(out).substr(0, 80)));
    return out;
  }

  CommandModel model_;
  Json parameters_;
  FittedOn on_ = {};
  fs::path scratch_parent_;
  std::unique_ptr<ScratchFolder> fitted_;
  std::function<void()> check_stop_;
};

}  // namespace

std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> out;
  std::string word;
  bool inside = false;
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '\\' && quote != '\'' && i + 1 < line.size()) {
      word += line[++i];
      inside = true;
    } else if (quote != 0) {
      if (c == quote)
        quote = 0;
      else
        word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      inside = true;
    } else if (c == ' ' || c == '\t') {
      if (inside) out.push_back(std::exchange(word, {}));
      inside = false;
    } else {
      word += c;
      inside = true;
    }
  }
  if (quote != 0) throw ConfigError(fmt::format("{}: a quote ({}) is not closed.", line, quote));
  if (inside) out.push_back(word);
  return out;
}

Json command_identity(const CommandModel& model) {
  // Where a file lies is no part of what it does.
  Json files = Json::object(), words = Json::array();
  const auto add = [&](const fs::path& path) { files[path.filename().string()] = sha256_of_file(path); };
  for (std::size_t i = 0; i < model.command.size(); ++i) {
    const std::string& word = model.command[i];
    // The first word is a program of the system, unless it says where it is.
    const bool may_be_file = i > 0 || word.find('/') != std::string::npos;
    const bool file = may_be_file && fs::is_regular_file(word);
    if (file) add(word);
    words.push_back(file ? fs::path(word).filename().string() : word);
  }
  for (const fs::path& path : model.files) add(path);
  return {{"command", std::move(words)}, {"files", std::move(files)}};
}

ModelKind command_model(const CommandModel& model) {
  if (model.command.empty())
    throw ConfigError(fmt::format("own.{}.command is empty: give a program and its words.", model.name));
  for (const fs::path& path : model.files) {
    if (!fs::is_regular_file(path))
      throw ConfigError(fmt::format("own.{}.files: {} is not there.", model.name, path.string()));
  }
  return {.name = model.name,
          .role = "own",
          .takes = model.takes,
          .wants_scaling = model.wants_scaling,
          .stops_early = model.stops_early,
          .help = fmt::format("{}", fmt::join(model.command, " ")),
          .keys = {{.name = "words", .fallback = "", .help = "added to the command"}},
          .make = [model](const Json& parameters) { return std::make_unique<CommandClassifier>(model, parameters); }};
}

}  // namespace moola::models
