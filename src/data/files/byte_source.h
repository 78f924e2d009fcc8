#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/sha256.h"

namespace moola::data {

/// Bytes that arrive in order.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Fills part of `out`, at least one byte; 0 at the end. Throws IoError, DataError (damaged, cut short).
  virtual std::size_t read(std::span<char> out) = 0;
};

/// A text in memory.
class MemorySource : public ByteSource {
 public:
  explicit MemorySource(std::string_view bytes) : rest_(bytes) {}
  std::size_t read(std::span<char> out) override;

 private:
  std::string_view rest_;
};

/// A file by its content: what is compressed (gzip, xz, Zstandard: known by the first bytes, whatever the name) is
/// unpacked as it is read. Memory: the decoder's window and a buffer of 1 MiB.
class InputFile : public ByteSource {
 public:
  /// Throws ConfigError when there is no such file or it is a folder, IoError when it can't be read, DataError when it
  /// is packed in a way that isn't understood (zip, bzip2, 7z, rar): what to do is said.
  explicit InputFile(const std::filesystem::path& path);
  ~InputFile() override;

  std::size_t read(std::span<char> out) override;
  /// The next bytes without taking them: `count`, or fewer at the end. Invalid after the next read.
  std::string_view peek(std::size_t count);

  const std::filesystem::path& path() const { return path_; }
  /// "gzip", "xz", "zstd" or "none".
  std::string_view compression() const { return compression_; }
  /// Bytes taken from the file so far, packed.
  std::uint64_t packed_bytes() const;
  /// SHA-256 of the whole file as it lies on disk. What has not been read yet is read now.
  std::string sha256();

 private:
  class Raw;
  std::filesystem::path path_;
  std::string_view compression_;
  std::unique_ptr<Raw> raw_;
  std::unique_ptr<ByteSource> unpacked_;
  std::string ahead_;
  std::size_t ahead_used_ = 0;
};

}  // namespace moola::data
