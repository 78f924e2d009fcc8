#include "data/tables/embeddings_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/utc_time.h"

namespace moola::data {
namespace {

namespace fs = std::filesystem;
constexpr const char* kKind = "embeddings";
const std::set<std::string> kPoolings{"last", "mean", "max"};

// The ranges of an encoder's header. Throws ConfigError for a time that is none; what is no such list at all is Json's
// exception.
std::vector<FittedPart::Seen> ranges_of(const Json& spans) {
  std::vector<FittedPart::Seen> out;
  if (!spans.is_array()) throw ConfigError("it is no list");
  for (const Json& span : spans) {
    static_cast<void>(span.at("symbol").get<std::string>());
    for (const Json& range : span.at("times")) {
      const std::int64_t first = parse_utc(range.at(0).get<std::string>()),
                         end = parse_utc(range.at(1).get<std::string>());
      if (end <= first || range.size() != 2)
        throw ConfigError(fmt::format("{} is no range of times", json_text(range)));
      out.push_back({first, end - 1});
    }
  }
  return out;
}

std::optional<std::string> fault_of_times(const char* name, const Json& spans) {
  try {
    static_cast<void>(ranges_of(spans));
    return {};
  } catch (const Json::exception&) {
    return fmt::format("has a '{}' that is no list of a symbol and its times each", name);
  } catch (const ConfigError& error) {
    return fmt::format("has a '{}' of which {}", name, error.what());
  }
}

bool is_hash(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::optional<std::string> fault_of(const EmbeddingsInfo& info) {
  const std::string& kind = info.data.id.kind;
  if (kind != "labeled_windows" && kind != "unlabeled_windows") {
    return fmt::format("represents {}, but embeddings are of labeled_windows or unlabeled_windows",
                       to_string(info.data.id));
  }
  if (info.encoder.empty()) return "does not name its encoder";
  if (!is_hash(info.encoder_sha256))
    return fmt::format("has '{}' for its encoder's SHA-256", info.encoder_sha256.substr(0, 80));
  if (!kPoolings.contains(info.pooling))
    return fmt::format("is pooled by '{}'; expected last, mean or max", info.pooling.substr(0, 80));
  if (auto fault = fault_of_times("encoder_seen", info.seen)) return fault;
  return fault_of_times("encoder_selected_on", info.selected_on);
}

std::optional<std::string> fault_of(const std::vector<float>& z, std::size_t dims) {
  if (dims == 0 || z.empty()) return "holds nothing";
  if (z.size() % dims != 0) return fmt::format("has {} values in rows of {}", z.size(), dims);
  const auto bad = std::ranges::find_if(z, [](float value) { return !std::isfinite(value); });
  if (bad == z.end()) return {};
  const auto at = static_cast<std::size_t>(bad - z.begin());
  return fmt::format("has the value {} in row {}, column {}", *bad, at / dims, at % dims);
}

EmbeddingsInfo read_info(const DatasetReader& reader) {
  const hdf5::File& file = reader.file();
  const std::string path = file.path().string();
  const auto times = [&](const char* name) {
    return parse_json(file.text_attribute(name), fmt::format("attribute '{}' of {}", name, path));
  };
  return {.data = reader.only_parent("represents"),
          .encoder = file.text_attribute("encoder"),
          .encoder_sha256 = file.text_attribute("encoder_sha256"),
          .pooling = file.text_attribute("pooling"),
          .seen = times("encoder_seen"),
          .selected_on = times("encoder_selected_on")};
}

// What was encoded, if it is there, is what it was, and has as many windows.
void check_data(const fs::path& workspace, const DatasetId& id, const EmbeddingsInfo& info, std::size_t rows) {
  if (!fs::exists(dataset_file(workspace, info.data.id))) return;
  const DatasetReader data = open_parent(workspace, info.data, to_string(id));
  const bool stored = data.file().has_dataset("X");
  const std::uint64_t there =
      stored ? data.file().dataset("X").rows() : static_cast<std::uint64_t>(data.file().integer_attribute("windows"));
  if (there == rows) return;
  throw DataError(fmt::format("{} has {} rows, but {} has {} windows; it was not written by Moola, or is damaged.",
                              to_string(id), rows, to_string(info.data.id), there));
}

}  // namespace

WrittenEmbeddings write_embeddings(const fs::path& workspace, const EmbeddingsToWrite& embeddings) {
  const EmbeddingsInfo& info = embeddings.info;
  const auto refuse = [&](const std::string& fault) {
    throw DataError(fmt::format("the embeddings {} cannot be written: what was given {}.", embeddings.name, fault));
  };
  if (const auto fault = fault_of(info)) refuse(*fault);
  if (const auto fault = fault_of(embeddings.z, embeddings.dims)) refuse(*fault);

  DatasetWriter writer(workspace, {kKind, embeddings.name});
  const std::size_t rows = embeddings.z.size() / embeddings.dims;
  writer.write({{"Z", std::span(embeddings.z), {rows, embeddings.dims}}});
  hdf5::File& file = writer.file();
  file.set_attribute("data", to_string(info.data.id));
  file.set_attribute("data_content_sha256", info.data.content_sha256);
  file.set_attribute("encoder", info.encoder);
  file.set_attribute("encoder_sha256", info.encoder_sha256);
  file.set_attribute("pooling", info.pooling);
  file.set_attribute("encoder_seen", json_text(info.seen));
  file.set_attribute("encoder_selected_on", json_text(info.selected_on));
  writer.add_parent(info.data);
  Json& manifest = writer.manifest();
  manifest["parameters"] = embeddings.parameters;
  manifest["parameters"]["pooling"] = info.pooling;
  manifest["encoder"] = {
      {"name", info.encoder}, {"sha256", info.encoder_sha256}, {"seen", info.seen}, {"selected_on", info.selected_on}};
  WrittenEmbeddings out;
  out.content_sha256 = writer.finish_unless_known({}, embeddings.circumstances);
  out.id = writer.id();
  out.file = dataset_file(workspace, out.id);
  return out;
}

EmbeddingsFile::EmbeddingsFile(const fs::path& workspace, const DatasetId& id)
    : reader_(workspace, id), info_(read_info(reader_)) {
  const hdf5::Dataset z = reader_.file().dataset("Z");
  rows_ = static_cast<std::size_t>(z.rows());
  dims_ = static_cast<std::size_t>(z.row_elements());
  const fs::path& path = reader_.file().path();
  const auto refuse = [&](const std::string& fault) {
    throw DataError(fmt::format("{} {}; it was not written by Moola, or is damaged.", path.string(), fault));
  };
  if (const auto fault = fault_of(info_)) refuse(*fault);
  // Memory is taken for what the file can hold, not for what it says.
  if (dims_ > 0 && rows_ > fs::file_size(path) / sizeof(float) / dims_)
    refuse(fmt::format("claims {} rows of {} values, and has {} bytes", rows_, dims_, fs::file_size(path)));
  z_ = z.read<float>();
  if (const auto fault = fault_of(z_, dims_)) refuse(*fault);
  check_data(workspace, id, info_, rows_);
}

std::vector<FittedPart> fitted_parts(const EmbeddingsInfo& info) {
  std::vector<FittedPart> out{{.name = "encoder", .seen = ranges_of(info.seen)}};
  std::vector<FittedPart::Seen> chosen = ranges_of(info.selected_on);
  if (!chosen.empty()) out.push_back({.name = "encoder_choice", .seen = std::move(chosen)});
  return out;
}

}  // namespace moola::data
