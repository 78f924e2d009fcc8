#include "data/files/safetensors.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <limits>

#include "base/atomic_file.h"
#include "base/descriptor.h"
#include "base/error.h"
#include "base/json.h"
#include "base/nearest.h"
#include "base/sha256.h"

namespace moola::data {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the format is little-endian; this code copies bytes as they are");

struct TypeFact {
  ElementType type;
  const char* name;
  std::size_t bytes;
};
constexpr TypeFact kTypes[] = {{ElementType::f32, "F32", 4},
                               {ElementType::f64, "F64", 8},
                               {ElementType::i64, "I64", 8},
                               {ElementType::u8, "U8", 1}};

constexpr const char* kMetadata = "__metadata__";

const TypeFact& fact(ElementType type) {
  return *std::find_if(std::begin(kTypes), std::end(kTypes), [&](const TypeFact& f) { return f.type == type; });
}

// The sizes and places a header gives: JSON would also have 1.5, -1 and 1e300, which no conversion may swallow. Those
// it hands to `refuse`.
template <class Refuse>
std::vector<std::int64_t> integers(const Json& list, const Refuse& refuse) {
  std::vector<std::int64_t> out;
  for (const Json& value : list.get_ref<const Json::array_t&>()) {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max()) {
      refuse(fmt::format("a shape or an offset should be a whole number from 0 up, found {}", json_text(value)));
    }
    out.push_back(value.get<std::int64_t>());
  }
  return out;
}

constexpr const char* kSeal = "content_sha256";

// What both sides of a seal have: the file when it is written, the file when it is read.
class Seal {
 public:
  explicit Seal(const std::map<std::string, std::string>& metadata) {
    for (const auto& [key, value] : metadata) {
      if (key != kSeal) text(key).text(value);
    }
  }
  // In the order of names.
  void add(const std::string& name, ElementType type, const std::vector<std::int64_t>& shape,
           std::span<const std::byte> bytes) {
    text(name).text(fact(type).name).text(fmt::format("{}", fmt::join(shape, ",")));
    hash_.update(bytes);
  }
  std::string hex() { return hash_.hex(); }

 private:
  Sha256 hash_;
  Seal& text(std::string_view value) {
    hash_.update(value).update(std::string_view("", 1));
    return *this;
  }
};

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

