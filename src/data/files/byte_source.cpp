#include "data/files/byte_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/descriptor.h"
#include "base/error.h"
#include "data/files/decompress.h"

namespace moola::data {
namespace {

using namespace std::string_view_literals;

struct Packing {
  std::string_view magic, name;
};
constexpr std::array kUnderstood{Packing{"\x1f\x8b"sv, "gzip"}, Packing{"\xfd\x37zXZ\0"sv, "xz"},
                                 Packing{"\x28\xb5\x2f\xfd"sv, "zstd"}};
constexpr std::array kForeign{Packing{"PK\x03\x04"sv, "a zip archive"},
                              Packing{"BZh"sv, "bzip2"},
                              Packing{"7z\xbc\xaf\x27\x1c"sv, "a 7-Zip archive"},
                              Packing{"Rar!"sv, "a RAR archive"},
                              Packing{"\x89HDF\r\n\x1a\n"sv, "an HDF5 file"},
                              Packing{"\xd0\xcf\x11\xe0"sv, "an old Excel file"},
                              Packing{"%PDF"sv, "a PDF"}};

}  // namespace

std::size_t MemorySource::read(std::span<char> out) {
  const std::size_t n = std::min(out.size(), rest_.size());
  std::memcpy(out.data(), rest_.data(), n);
  rest_.remove_prefix(n);
  return n;
}

/// The file as it lies on disk, hashed as it goes by.
class InputFile::Raw : public ByteSource {
 public:
  explicit Raw(const std::filesystem::path& path) : path_(path), in_(path, O_RDONLY) {
    if (!in_.is_open()) {
      if (errno == ENOENT || errno == ENOTDIR) throw ConfigError("there is no file " + path.string() + ".");
      throw IoError("cannot open " + path.string(), errno);
    }
    struct stat status {};
    if (::fstat(in_.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
      const bool folder = S_ISDIR(status.st_mode);
      throw ConfigError(
          folder ? fmt::format("{} is a folder. Name the files in it, such as {}/*.csv.", path.string(), path.string())
                 : fmt::format("{} is no regular file. It may have to be read twice; store it on disk first.",
                               path.string()));
    }
    ::posix_fadvise(in_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  }

  std::size_t read(std::span<char> out) override {
    while (true) {
      const ssize_t n = ::read(in_.get(), out.data(), out.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) throw IoError("cannot read " + path_.string(), errno);
      hash_.update(std::as_bytes(out.first(static_cast<std::size_t>(n))));
      bytes_ += static_cast<std::uint64_t>(n);
      return static_cast<std::size_t>(n);
    }
  }
  std::string_view first_bytes() {
    std::array<char, 16> bytes{};
    const ssize_t n = ::pread(in_.get(), bytes.data(), bytes.size(), 0);
    if (n < 0) throw IoError("cannot read " + path_.string(), errno);
    first_.assign(bytes.data(), static_cast<std::size_t>(n));
    return first_;
  }
  std::uint64_t bytes() const { return bytes_; }
  std::string sha256() {
    std::array<char, 1 << 16> rest;
    while (read(rest) > 0) continue;
    return hash_.hex();
  }

 private:
  std::filesystem::path path_;
  Descriptor in_;
  Sha256 hash_;
  std::uint64_t bytes_ = 0;
  std::string first_;
};

InputFile::InputFile(const std::filesystem::path& path)
    : path_(path), compression_("none"), raw_(std::make_unique<Raw>(path)) {
  const std::string_view first = raw_->first_bytes();
  for (const Packing& packing : kForeign) {
    if (first.starts_with(packing.magic)) {
      throw DataError(
          fmt::format("{} is {}. Expected CSV (plain, gzip, xz or Zstandard), a tar archive of CSV files, or Parquet; "
                      "unpack or convert it first.",
                      path.string(), packing.name));
    }
  }
  for (const Packing& packing : kUnderstood) {
    if (first.starts_with(packing.magic)) compression_ = packing.name;
  }
  if (compression_ != "none") unpacked_ = decompress(*raw_, compression_, path.string());
}

InputFile::~InputFile() = default;

std::size_t InputFile::read(std::span<char> out) {
  if (ahead_used_ < ahead_.size()) {
    const std::size_t n = std::min(out.size(), ahead_.size() - ahead_used_);
    std::memcpy(out.data(), ahead_.data() + ahead_used_, n);
    ahead_used_ += n;
    return n;
  }
  return unpacked_ ? unpacked_->read(out) : raw_->read(out);
}

std::string_view InputFile::peek(std::size_t count) {
  ahead_.erase(0, ahead_used_);
  ahead_used_ = 0;
  while (ahead_.size() < count) {
    const std::size_t have = ahead_.size();
    ahead_.resize(count);
    const std::span<char> room(ahead_.data() + have, count - have);
    const std::size_t n = unpacked_ ? unpacked_->read(room) : raw_->read(room);
    ahead_.resize(have + n);
    if (n == 0) break;
  }
  return std::string_view(ahead_).substr(0, count);
}

std::uint64_t InputFile::packed_bytes() const {
  return raw_->bytes();
}
std::string InputFile::sha256() {
  return raw_->sha256();
}

}  // namespace moola::data
