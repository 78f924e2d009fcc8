#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/http/http_connection.h"

namespace moola::cluster::s3 {

/// Both hashes of some bytes, as lower-case hexadecimal digits: SHA-256 is what a request is signed with, MD5 what S3
/// says of stored bytes.
struct Digests {
  std::string sha256, md5;
};
Digests digests_of(std::string_view bytes);

/// A file that is open to be sent, in parts and by several threads at once.
class FileToSend {
 public:
  /// Throws IoError.
  explicit FileToSend(const std::filesystem::path& file);
  ~FileToSend();
  FileToSend(const FileToSend&) = delete;
  FileToSend& operator=(const FileToSend&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::uint64_t bytes() const { return bytes_; }  // when it was opened

  /// Of the bytes [begin, begin + size). Throws IoError, also when the file has become shorter.
  Digests digests(std::uint64_t begin, std::uint64_t size) const;
  /// Throws IoError when somebody has written to the file since it was opened.
  void demand_unchanged() const;
  /// The same bytes as a request's body.
  HttpSource source(std::uint64_t begin, std::uint64_t size) const;

 private:
  std::filesystem::path path_;
  int descriptor_;
  std::uint64_t bytes_ = 0;
  std::int64_t written_ = 0;  // nanoseconds

  std::size_t read(std::uint64_t offset, std::span<char> room) const;
};

/// How a file is cut into parts.
struct PartPlan {
  std::uint64_t bytes = 0, part_bytes = 1;
  std::size_t count() const { return static_cast<std::size_t>((bytes + part_bytes - 1) / part_bytes); }
  std::uint64_t begin(std::size_t part) const { return part * part_bytes; }
  std::uint64_t size(std::size_t part) const { return std::min(part_bytes, bytes - begin(part)); }
};

/// Parts of `wanted` bytes, or of more where S3's most, 10,000 parts, would not do: the same size every time, so that
/// an upload that broke off can go on.
PartPlan part_plan(std::uint64_t bytes, std::uint64_t wanted);

/// What an ETag says about the content of an object of the file's size.
enum class SameContent { yes, no, unknown };

/// An ETag is the MD5 of an object's bytes, or, of one that was uploaded in N parts, the MD5 of the parts' MD5s with
/// "-N" behind it. So it is compared with the MD5 of the file, or of the parts of `plan` where it has as many; anything
/// else is no statement. Reads the file. Throws IoError.
SameContent compare_etag(const FileToSend& file, const PartPlan& plan, std::string_view etag);

/// Whether it has the form of an MD5.
bool is_md5(std::string_view etag);

}  // namespace moola::cluster::s3
