#include "work/evaluate/folds/saved_model.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/scratch_folder.h"
#include "base/sha256.h"
#include "base/version.h"
#include "data/tables/scaler_file.h"
#include "models/classifiers/command_model.h"
#include "work/evaluate/folds/calibrator_file.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;
constexpr const char* kSchema = "moola.model/1";
constexpr const char* kBundle = "bundle.json";

[[noreturn]] void refuse(const fs::path& file, const std::string& why) {
  throw DataError(fmt::format("{} is not a model as it was saved: {}. Copy the folder again, or train the model anew.",
                              file.string(), why));
}

std::string seal_of(Json bundle) {
  bundle.erase("sha256");
  return sha256_hex(json_text(bundle));
}

Json hashes_of(const fs::path& folder) {
  Json out = Json::object();
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().lexically_relative(folder).string();
    if (entry.is_regular_file() && name != kBundle) out[name] = sha256_of_file(entry.path());
  }
  return out;
}

Json own_json(const SavedModel& model) {
  if (model.own.command.empty()) return nullptr;
  return {{"command", model.own.command},
          {"files", model.own.files},
          {"takes", model.own.takes},
          {"scaling", model.own.scaling},
          {"early_stopping", model.own.early_stopping},
          {"time_limit", model.own.time_limit}};
}

OwnModel own_from(const Json& json) {
  OwnModel out;
  if (json.is_null()) return out;
  out.command = json.at("command").get<std::vector<std::string>>();
  out.files = json.at("files").get<std::vector<std::string>>();
  out.takes = json.at("takes").get<std::string>();
  out.scaling = json.at("scaling").get<bool>();
  out.early_stopping = json.at("early_stopping").get<bool>();
  out.time_limit = json.at("time_limit").get<std::string>();
  return out;
}

Json synthetic_json(const SavedModel::Synthetic& synthetic) {
  Json seen = Json::array();
  for (const data::FittedPart::Seen& each : synthetic.seen)
    seen.push_back({{"first", each.first}, {"last", each.last}});
  return {{"seen", std::move(seen)}, {"doubts", synthetic.doubts}, {"differs", synthetic.differs}};
}

SavedModel::Synthetic synthetic_from(const Json& json) {
  SavedModel::Synthetic out{.doubts = json.at("doubts").get<std::vector<std::string>>(),
                            .differs = json.at("differs").get<std::string>()};
  for (const Json& each : json.at("seen"))
    out.seen.push_back({each.at("first").get<std::int64_t>(), each.at("last").get<std::int64_t>()});
  return out;
}

Json bundle_of(const SavedModel& model) {
  Json seen = Json::array();
  for (const SavedModel::Seen& each : model.seen)
    seen.push_back({{"symbol", each.symbol}, {"first", each.first}, {"last", each.last}});
  Json out = {{"schema", kSchema},
              {"name", model.name},
              {"model", model.kind->name},
              {"parameters", model.parameters},
              {"own", own_json(model)},
              {"feature_names", model.features},
              {"features_sha256", sha256_hex(json_text(model.features))},
              {"class_names", model.class_names},
              {"direction", model.direction},
              {"horizon", model.horizon},
              {"steps", model.fitted.steps},
              {"clip", model.fitted.clip},
              {"table", to_string(model.table.id)},
              {"table_sha256", model.table.content_sha256},
              {"encoder_sha256", model.encoder_sha256},
              {"pooling", model.pooling},
              {"seen", std::move(seen)},
              {"fit", model.fitted.told},
              {"code", code_version()}};
  if (model.synthetic) out["synthetic"] = synthetic_json(*model.synthetic);
  return out;
}

void write_into(const fs::path& folder, const SavedModel& model) {
  model.fitted.classifier->save(folder);
  if (!model.fitted.scales.empty()) {
    data::TableScaler scaler{.table = to_string(model.table.id),
                             .table_sha256 = model.table.content_sha256,
                             .clip = model.fitted.clip,
                             .columns = model.fitted.scales};
    if (!model.seen.empty()) {
      const auto first = std::ranges::min(model.seen, {}, &SavedModel::Seen::first);
      const auto last = std::ranges::max(model.seen, {}, &SavedModel::Seen::last);
      scaler.first = first.first;
      scaler.last = last.last;
    }
    write_file(folder / "scaler.json", json_text(data::to_json(scaler), 1) + "\n");
  }
  if (model.fitted.calibrator)
    write_file(folder / "calibrator.json", json_text(calibrator_json(*model.fitted.calibrator), 1) + "\n");
  Json bundle = bundle_of(model);
  bundle["files"] = hashes_of(folder);
  bundle["sha256"] = seal_of(bundle);
  write_file(folder / kBundle, json_text(bundle, 1) + "\n");
}

std::shared_ptr<const models::ModelKind> kind_of(const std::string& model, const OwnModel& own) {
  if (own.command.empty()) {
    // The table outlives everything.
    return {std::shared_ptr<const models::ModelKind>(), &models::find_model(model)};
  }
  return std::make_shared<models::ModelKind>(models::command_model(command_of(model, own)));
}

}  // namespace

