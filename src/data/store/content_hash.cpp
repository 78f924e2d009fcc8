#include "data/store/content_hash.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace moola::data {
namespace {

constexpr std::size_t kPieceBytes = 4 << 20;

template <class T>
std::span<const std::byte> raw(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

struct AttributeBytes {
  Sha256& hash;
  const std::string& name;

  void head(std::string_view type, std::string_view shape) const {
    hash.update(fmt::format("attribute {} {} {}\n", name, type, shape));
  }
  // The length goes before the text, so that no two lists give the same bytes.
  void text(const std::string& value) const { hash.update(fmt::format("{}\n", value.size())).update(value); }

  void operator()(const std::string& value) const {
    head("text", "");
    text(value);
  }
  void operator()(const std::vector<std::string>& list) const {
    head("text", std::to_string(list.size()));
    for (const std::string& value : list) text(value);
  }
  void operator()(std::int64_t value) const {
    head("<i8", "");
    hash.update(raw(value));
  }
  void operator()(double value) const {
    head("<f8", "");
    hash.update(raw(value));
  }
  void operator()(const std::vector<std::int64_t>& list) const {
    head("<i8", std::to_string(list.size()));
    hash.update(std::as_bytes(std::span(list)));
  }
  void operator()(const std::vector<double>& list) const {
    head("<f8", std::to_string(list.size()));
    hash.update(std::as_bytes(std::span(list)));
  }
};

}  // namespace

void ContentHash::in_order(const std::string& name, bool attribute) {
  const bool first = last_.empty() || attribute != attributes_;
  if (bytes_due_ != 0 || attributes_ > attribute || (!first && name <= last_)) {
    throw std::logic_error("content hash: '" + name + "' comes out of order or before all bytes of '" + last_ + "'");
  }
  attributes_ = attribute;
  last_ = name;
}

void ContentHash::begin_dataset(const std::string& name, hdf5::Type type, const hdf5::Shape& shape) {
  in_order(name, false);
  bytes_due_ = hdf5::element_count(shape) * hdf5::size_of(type);
  hash_.update(fmt::format("dataset {} {} {}\n", name, hdf5::numpy_name(type), fmt::join(shape, ",")));
}

void ContentHash::bytes(std::span<const std::byte> row_major) {
  if (row_major.size() > bytes_due_) throw std::logic_error("content hash: too many bytes for '" + last_ + "'");
  bytes_due_ -= row_major.size();
  hash_.update(row_major);
}

void ContentHash::attribute(const std::string& name, const hdf5::Attribute& value) {
  in_order(name, true);
  std::visit(AttributeBytes{hash_, name}, value);
}

std::string ContentHash::hex() {
  if (bytes_due_ != 0) throw std::logic_error("content hash: bytes of '" + last_ + "' are missing");
  return hash_.hex();
}

bool is_semantic(const std::string& attribute) {
  static constexpr std::array kAboutTheFile{"content_sha256", "manifest", "manifest_sha256", "text_heaps"};
  return std::find(kAboutTheFile.begin(), kAboutTheFile.end(), attribute) == kAboutTheFile.end();
}

void add_attributes(ContentHash& hash, const hdf5::File& file) {
  for (const std::string& name : file.attribute_names()) {
    if (is_semantic(name)) hash.attribute(name, *file.attribute(name));
  }
}

std::string content_sha256(const hdf5::File& file) {
  ContentHash hash;
  std::vector<std::byte> piece;
  for (const std::string& name : file.dataset_names()) {
    const hdf5::Dataset dataset = file.dataset(name);
    hash.begin_dataset(name, dataset.type(), dataset.shape());
    const std::uint64_t row_bytes = dataset.row_elements() * hdf5::size_of(dataset.type());
    if (row_bytes == 0) continue;
    // Whole chunks, so that none is read and decompressed twice.
    const std::uint64_t chunk_rows = std::max<std::uint64_t>(1, dataset.chunk().front());
    const std::uint64_t step = std::max<std::uint64_t>(1, kPieceBytes / row_bytes / chunk_rows) * chunk_rows;
    for (std::uint64_t row = 0; row < dataset.rows(); row += step) {
      const std::uint64_t count = std::min(step, dataset.rows() - row);
      piece.resize(count * row_bytes);
      dataset.read_row_bytes(row, count, piece);
      hash.bytes(piece);
    }
  }
  add_attributes(hash, file);
  return hash.hex();
}

}  // namespace moola::data
