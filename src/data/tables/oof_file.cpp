#include "data/tables/oof_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/utc_time.h"

namespace moola::data {
namespace {

constexpr const char* kKind = "oof";
constexpr double kSumTolerance = 1e-3;

std::optional<std::string> fault_of(const OofInfo& info) {
  const std::string& kind = info.data.id.kind;
  if (kind != "feature_table" && kind != "labeled_windows") {
    return fmt::format("predicts {}, but predictions are of the rows of a feature_table or of labeled_windows",
                       to_string(info.data.id));
  }
  if ((kind == "feature_table") != (info.horizon > 0)) {
    return fmt::format("is of the horizon {} and predicts {}; a feature table has a horizon above 0, windows have 0",
                       info.horizon, to_string(info.data.id));
  }
  if (info.class_names.size() < 2)
    return fmt::format("names {} classes; expected two at least", info.class_names.size());
  std::set<std::string> seen;
  for (const std::string& name : info.class_names) {
    if (name.empty()) return "has a class without a name";
    if (!seen.insert(name).second) return fmt::format("has the class '{}' twice", name);
  }
  if (info.model.empty()) return "does not name its model";
  return {};
}

std::optional<std::string> length_fault(const OofRows& rows, std::size_t classes) {
  if (rows.size() == 0) return "holds no prediction";
  for (const auto& [name, count] :
       {std::pair{"y", rows.label.size()}, std::pair{"fold", rows.fold.size()}, std::pair{"time", rows.time.size()}}) {
    if (count != rows.size()) return fmt::format("has {} rows, but {} values in '{}'", rows.size(), count, name);
  }
  if (rows.probability.size() / classes != rows.size() || rows.probability.size() % classes != 0) {
    return fmt::format("has {} rows of {} classes, but {} values in 'proba'", rows.size(), classes,
                       rows.probability.size());
  }
  return {};
}

std::optional<std::string> fault_of(const OofRows& rows, std::size_t classes) {
  if (auto fault = length_fault(rows, classes)) return fault;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    double sum = 0;
    for (std::size_t c = 0; c < classes; ++c) {
      const float p = rows.probability[i * classes + c];
      if (!(p >= 0 && p <= 1))
        return fmt::format("has the probability {} of class {} in row {}; expected 0 to 1", p, c, i);
      sum += static_cast<double>(p);
    }
    if (std::fabs(sum - 1) > kSumTolerance)
      return fmt::format("has probabilities in row {} that sum to {}; expected 1 within {}", i, sum, kSumTolerance);
    if (rows.fold[i] < 0) return fmt::format("has the fold {} in row {}; folds count from 0", rows.fold[i], i);
    if (rows.label[i] < -1 || rows.label[i] >= static_cast<std::int32_t>(classes))
      return fmt::format("has the class {} in row {}, where there are {}, counted from 0 (-1: none)", rows.label[i], i,
                         classes);
    if (rows.row[i] < 0 || (i > 0 && rows.row[i] <= rows.row[i - 1]))
      return fmt::format("has index {} in row {}; expected the numbers of rows, ascending, each once", rows.row[i], i);
  }
  return {};
}

OofInfo read_info(const DatasetReader& reader) {
  const hdf5::File& file = reader.file();
  const std::string path = file.path().string();
  const std::int64_t horizon = file.integer_attribute("horizon");
  return {.data = reader.only_parent("predicts"),
          .horizon = static_cast<std::int32_t>(std::clamp<std::int64_t>(horizon, INT32_MIN, INT32_MAX)),
          .class_names = file.list_attribute("class_names"),
          .model = file.text_attribute("model"),
          .parameters = parse_json(file.text_attribute("parameters"), "attribute 'parameters' of " + path)};
}

OofRows read_rows(const hdf5::File& file) {
  return {.probability = file.read<float>("proba"),
          .fold = file.read<std::int32_t>("fold"),
          .label = file.read<std::int32_t>("y"),
          .row = file.read<std::int64_t>("index"),
          .time = file.read<std::int64_t>("time")};
}

// What was predicted, if it is there, is what it was, and has the rows.
void check_data(const std::filesystem::path& workspace, const DatasetId& id, const OofInfo& info, const OofRows& rows) {
  if (!std::filesystem::exists(dataset_file(workspace, info.data.id))) return;
  const DatasetReader data = open_parent(workspace, info.data, to_string(id));
  const std::uint64_t there = data.file().dataset(info.horizon > 0 ? "time" : "y").rows();
  if (static_cast<std::uint64_t>(rows.row.back()) < there) return;
  throw DataError(
      fmt::format("{} predicts row {} of {}, which has {}, counted from 0; it was not written by Moola, or "
                  "is damaged.",
                  to_string(id), rows.row.back(), to_string(info.data.id), there));
}

}  // namespace

WrittenOof write_oof(const std::filesystem::path& workspace, const OofToWrite& oof) {
  const OofInfo& info = oof.info;
  const OofRows& rows = oof.rows;
  const auto refuse = [&](const std::string& fault) {
    throw DataError(
        fmt::format("the out-of-fold predictions {} cannot be written: what was given {}.", oof.name, fault));
  };
  if (const auto fault = fault_of(info)) refuse(*fault);
  if (const auto fault = fault_of(rows, info.class_names.size())) refuse(*fault);

  DatasetWriter writer(workspace, {kKind, oof.name});
  writer.write({{"proba", std::span(rows.probability), {rows.size(), info.class_names.size()}},
                {"fold", std::span(rows.fold)},
                {"y", std::span(rows.label)},
                {"index", std::span(rows.row)},
                {"time", std::span(rows.time)}});
  hdf5::File& file = writer.file();
  file.set_attribute("data", to_string(info.data.id));
  file.set_attribute("data_content_sha256", info.data.content_sha256);
  file.set_attribute("horizon", std::int64_t{info.horizon});
  file.set_attribute("class_names", info.class_names);
  file.set_attribute("model", info.model);
  file.set_attribute("parameters", json_text(info.parameters));
  writer.add_parent(info.data);
  Json& manifest = writer.manifest();
  manifest["parameters"] = {{"model", info.model}, {"parameters", info.parameters}, {"horizon", info.horizon}};
  if (rows.time.front() != kNoTime) {
    manifest["first"] = utc_text(rows.time.front());
    manifest["last"] = utc_text(rows.time.back());
  }
  WrittenOof out;
  out.content_sha256 = writer.finish_unless_known({}, oof.circumstances);
  out.id = writer.id();
  out.file = dataset_file(workspace, out.id);
  return out;
}

OofFile::OofFile(const std::filesystem::path& workspace, const DatasetId& id)
    : reader_(workspace, id), info_(read_info(reader_)), rows_(read_rows(reader_.file())) {
  const auto refuse = [&](const std::string& fault) {
    throw DataError(
        fmt::format("{} {}; it was not written by Moola, or is damaged.", reader_.file().path().string(), fault));
  };
  if (const auto fault = fault_of(info_)) refuse(*fault);
  if (const auto fault = fault_of(rows_, classes())) refuse(*fault);
  check_data(workspace, id, info_, rows_);
}

}  // namespace moola::data
