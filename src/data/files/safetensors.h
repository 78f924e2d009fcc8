#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace moola::data {

enum class ElementType { f32, f64, i64, u8 };

/// One tensor to be written: row-major bytes that outlive the call.
struct TensorToWrite {
  std::string name;
  ElementType type = ElementType::f32;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;
};

/// Writes a safetensors file (8-byte length, JSON header, raw little-endian data) to `file`, in the order given,
/// durable when it returns.
///
/// The header holds `metadata` and is padded to 8 bytes, so that the same content gives the same bytes. `file` is
/// written in place: callers pass an AtomicFile's temporary. Throws IoError; ConfigError when a name is used twice or a
/// shape does not fit its bytes.
void write_safetensors(const std::filesystem::path& file, std::span<const TensorToWrite> tensors,
                       const std::map<std::string, std::string>& metadata);

/// The same with one more entry of metadata, `content_sha256`, that `SafetensorsFile::check_seal` holds the file
/// against. Hashed are, a zero byte after each but the last: every key of the metadata in order with its value; every
/// tensor in the order of names with its type, its shape ("2,3") and its bytes.
void write_sealed_safetensors(const std::filesystem::path& file, std::span<const TensorToWrite> tensors,
                              const std::map<std::string, std::string>& metadata);

/// A safetensors file, checked whole on opening: nothing in it is executed, and no header can name bytes outside the
/// file.
class SafetensorsFile {
 public:
  struct Tensor {
    ElementType type = ElementType::f32;
    std::vector<std::int64_t> shape;
    std::span<const std::byte> bytes;  // valid as long as the file object

    std::int64_t elements() const;
    /// The values of an f32 tensor. Throws DataError for another type.
    std::vector<float> floats() const;
  };

  /// Reads `file` into memory. Throws IoError; DataError naming the file and what is wrong with it.
  explicit SafetensorsFile(const std::filesystem::path& file);
  SafetensorsFile(const SafetensorsFile&) = delete;  // the tensors point into this object's bytes
  SafetensorsFile& operator=(const SafetensorsFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const std::map<std::string, Tensor>& tensors() const { return tensors_; }

  bool holds(const std::string& name) const { return tensors_.contains(name); }
  /// Throws DataError that names the nearest tensor.
  const Tensor& tensor(const std::string& name) const;
  /// Throws DataError when the key is missing.
  const std::string& meta(const std::string& key) const;
  /// Throws DataError when the file is not what `write_sealed_safetensors` wrote.
  void check_seal() const;

 private:
  std::filesystem::path path_;
  std::string content_;
  std::map<std::string, std::string> metadata_;
  std::map<std::string, Tensor> tensors_;
};

}  // namespace moola::data
