#include "models/classifiers/classifier_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <stdexcept>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/sha256.h"

namespace moola::models {
namespace {

namespace fs = std::filesystem;
constexpr const char* kSchema = "moola.classifier/1";

std::string seal_of(Json content) {
  content.erase("sha256");
  return sha256_hex(json_text(content));
}

// What an arrays file says of the model that it belongs to.
std::map<std::string, std::string> marks_of(const std::string& model, const FittedOn& on) {
  return {{"schema", kSchema},
          {"model", model},
          {"classes", std::to_string(on.classes)},
          {"channels", std::to_string(on.channels)},
          {"steps", std::to_string(on.steps)}};
}

std::size_t whole(const fs::path& path, const Json& content, const char* key) {
  const Json& value = content.at(key);
  if (!value.is_number_unsigned()) refuse_file(path, fmt::format("{} is {}", key, json_text(value)));
  return value.get<std::size_t>();
}

}  // namespace

void refuse_file(const fs::path& file, const std::string& why) {
  throw DataError(
      fmt::format("{} is not a model as it was saved: {}. Copy it again, or fit the model anew.", file.string(), why));
}

void FittedOn::check(const Samples& samples, const std::string& model) const {
  if (classes == 0) throw std::logic_error(model + " is asked before it was fitted or loaded");
  if (samples.channels == channels && samples.steps == steps) return;
  throw DataError(fmt::format(
      "{} was fitted on samples of {} steps of {} channels; these have {} of {}. Give it the same features and windows "
      "as then, or fit it again.",
      model, steps, channels, samples.steps, samples.channels));
}

void write_classifier(const fs::path& folder, const ClassifierFile& file, const std::vector<std::string>& others) {
  if (file.on.classes == 0) throw std::logic_error(file.model + " is saved before it was fitted or loaded");
  Json content = {{"schema", kSchema},          {"model", file.model},
                  {"classes", file.on.classes}, {"channels", file.on.channels},
                  {"steps", file.on.steps},     {"parameters", file.parameters},
                  {"fitted", file.fitted}};
  content["files"] = Json::object();
  for (const std::string& other : others) content["files"][other] = sha256_of_file(folder / other);
  content["sha256"] = seal_of(content);
  write_file(folder / "model.json", json_text(content, 2) + "\n");
}

ClassifierFile read_classifier(const fs::path& folder, const std::string& model,
                               const std::vector<std::string>& others) {
  const fs::path path = folder / "model.json";
  const Json content = read_json(path);
  return reading(folder, [&] {
    if (content.at("schema").get<std::string>() != kSchema)
      refuse_file(path, fmt::format("its schema is {}, and not {}", json_text(content.at("schema")), kSchema));
    if (content.at("sha256").get<std::string>() != seal_of(content))
      refuse_file(path, "its content and its SHA-256 do not fit");
    ClassifierFile out{.model = content.at("model").get<std::string>(),
                       .on = {.classes = whole(path, content, "classes"),
                              .channels = whole(path, content, "channels"),
                              .steps = whole(path, content, "steps")},
                       .parameters = content.at("parameters"),
                       .fitted = content.at("fitted")};
    if (out.model != model)
      throw DataError(fmt::format("{} holds the model {}, and not {}.", path.string(), out.model, model));
    if (out.on.classes == 0) refuse_file(path, "it has no classes");
    for (const std::string& other : others) {
      if (content.at("files").at(other).get<std::string>() != sha256_of_file(folder / other))
        refuse_file(folder / other, "its SHA-256 is not the one in model.json");
    }
    return out;
  });
}

std::vector<std::size_t> classes_that_came(const fs::path& folder, const ClassifierFile& file) {
  return reading(folder, [&] {
    auto out = file.fitted.at("classes").get<std::vector<std::size_t>>();
    const bool ascending = std::adjacent_find(out.begin(), out.end(), std::greater_equal<>()) == out.end();
    if (out.size() < 2 || !ascending || out.back() >= file.on.classes)
      refuse_file(folder / "model.json", fmt::format("{} are no classes", json_text(file.fitted.at("classes"))));
    return out;
  });
}

void write_arrays(const fs::path& folder, const std::string& model, const FittedOn& on,
                  const std::vector<data::TensorToWrite>& arrays) {
  AtomicFile file(folder / kArraysFile, Overwrite::yes);
  data::write_sealed_safetensors(file.temporary(), arrays, marks_of(model, on));
  file.commit();
}

ModelArrays::ModelArrays(const fs::path& folder, const std::string& model, const FittedOn& on)
    : file_(folder / kArraysFile) {
  file_.check_seal();
  for (const auto& [key, value] : marks_of(model, on)) {
    if (file_.meta(key) != value)
      refuse_file(file_.path(), fmt::format("its {} is {}, and not {}", key, file_.meta(key), value));
  }
}

const data::SafetensorsFile::Tensor& ModelArrays::tensor(const std::string& name, data::ElementType type) const {
  const auto& out = file_.tensor(name);
  if (out.type != type) refuse_file(file_.path(), fmt::format("{} is of another type", name));
  return out;
}

std::vector<double> ModelArrays::doubles(const std::string& name, std::size_t count) const {
  const auto& from = tensor(name, data::ElementType::f64);
  if (from.bytes.size() != count * sizeof(double)) refuse_file(file_.path(), fmt::format("{} has not {}", name, count));
  std::vector<double> out(count);
  std::memcpy(out.data(), from.bytes.data(), from.bytes.size());
  return out;
}

std::vector<float> ModelArrays::floats(const std::string& name, std::size_t count) const {
  const auto& from = tensor(name, data::ElementType::f32);
  if (from.bytes.size() != count * sizeof(float)) refuse_file(file_.path(), fmt::format("{} has not {}", name, count));
  return from.floats();
}

std::vector<std::uint32_t> ModelArrays::wholes(const std::string& name) const {
  const auto& from = tensor(name, data::ElementType::i64);
  std::vector<std::uint32_t> out;
  for (std::size_t at = 0; at < from.bytes.size(); at += sizeof(std::int64_t)) {
    std::int64_t value = 0;
    std::memcpy(&value, from.bytes.data() + at, sizeof value);
    if (value < 0 || value > std::numeric_limits<std::uint32_t>::max())
      refuse_file(file_.path(), fmt::format("{} has {}", name, value));
    out.push_back(static_cast<std::uint32_t>(value));
  }
  return out;
}

}  // namespace moola::models
