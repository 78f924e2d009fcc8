#include "work/evaluate/models/models_command.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <iostream>
#include <memory>

#include "base/command_line.h"
#include "base/json.h"
#include "base/text_table.h"
#include "models/classifiers/classifier.h"

namespace moola::work {
namespace {

using models::ModelKey;
using models::ModelKind;

std::string_view takes(const ModelKind& kind) {
  switch (kind.takes) {
    case models::Takes::rows:
      return "rows";
    case models::Takes::windows:
      return "windows";
    case models::Takes::nothing:
      return "labels, prices";
  }
  return "";
}

std::string value_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : json_text(value);
}

Json to_json(const ModelKind& kind) {
  Json keys = Json::array();
  for (const ModelKey& key : kind.keys) {
    Json entry = {{"name", key.name}, {"default", key.fallback}, {"help", key.help}};
    if (key.low < key.high) entry["range"] = {key.low, key.high};
    if (!key.choices.empty()) entry["choices"] = key.choices;
    keys.push_back(std::move(entry));
  }
  return {{"name", kind.name},
          {"role", kind.role},
          {"takes", takes(kind)},
          {"wants_scaling", kind.wants_scaling},
          {"stops_early", kind.stops_early},
          {"help", kind.help},
          {"keys", std::move(keys)}};
}

void list(const CommonOptions& common) {
  if (common.json) {
    Json all = Json::array();
    for (const ModelKind& kind : models::model_table()) all.push_back(to_json(kind));
    std::cout << json_text({{"models", std::move(all)}}, 2) << "\n";
    return;
  }
  TextTable table({{"model"}, {"role"}, {"takes"}, {"scaled"}, {"stops early"}, {"parameters"}});
  for (const ModelKind& kind : models::model_table()) {
    std::string keys;
    for (const ModelKey& key : kind.keys)
      keys += fmt::format("{}{}={}", keys.empty() ? "" : " ", key.name, value_text(key.fallback));
    table.row({kind.name, kind.role, std::string(takes(kind)), kind.wants_scaling ? "yes" : "no",
               kind.stops_early ? "yes" : "no", keys});
  }
  std::cout << table.text();
}

}  // namespace

void add_models_command(CLI::App& app) {
  app.description("The models that `moola cv`, `walk-forward` and `cpcv-pbo` try.");
  app.footer("Example:\n  moola models list\n");
  app.require_subcommand(1);
  auto common = std::make_shared<CommonOptions>();
  CLI::App* const listing =
      app.add_subcommand("list", "every model with its role, what it takes, and its parameters with their defaults");
  add_common_options(*listing, *common);
  listing->callback([common] { list(*common); });
}

}  // namespace moola::work