void write_saved_model(const fs::path& folder, const SavedModel& model) {
  fs::create_directories(folder.parent_path());
  const ScratchFolder temporary(folder.string() + ".");
  temporary.let_others_read();
  write_into(temporary.path(), model);
  fs::remove_all(folder);
  fs::rename(temporary.path(), folder);
}

SavedModel read_saved_model(const fs::path& folder) {
  const fs::path path = folder / kBundle;
  if (!fs::is_regular_file(path)) {
    throw ConfigError(
        fmt::format("{} holds no model: there is no {} in it. `moola train` makes one.", folder.string(), kBundle));
  }
  const Json bundle = read_json(path);
  try {
    if (bundle.at("schema").get<std::string>() != kSchema)
      refuse(path, fmt::format("its schema is {}, and not {}", json_text(bundle.at("schema")), kSchema));
    if (bundle.at("sha256").get<std::string>() != seal_of(bundle))
      refuse(path, "its content and its SHA-256 do not fit");
    for (const auto& [name, hash] : bundle.at("files").items()) {
      if (!fs::is_regular_file(folder / name)) refuse(folder / name, "it is not there");
      if (sha256_of_file(folder / name) != hash.get<std::string>())
        refuse(folder / name, "its SHA-256 is not the one in bundle.json");
    }
    SavedModel out{.name = bundle.at("name").get<std::string>(),
                   .parameters = bundle.at("parameters"),
                   .features = bundle.at("feature_names").get<std::vector<std::string>>(),
                   .class_names = bundle.at("class_names").get<std::vector<std::string>>(),
                   .direction = bundle.at("direction").get<std::vector<std::int8_t>>(),
                   .horizon = bundle.at("horizon").get<std::int32_t>(),
                   .table = {data::parse_dataset_id(bundle.at("table").get<std::string>()),
                             bundle.at("table_sha256").get<std::string>()},
                   .encoder_sha256 = bundle.value("encoder_sha256", std::string()),
                   .pooling = bundle.value("pooling", std::string()),
                   .own = own_from(bundle.at("own"))};
    for (const Json& each : bundle.at("seen")) {
      out.seen.push_back({.symbol = each.at("symbol").get<std::string>(),
                          .first = each.at("first").get<std::int64_t>(),
                          .last = each.at("last").get<std::int64_t>()});
    }
    if (bundle.contains("synthetic")) out.synthetic = synthetic_from(bundle.at("synthetic"));
    out.kind = kind_of(bundle.at("model").get<std::string>(), out.own);
    out.fitted.classifier = out.kind->make(out.parameters);
    out.fitted.classifier->load(folder);
    out.fitted.steps = bundle.at("steps").get<std::size_t>();
    out.fitted.clip = bundle.at("clip").get<double>();
    out.fitted.told = bundle.at("fit");
    if (bundle.at("files").contains("scaler.json"))
      out.fitted.scales = data::read_scaler(folder / "scaler.json").columns;
    if (bundle.at("files").contains("calibrator.json"))
      out.fitted.calibrator =
          calibrator_from_json(read_json(folder / "calibrator.json"), (folder / "calibrator.json").string());
    if (!out.fitted.scales.empty() && out.fitted.scales.size() != out.features.size())
      refuse(folder / "scaler.json",
             fmt::format("it has {} scales for {} features", out.fitted.scales.size(), out.features.size()));
    return out;
  } catch (const Json::exception& error) {
    refuse(path, error.what());
  }
}

std::vector<SavedModel::Seen> seen_by(const EvaluationData& data, const std::vector<validation::RowRange>& rows) {
  std::vector<SavedModel::Seen> out;
  for (const validation::RowRange& range : rows) {
    std::map<std::int32_t, SavedModel::Seen> by_symbol;
    for (std::size_t row = range.begin; row < range.end; ++row) {
      const std::int32_t symbol = data.symbol[row];
      const std::int64_t end = data.intervals().end(row);
      auto [at, first] = by_symbol.try_emplace(
          symbol, SavedModel::Seen{
                      .symbol = data.symbols[static_cast<std::size_t>(symbol)], .first = data.time[row], .last = end});
      if (!first) at->second.last = std::max(at->second.last, end);
    }
    for (const auto& [symbol, seen] : by_symbol) out.push_back(seen);
  }
  return out;
}

std::vector<std::size_t> rows_seen(const SavedModel& model, const EvaluationData& data,
                                   const std::vector<validation::RowRange>& rows) {
  std::vector<std::size_t> out;
  for (const validation::RowRange& range : rows) {
    for (std::size_t row = range.begin; row < range.end; ++row) {
      const std::string& symbol = data.symbols[static_cast<std::size_t>(data.symbol[row])];
      const std::int64_t end = data.intervals().end(row);
      const auto meets = [&](const auto& seen) { return data.time[row] <= seen.last && end >= seen.first; };
      const bool own = std::ranges::any_of(
          model.seen, [&](const SavedModel::Seen& seen) { return seen.symbol == symbol && meets(seen); });
      if (own || (model.synthetic && std::ranges::any_of(model.synthetic->seen, meets))) out.push_back(row);
    }
  }
  return out;
}

}  // namespace moola::work
