#include "work/evaluate/config/own_models.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "base/duration.h"
#include "base/error.h"
#include "base/sha256.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;

// Words that name a file are what they name from wherever a rank runs.
std::vector<std::string> with_absolute_files(std::vector<std::string> words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool program_of_system = i == 0 && words[i].find('/') == std::string::npos;
    if (!program_of_system && fs::is_regular_file(words[i]))
      words[i] = fs::absolute(words[i]).lexically_normal().string();
  }
  return words;
}

void refuse_given(const std::string& name, const ConfigSchema& schema, const std::vector<std::string>& keys,
                  const char* other) {
  for (const std::string& key : keys) {
    const std::string path = fmt::format("own.{}.{}", name, key);
    if (schema.given(path)) throw ConfigError(fmt::format("{} has no meaning beside own.{}.{}.", path, name, other));
  }
}

OwnVariants predicted(const std::string& name, const OwnModel& own, const ConfigSchema& schema) {
  refuse_given(name, schema, {"variants", "files", "takes", "scaling", "early_stopping", "time_limit"}, "predictions");
  if (!fs::is_regular_file(own.predictions))
    throw ConfigError(fmt::format("own.{}.predictions: there is no file {}.", name, own.predictions));
  models::ModelKind kind{.name = name,
                         .role = "own",
                         .takes = models::Takes::nothing,
                         .help = "predictions made elsewhere",
                         .keys = {},
                         .make = [name](const Json&) -> std::unique_ptr<models::Classifier> {
                           throw std::logic_error(name + " is not fitted: its predictions are there");
                         }};
  Json parameters = {{"predictions", fs::path(own.predictions).filename().string()},
                     {"sha256", sha256_of_file(own.predictions)}};
  return {.kind = std::move(kind), .parameters = {std::move(parameters)}, .words = {""}};
}

}  // namespace

void bind_own_models(std::map<std::string, OwnModel>& own, ConfigSchema& schema) {
  schema.tables(
      "own",
      "A model of your own, which `models.names` names: a program that fits and predicts through files, or predictions "
      "that were made elsewhere. It goes through the same splits, backtest and verdict as the others.",
      [&own, &schema](const std::string& name) {
        OwnModel& model = own[name];
        schema.key("command", model.command)
            .help("program and words; it is called with `fit DIR` and `predict DIR` behind them");
        schema.key("variants", model.variants).help("words that are added to the command: each is a configuration");
        schema.key("files", model.files).help("further files that determine what the command does: modules, weights");
        schema.key("takes", model.takes).choices({"rows", "windows"}).help("what a sample is");
        schema.key("scaling", model.scaling)
            .help("gets features that are scaled by the train part, as `fit.scaling` says");
        schema.key("early_stopping", model.early_stopping).help("gets held-out rows of the train part");
        schema.key("time_limit", model.time_limit).circumstance().help("of each call, such as `\"30m\"`");
        schema.key("predictions", model.predictions)
            .file_name()
            .help("instead of a command: CSV or Parquet with `time` (and `symbol`) and `p_CLASS` for each class");
        schema.key("trust", model.trust)
            .help("of predictions: true says that their model has seen no row that it predicts; else no verdict");
      });
}

models::CommandModel command_of(const std::string& name, const OwnModel& own) {
  models::CommandModel out{.name = name,
                           .command = with_absolute_files(own.command),
                           .takes = own.takes == "windows" ? models::Takes::windows : models::Takes::rows,
                           .wants_scaling = own.scaling,
                           .stops_early = own.early_stopping};
  naming_key(fmt::format("own.{}.time_limit", name),
             [&] { out.time_limit = std::chrono::nanoseconds(parse_duration(own.time_limit).nanoseconds); });
  for (const std::string& file : own.files) out.files.push_back(fs::absolute(file).lexically_normal());
  return out;
}

OwnVariants own_variants(const std::string& name, const OwnModel& own, const ConfigSchema& schema) {
  if (std::ranges::any_of(models::model_table(), [&](const models::ModelKind& kind) { return kind.name == name; }))
    throw ConfigError(fmt::format("[own.{}]: there is a model of this name already; choose another.", name));
  if (own.command.empty() == own.predictions.empty()) {
    throw ConfigError(
        fmt::format("[own.{}] needs {}: `command = [\"python3\", \"model.py\"]` or `predictions = "
                    "\"FILE.csv\"`.",
                    name, own.command.empty() ? "one of two" : "one of two, and has both"));
  }
  if (!own.predictions.empty()) return predicted(name, own, schema);
  refuse_given(name, schema, {"trust"}, "command");
  const models::CommandModel model = command_of(name, own);
  OwnVariants out{.kind = models::command_model(model), .parameters = {}, .words = own.variants};
  if (out.words.empty()) out.words.emplace_back();
  const Json program = models::command_identity(model);
  for (const std::string& words : out.words) {
    naming_key(fmt::format("own.{}.variants", name), [&] { static_cast<void>(models::words_of(words)); });
    out.parameters.push_back({{"words", words}, {"program", program}});
  }
  return out;
}

}  // namespace moola::work
