#include "cluster/s3/digests.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "base/error.h"
#include "base/sha256.h"

namespace moola::cluster::s3 {
namespace {

constexpr std::uint64_t kMostParts = 10'000;

class Md5 {
 public:
  Md5() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_md5(), nullptr) != 1) throw IoError("OpenSSL refused MD5");
  }
  void update(std::string_view bytes) {
    if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1) throw IoError("OpenSSL refused MD5");
  }
  std::string bytes() {
    std::string out(16, '\0');
    if (EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(out.data()), nullptr) != 1)
      throw IoError("OpenSSL refused MD5");
    return out;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

std::string bytes_of_hex(std::string_view digits) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : (c | 32) - 'a' + 10; };
  std::string out;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    out += static_cast<char>(value(digits[i]) * 16 + value(digits[i + 1]));
  return out;
}

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

Digests digests_of(std::string_view bytes) {
  Md5 md5;
  md5.update(bytes);
  return {sha256_hex(bytes), hex(md5.bytes())};
}

FileToSend::FileToSend(const std::filesystem::path& file)
    : path_(file), descriptor_(::open(file.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (descriptor_ < 0) throw IoError("cannot read " + file.string(), errno);
  struct stat facts = {};
  const bool known = ::fstat(descriptor_, &facts) == 0;
  const int error = known && !S_ISREG(facts.st_mode) ? (S_ISDIR(facts.st_mode) ? EISDIR : EINVAL) : errno;
  if (!known || !S_ISREG(facts.st_mode)) {
    ::close(descriptor_);
    throw IoError("cannot read " + file.string() + " as a file", error);
  }
  bytes_ = static_cast<std::uint64_t>(facts.st_size);
  written_ = nanoseconds(facts.st_mtim);
}

void FileToSend::demand_unchanged() const {
  struct stat facts = {};
  if (::fstat(descriptor_, &facts) != 0) throw IoError("cannot look at " + path_.string(), errno);
  if (static_cast<std::uint64_t>(facts.st_size) != bytes_ || nanoseconds(facts.st_mtim) != written_) {
    throw IoError(
        fmt::format("{} has changed while it was sent; send it again when nothing writes to it.", path_.string()));
  }
}

FileToSend::~FileToSend() {
  ::close(descriptor_);
}

std::size_t FileToSend::read(std::uint64_t offset, std::span<char> room) const {
  for (;;) {
    const ssize_t got = ::pread(descriptor_, room.data(), room.size(), static_cast<off_t>(offset));
    if (got > 0) return static_cast<std::size_t>(got);
    if (got == 0) {
      throw IoError(fmt::format("{} has become shorter while it was sent; send it again when nothing writes to it.",
                                path_.string()));
    }
    if (errno != EINTR) throw IoError("cannot read " + path_.string(), errno);
  }
}

Digests FileToSend::digests(std::uint64_t begin, std::uint64_t size) const {
  Sha256 sha256;
  Md5 md5;
  std::vector<char> room(std::size_t{1} << 20);
  for (std::uint64_t done = 0; done < size;) {
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(room.size(), size - done));
    const std::string_view bytes(room.data(), read(begin + done, std::span(room).first(wanted)));
    sha256.update(bytes);
    md5.update(bytes);
    done += bytes.size();
  }
  return {sha256.hex(), hex(md5.bytes())};
}

HttpSource FileToSend::source(std::uint64_t begin, std::uint64_t size) const {
  return {size, [this, begin](std::uint64_t offset, std::span<char> room) { return read(begin + offset, room); }};
}

PartPlan part_plan(std::uint64_t bytes, std::uint64_t wanted) {
  constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
  const std::uint64_t least = (bytes + kMostParts - 1) / kMostParts;
  return {bytes, least <= wanted ? wanted : (least + kMiB - 1) / kMiB * kMiB};
}

bool is_md5(std::string_view etag) {
  return etag.size() == 32 && std::all_of(etag.begin(), etag.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

SameContent compare_etag(const FileToSend& file, const PartPlan& plan, std::string_view etag) {
  std::string lower(etag);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return c >= 'A' && c <= 'F' ? c + 32 : c; });
  const std::size_t dash = lower.find('-');
  if (!is_md5(std::string_view(lower).substr(0, dash))) return SameContent::unknown;
  if (dash == std::string::npos) return file.digests(0, file.bytes()).md5 == lower ? SameContent::yes : SameContent::no;
  const std::string parts = fmt::format("-{}", plan.count());
  if (lower.substr(dash) != parts) return SameContent::unknown;
  std::string together;
  for (std::size_t part = 0; part < plan.count(); ++part)
    together += bytes_of_hex(file.digests(plan.begin(part), plan.size(part)).md5);
  return digests_of(together).md5 + parts == lower ? SameContent::yes : SameContent::no;
}

}  // namespace moola::cluster::s3
