#include "data/store/dataset_schema.h"

#include <fmt/format.h>

#include <map>
#include <vector>

#include "base/error.h"
#include "data/store/dataset.h"

namespace moola::data {
namespace {

using hdf5::Type;

struct Part {
  std::string name;
  Type type;
  std::size_t axes = 1;
};

struct KindSchema {
  std::vector<Part> parts;              // of equal length
  std::vector<std::string> attributes;  // that must be there
};

// Kinds that are not listed have forms to choose from; who opens them checks which one it is.
const std::map<std::string, KindSchema>& schemas() {
  static const std::map<std::string, KindSchema> table{
      {"bars",
       {{{"time", Type::int64},
         {"open", Type::float64},
         {"high", Type::float64},
         {"low", Type::float64},
         {"close", Type::float64},
         {"volume", Type::float64},
         {"flags", Type::uint8}},
        {"symbol", "bar_seconds", "source_timezone"}}},
      {"embeddings",
       {{{"Z", Type::float32, 2}},
        {"data", "data_content_sha256", "encoder", "encoder_sha256", "pooling", "encoder_seen",
         "encoder_selected_on"}}},
      {"fold", {{{"proba", Type::float32, 2}, {"row", Type::int64}}, {"key"}}},
      {"feature_table",
       {{{"time", Type::int64}, {"segment", Type::int32}},
        {"feature_names", "symbols", "horizons", "scaled", "pedigree", "fitted_parts"}}},
      {"oof",
       {{{"proba", Type::float32, 2},
         {"fold", Type::int32},
         {"y", Type::int32},
         {"index", Type::int64},
         {"time", Type::int64}},
        {"data", "data_content_sha256", "horizon", "class_names", "model", "parameters"}}},
      {"synthetic_cache",
       {{{"X", Type::float32, 3}, {"y", Type::int32}, {"source", Type::int64}},
        {"channel_names", "label_names", "data", "data_content_sha256", "data_windows", "generator", "generator_fit",
         "ratio"}}},
  };
  return table;
}

void check_part(const hdf5::File& file, const Part& part, std::uint64_t& rows) {
  const hdf5::Dataset dataset = file.dataset(part.name);
  if (dataset.type() != part.type || dataset.shape().size() != part.axes) {
    throw DataError(fmt::format("data set '{}' of {} is {} with {} axes; expected {} with {}.", part.name,
                                file.path().string(), hdf5::numpy_name(dataset.type()), dataset.shape().size(),
                                hdf5::numpy_name(part.type), part.axes));
  }
  if (rows == UINT64_MAX) rows = dataset.rows();
  if (dataset.rows() != rows) {
    throw DataError(fmt::format("data set '{}' of {} has {} rows, but the others have {}.", part.name,
                                file.path().string(), dataset.rows(), rows));
  }
}

}  // namespace

void check_schema(const hdf5::File& file, const std::string& kind) {
  const std::string path = file.path().string(), wanted = schema_of(kind);
  const auto schema = file.attribute("schema");
  const std::string* text = schema ? std::get_if<std::string>(&*schema) : nullptr;
  if (text == nullptr) {
    throw DataError(
        fmt::format("{} has no text attribute 'schema'; expected '{}'. It was not written by Moola.", path, wanted));
  }
  if (*text != wanted) {
    const bool same_kind = text->starts_with(wanted.substr(0, wanted.rfind('/') + 1));
    throw DataError(
        fmt::format("{} has the schema '{}', but '{}' was expected. {}", path, *text, wanted,
                    same_kind ? "It was written by another version of Moola; use that one, or make the file again."
                              : "It is a data set of another kind in the wrong folder."));
  }
  const auto found = schemas().find(kind);
  if (found == schemas().end()) return;
  std::uint64_t rows = UINT64_MAX;
  for (const Part& part : found->second.parts) check_part(file, part, rows);
  for (const std::string& attribute : found->second.attributes) {
    if (!file.attribute(attribute)) throw DataError(fmt::format("{} has no attribute '{}'.", path, attribute));
  }
}

}  // namespace moola::data
