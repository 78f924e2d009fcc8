#pragma once
#include <cstddef>
#include <filesystem>
#include <span>

namespace moola::data {

/// A whole file as read-only memory, read by the system as it is touched.
class MappedFile {
 public:
  /// Throws IoError when it can't be opened or is no regular file.
  explicit MappedFile(const std::filesystem::path& file);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {static_cast<const std::byte*>(at_), size_}; }

 private:
  void* at_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace moola::data
