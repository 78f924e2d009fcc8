#include "data/files/tar_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/error.h"

namespace moola::data {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::uint64_t kLargestMember = std::uint64_t{4} << 30;

// A number field: octal digits, or, with the first bit set, a big-endian number (GNU, for large files).
std::optional<std::uint64_t> number(std::string_view field) {
  if (!field.empty() && (static_cast<unsigned char>(field[0]) & 0x80U) != 0) {
    std::uint64_t value = static_cast<unsigned char>(field[0]) & 0x7fU;
    for (const char byte : field.substr(1)) {
      if (value >> 56 != 0) return std::nullopt;
      value = value << 8 | static_cast<unsigned char>(byte);
    }
    return value;
  }
  field.remove_prefix(std::min(field.find_first_not_of(' '), field.size()));
  field = field.substr(0, field.find_first_of(std::string_view(" \0", 2)));
  std::uint64_t value = 0;
  if (field.empty()) return value;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value, 8);
  if (error != std::errc() || end != field.data() + field.size()) return std::nullopt;
  return value;
}

std::string text(std::string_view field) {
  return std::string(field.substr(0, field.find('\0')));
}

bool checksum_holds(std::string_view header) {
  const auto written = number(header.substr(148, 8));
  std::uint64_t sum = std::uint64_t{8} * ' ';  // the checksum's own field counts as blanks
  for (std::size_t i = 0; i < kBlock; ++i) sum += i >= 148 && i < 156 ? 0 : static_cast<unsigned char>(header[i]);
  return written && *written == sum;
}

// "27 path=data/a long name.csv\n", where 27 counts the whole record.
std::optional<std::string> pax_path(std::string_view records) {
  std::optional<std::string> path;
  while (!records.empty()) {
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(records.data(), records.data() + records.size(), length);
    if (error != std::errc() || length == 0 || length > records.size()) return path;
    const std::string_view record = records.substr(0, length);
    const std::string_view entry = record.substr(static_cast<std::size_t>(end - records.data()));
    if (entry.starts_with(" path=") && entry.ends_with('\n')) path = std::string(entry.substr(6, entry.size() - 7));
    records.remove_prefix(length);
  }
  return path;
}

class Blocks {
 public:
  Blocks(ByteSource& source, const std::string& archive) : source_(source), archive_(archive) {}

  /// Exactly `count` bytes; fewer only when nothing is left at all and `may_end`.
  std::string take(std::uint64_t count, bool may_end = false) {
    std::string bytes;
    while (bytes.size() < count) {
      const std::size_t have = bytes.size();
      // In steps, so that a damaged size field does not ask for gigabytes that the archive does not have.
      bytes.resize(have + static_cast<std::size_t>(std::min<std::uint64_t>(count - have, 8 << 20)));
      const std::size_t n = source_.read(std::span(bytes).subspan(have));
      bytes.resize(have + n);
      if (n > 0) continue;
      if (may_end && bytes.empty()) break;
      throw DataError(
          fmt::format("the tar archive {} ends in the middle of a file. It was cut short; fetch it again.", archive_));
    }
    return bytes;
  }

 private:
  ByteSource& source_;
  const std::string& archive_;
};

}  // namespace

bool is_tar(std::string_view first_block) {
  return first_block.size() >= kBlock && first_block[0] != '\0' && checksum_holds(first_block.substr(0, kBlock));
}

void read_tar(ByteSource& source, const std::string& archive,
              const std::function<void(const std::string& name, std::string content)>& visit) {
  Blocks blocks(source, archive);
  std::optional<std::string> long_name;
  while (true) {
    const std::string header = blocks.take(kBlock, true);
    if (header.empty() || std::all_of(header.begin(), header.end(), [](char c) { return c == '\0'; })) break;
    const auto size = number(std::string_view(header).substr(124, 12));
    if (!checksum_holds(header) || !size) {
      throw DataError(fmt::format("the tar archive {} holds a damaged header. Fetch it again.", archive));
    }
    if (*size > kLargestMember) {
      throw DataError(fmt::format(
          "the tar archive {} holds a file of {} bytes; more than 4 GiB is not read from an archive. Unpack it first.",
          archive, *size));
    }
    std::string content = blocks.take(*size);
    blocks.take((kBlock - *size % kBlock) % kBlock);

    const char type = header[156];
    if (type == 'L') {
      long_name = text(content);
    } else if (type == 'x') {
      if (auto path = pax_path(content)) long_name = std::move(path);
    } else {
      std::string name = text(std::string_view(header).substr(0, 100));
      const std::string prefix =
          header.compare(257, 6, std::string("ustar\0", 6)) == 0 ? text(std::string_view(header).substr(345, 155)) : "";
      if (!prefix.empty()) name = fmt::format("{}/{}", prefix, name);
      if (type == '0' || type == '\0') visit(long_name.value_or(name), std::move(content));
      long_name.reset();
    }
  }
  std::array<char, 1 << 16> rest;  // so that a compressed archive is checked, and hashed, to its end
  while (source.read(rest) > 0) continue;
}

}  // namespace moola::data
