#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "data/store/hdf5.h"

namespace moola::data {

/// `content_sha256`: what a data set is, whatever file it stands in. docs/formats.md defines the bytes and has the
/// Python for them.
///
/// First every data set in the order of their names: begin_dataset, then its bytes in any number of pieces; then every
/// semantic attribute in the order of their names. Another order is a programming error (std::logic_error).
class ContentHash {
 public:
  void begin_dataset(const std::string& name, hdf5::Type type, const hdf5::Shape& shape);
  void bytes(std::span<const std::byte> row_major);
  void attribute(const std::string& name, const hdf5::Attribute& value);
  std::string hex();

 private:
  void in_order(const std::string& name, bool attribute);
  Sha256 hash_;
  std::string last_;
  bool attributes_ = false;
  std::uint64_t bytes_due_ = 0;
};

/// Whether a root attribute is part of the content: all but those that describe or protect the file.
bool is_semantic(const std::string& attribute);

/// Adds the semantic attributes of a file.
void add_attributes(ContentHash& hash, const hdf5::File& file);

/// The hash of a whole file, read through HDF5 (which checks every chunk's checksum on the way). Cost: one pass, about
/// 8 MB of memory. Throws DataError naming file and data set.
std::string content_sha256(const hdf5::File& file);

}  // namespace moola::data