void write_safetensors(const std::filesystem::path& file, std::span<const TensorToWrite> tensors,
                       const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  header[kMetadata] = metadata;
  std::size_t offset = 0;
  for (const TensorToWrite& tensor : tensors) {
    std::size_t bytes = fact(tensor.type).bytes;
    for (const std::int64_t n : tensor.shape) {
      if (n < 0) throw ConfigError(fmt::format("tensor {} has the size {} in its shape", tensor.name, n));
      bytes *= static_cast<std::size_t>(n);
    }
    if (bytes != tensor.bytes.size()) {
      throw ConfigError(
          fmt::format("tensor {} has {} bytes, but its shape takes {}", tensor.name, tensor.bytes.size(), bytes));
    }
    if (header.contains(tensor.name)) throw ConfigError("the tensor name " + tensor.name + " is used twice");
    header[tensor.name] = {
        {"dtype", fact(tensor.type).name}, {"shape", tensor.shape}, {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  if (metadata.empty()) header.erase(kMetadata);
  std::string text;
  try {
    text = header.dump();
  } catch (const Json::exception& error) {  // what names and metadata need not be is UTF-8
    throw ConfigError(fmt::format("the header of {} cannot be written: {}", file.string(), error.what()));
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');

  const Descriptor out = open_file(file, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  const std::uint64_t length = text.size();
  write_all(out, as_text(std::as_bytes(std::span(&length, 1))), file);
  write_all(out, text, file);
  for (const TensorToWrite& tensor : tensors) write_all(out, as_text(tensor.bytes), file);
  if (::fsync(out.get()) != 0) throw IoError("cannot flush " + file.string(), errno);
}

void write_sealed_safetensors(const std::filesystem::path& file, std::span<const TensorToWrite> tensors,
                              const std::map<std::string, std::string>& metadata) {
  std::vector<const TensorToWrite*> by_name;
  for (const TensorToWrite& tensor : tensors) by_name.push_back(&tensor);
  std::ranges::sort(by_name, {}, &TensorToWrite::name);
  Seal seal(metadata);
  for (const TensorToWrite* tensor : by_name) seal.add(tensor->name, tensor->type, tensor->shape, tensor->bytes);
  std::map<std::string, std::string> sealed = metadata;
  sealed[kSeal] = seal.hex();
  write_safetensors(file, tensors, sealed);
}

std::int64_t SafetensorsFile::Tensor::elements() const {
  return static_cast<std::int64_t>(bytes.size() / fact(type).bytes);
}

std::vector<float> SafetensorsFile::Tensor::floats() const {
  if (type != ElementType::f32)
    throw DataError(fmt::format("expected a tensor of type F32, found {}", fact(type).name));
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& file) : path_(file), content_(read_file(file)) {
  const auto refuse = [&](const std::string& what) {
    throw DataError(fmt::format("{} is no safetensors file, or is damaged: {}.", file.string(), what));
  };
  std::uint64_t length = 0;
  if (content_.size() < sizeof length)
    refuse(fmt::format("it has {} bytes, fewer than the 8 of the header's length", content_.size()));
  std::memcpy(&length, content_.data(), sizeof length);
  if (length > content_.size() - sizeof length) {
    refuse(fmt::format("its header should have {} bytes, but the file has {} in all", length, content_.size()));
  }
  const std::span<const std::byte> data =
      std::as_bytes(std::span(content_)).subspan(sizeof length + static_cast<std::size_t>(length));
  const Json header = parse_json(std::string_view(content_).substr(sizeof length, static_cast<std::size_t>(length)),
                                 "the header of " + file.string());
  if (!header.is_object()) refuse("its header is not a JSON object");

  std::vector<std::pair<std::size_t, std::size_t>> pieces;
  for (const auto& [name, entry] : header.items()) {
    try {
      if (name == kMetadata) {
        metadata_ = entry.get<std::map<std::string, std::string>>();
        continue;
      }
      const std::string type = entry.at("dtype").get<std::string>();
      const auto* known =
          std::find_if(std::begin(kTypes), std::end(kTypes), [&](const TypeFact& f) { return type == f.name; });
      if (known == std::end(kTypes))
        refuse(fmt::format("tensor {} has the type {}, which is not read here", name, type));
      Tensor tensor{known->type, integers(entry.at("shape"), refuse), {}};
      std::uint64_t bytes = known->bytes;
      for (const std::int64_t n : tensor.shape) {
        if (n > 0 && bytes > content_.size() / static_cast<std::uint64_t>(n)) {
          refuse(fmt::format("tensor {} has a shape larger than the file", name));
        }
        bytes *= static_cast<std::uint64_t>(n);
      }
      const std::vector<std::int64_t> offsets = integers(entry.at("data_offsets"), refuse);
      if (offsets.size() != 2 || offsets[0] > offsets[1] || static_cast<std::uint64_t>(offsets[1]) > data.size() ||
          static_cast<std::uint64_t>(offsets[1] - offsets[0]) != bytes) {
        refuse(fmt::format("the bytes of tensor {} do not fit its shape or the file", name));
      }
      const auto begin = static_cast<std::size_t>(offsets[0]), stop = static_cast<std::size_t>(offsets[1]);
      tensor.bytes = data.subspan(begin, stop - begin);
      pieces.emplace_back(begin, stop);
      tensors_.emplace(name, std::move(tensor));
    } catch (const Json::exception& error) {
      refuse(fmt::format("the header's entry {} is malformed: {}", name, error.what()));
    }
  }
  std::sort(pieces.begin(), pieces.end());
  std::size_t end = 0;
  for (const auto& [begin, stop] : pieces) {
    if (begin != end) refuse("its tensors overlap or leave a hole");
    end = stop;
  }
  if (end != data.size()) refuse(fmt::format("{} bytes follow the last tensor", data.size() - end));
}

const SafetensorsFile::Tensor& SafetensorsFile::tensor(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found != tensors_.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [known, tensor] : tensors_) names.push_back(known);
  throw DataError(fmt::format("{} holds no tensor '{}'.{}", path_.string(), name, did_you_mean(name, names)));
}

void SafetensorsFile::check_seal() const {
  Seal seal(metadata_);
  for (const auto& [name, tensor] : tensors_) seal.add(name, tensor.type, tensor.shape, tensor.bytes);
  if (const std::string &written = meta(kSeal), found = seal.hex(); written != found) {
    throw DataError(fmt::format("{} is damaged: its content has the SHA-256 {}, what was written has {}.",
                                path_.string(), found, written));
  }
}

const std::string& SafetensorsFile::meta(const std::string& key) const {
  const auto found = metadata_.find(key);
  if (found == metadata_.end())
    throw DataError(fmt::format("{} says nothing of '{}' in its header.", path_.string(), key));
  return found->second;
}

}  // namespace moola::data
