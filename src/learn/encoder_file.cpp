#include "learn/encoder_file.h"

#include <fmt/format.h>

#include <cstring>
#include <set>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/sha256.h"
#include "data/files/safetensors.h"

namespace moola::learn {
namespace {

namespace fs = std::filesystem;
constexpr const char* kSchema = "moola.encoder/1";
constexpr std::string_view kPrefix = "encoder.";
constexpr std::int64_t kMostUnits = std::int64_t{1} << 24;  // four times their square still fits an int64

}  // namespace

void write_encoder(const fs::path& path, const EncoderHeader& header, const models::Parameters& parameters,
                   const std::vector<float>& values) {
  std::vector<data::TensorToWrite> tensors;
  for (const auto& entry : parameters.entries()) {
    if (!entry.name.starts_with(kPrefix)) continue;
    tensors.push_back({.name = entry.name.substr(kPrefix.size()),
                       .type = data::ElementType::f32,
                       .shape = entry.shape,
                       .bytes = std::as_bytes(std::span(values).subspan(static_cast<std::size_t>(entry.offset),
                                                                        static_cast<std::size_t>(entry.elements)))});
  }
  const models::EncoderConfig& model = header.architecture;
  const Json architecture = {{"name", model.name},     {"channels", model.channels}, {"hidden", model.hidden},
                             {"layers", model.layers}, {"dropout", model.dropout},   {"bidirectional", true},
                             {"batch_first", true}};
  const Json input = {{"length", header.length},
                      {"channels", header.channel_names},
                      {"normalize", header.normalize},
                      {"scale", header.scale}};
  const std::map<std::string, std::string> metadata{{"schema", kSchema},
                                                    {"architecture", architecture.dump()},
                                                    {"input", input.dump()},
                                                    {"data", header.data.dump()},
                                                    {"seen", header.seen.dump()},
                                                    {"selected_on", header.selected_on.dump()},
                                                    {"objective", header.objective},
                                                    {"code_version", header.code_version}};
  AtomicFile file(path, Overwrite::yes);
  data::write_sealed_safetensors(file.temporary(), tensors, metadata);
  file.commit();
}

LoadedEncoder read_encoder(const fs::path& path, at::Device device) {
  const data::SafetensorsFile file(path);
  const auto schema = file.metadata().find("schema");
  if (schema == file.metadata().end() || schema->second != kSchema) {
    throw DataError(fmt::format("{} is no encoder of ours: expected the schema {} in its header, found {}.",
                                path.string(), kSchema, schema == file.metadata().end() ? "none" : schema->second));
  }
  file.check_seal();
  LoadedEncoder loaded;
  try {
    const Json architecture = parse_json(file.meta("architecture"), path.string() + ": architecture");
    const Json input = parse_json(file.meta("input"), path.string() + ": input");
    EncoderHeader& header = loaded.header;
    header.architecture = {.name = architecture.at("name").get<std::string>(),
                           .channels = architecture.at("channels").get<std::int64_t>(),
                           .hidden = architecture.at("hidden").get<std::int64_t>(),
                           .layers = architecture.at("layers").get<std::int64_t>(),
                           .dropout = architecture.at("dropout").get<double>()};
    header.length = input.at("length").get<std::int64_t>();
    header.channel_names = input.at("channels");
    header.normalize = input.at("normalize").get<std::string>();
    header.scale = input.at("scale").get<double>();
    header.data = parse_json(file.meta("data"), path.string() + ": data");
    header.seen = parse_json(file.meta("seen"), path.string() + ": seen");
    header.selected_on = parse_json(file.meta("selected_on"), path.string() + ": selected_on");
    header.objective = file.meta("objective");
    header.code_version = file.meta("code_version");
  } catch (const Json::exception& error) {
    throw DataError(fmt::format("{}: the encoder's header is incomplete: {}", path.string(), error.what()));
  }
  const models::EncoderConfig& claimed = loaded.header.architecture;
  if (claimed.layers > static_cast<std::int64_t>(file.tensors().size()) || claimed.hidden > kMostUnits ||
      claimed.channels > kMostUnits) {
    throw DataError(
        fmt::format("{}: the header claims {} layers of {} units on {} channels, the file holds {} tensors.",
                    path.string(), claimed.layers, claimed.hidden, claimed.channels, file.tensors().size()));
  }
  loaded.parameters = std::make_unique<models::Parameters>();
  loaded.encoder = models::make_encoder(loaded.header.architecture, *loaded.parameters);
  // The header may claim any size: memory is taken once the tensors have proved it.
  std::set<std::string> expected;
  for (const auto& entry : loaded.parameters->entries()) {
    const std::string name = entry.name.substr(kPrefix.size());
    expected.insert(name);
    const auto& tensor = file.tensor(name);
    if (tensor.shape != entry.shape || tensor.type != data::ElementType::f32) {
      throw DataError(fmt::format("{}: tensor {} has another shape than its architecture says.", path.string(), name));
    }
  }
  for (const auto& [name, tensor] : file.tensors()) {
    if (!expected.contains(name))
      throw DataError(fmt::format("{}: tensor {} belongs to no encoder '{}'.", path.string(), name,
                                  loaded.header.architecture.name));
  }
  at::Tensor host = at::empty({loaded.parameters->elements()}, at::kFloat);
  auto* values = host.mutable_data_ptr<float>();
  for (const auto& entry : loaded.parameters->entries()) {
    const auto& tensor = file.tensor(entry.name.substr(kPrefix.size()));
    std::memcpy(values + entry.offset, tensor.bytes.data(), tensor.bytes.size());
  }
  loaded.parameters->allocate(device);
  loaded.parameters->values().copy_(host);
  return loaded;
}

fs::path publish_encoder(const fs::path& file, const fs::path& folder, const std::string& name) {
  const std::string hash = sha256_of_file(file), content = read_file(file);
  create_folders(folder);
  for (int version = 1;; ++version) {
    fs::path target = folder / fmt::format("{}-v{}.safetensors", name, version);
    if (!fs::exists(target)) {
      try {
        write_file(target, content, Overwrite::no);
        return target;
      } catch (const IoError&) {
        if (!fs::exists(target)) throw;  // else another run took this version a moment ago
      }
    }
    if (sha256_of_file(target) == hash) return target;
  }
}

}  // namespace moola::learn
