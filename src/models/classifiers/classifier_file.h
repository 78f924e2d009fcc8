#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/files/safetensors.h"
#include "models/classifiers/classifier.h"

namespace moola::models {

/// What a model was fitted on; 0 before it is.
struct FittedOn {
  std::size_t classes = 0, channels = 0, steps = 0;

  std::size_t features() const { return channels * steps; }
  /// Throws std::logic_error before a fit, DataError for samples of other channels or steps; `model` begins the
  /// message.
  void check(const Samples& samples, const std::string& model) const;
};

/// What stands in every fitted model's model.json.
struct ClassifierFile {
  std::string model;  // "xgboost"
  FittedOn on = {};
  Json parameters = Json::object();
  Json fitted = Json::object();  // what the model itself keeps there
};

/// Writes model.json into an existing folder: the same bytes for the same model. It carries its own SHA-256, and that
/// of each of `others`, which are in the folder already. Throws IoError, std::logic_error for a model that is not
/// fitted.
void write_classifier(const std::filesystem::path& folder, const ClassifierFile& file,
                      const std::vector<std::string>& others = {});

/// Throws DataError when model.json or one of `others` is not what write_classifier left, or another model's; IoError.
ClassifierFile read_classifier(const std::filesystem::path& folder, const std::string& model,
                               const std::vector<std::string>& others = {});

/// Throws DataError: `file` is not as it was saved, and why.
[[noreturn]] void refuse_file(const std::filesystem::path& file, const std::string& why);

/// What `read` returns, which reads the JSON of the folder's model.json; DataError where a key is missing or of another
/// type.
template <class Read>
auto reading(const std::filesystem::path& folder, const Read& read) {
  try {
    return read();
  } catch (const Json::exception& error) {
    refuse_file(folder / "model.json", error.what());
  }
}

/// `fitted.classes`: which classes came when the model was fitted, ascending, two or more. Throws DataError.
std::vector<std::size_t> classes_that_came(const std::filesystem::path& folder, const ClassifierFile& file);

/// The file of a model's arrays, beside model.json.
inline constexpr const char* kArraysFile = "model.safetensors";

/// `values` as one of them, which it must outlive.
template <class T>
data::TensorToWrite array_of(std::string name, data::ElementType type, const std::vector<T>& values,
                             std::vector<std::int64_t> shape) {
  return {.name = std::move(name), .type = type, .shape = std::move(shape), .bytes = std::as_bytes(std::span(values))};
}

/// Writes them, sealed, into an existing folder. Throws IoError.
void write_arrays(const std::filesystem::path& folder, const std::string& model, const FittedOn& on,
                  const std::vector<data::TensorToWrite>& arrays);

/// A model's arrays, read back. Throws DataError where the file is damaged, another model's or of one that was fitted
/// on something else, or an array is missing or of another type or length.
class ModelArrays {
 public:
  ModelArrays(const std::filesystem::path& folder, const std::string& model, const FittedOn& on);

  std::vector<double> doubles(const std::string& name, std::size_t count) const;
  std::vector<float> floats(const std::string& name, std::size_t count) const;
  /// Whole numbers from 0 to 2^32 - 1, however many.
  std::vector<std::uint32_t> wholes(const std::string& name) const;

 private:
  data::SafetensorsFile file_;

  const data::SafetensorsFile::Tensor& tensor(const std::string& name, data::ElementType type) const;
};

}  // namespace moola::models
