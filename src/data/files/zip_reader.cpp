#include "data/files/zip_reader.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <memory>

#include "base/error.h"

namespace moola::data {
namespace {

constexpr std::uint64_t kEndBytes = 22, kEntryBytes = 46, kLocalBytes = 30;
// Deflate packs at most 1032 to 1; a member that claims more would only be there to fill the memory.
constexpr std::uint64_t kMostRatio = 1032;

// Little-endian numbers of an archive, every one of them checked against its end.
class Bytes {
 public:
  Bytes(std::span<const std::byte> bytes, const std::string& where) : bytes_(bytes), where_(where) {}

  std::uint64_t number(std::uint64_t at, std::uint64_t width) const {
    need(at, width);
    std::uint64_t value = 0;
    for (std::uint64_t i = 0; i < width; ++i) value |= std::to_integer<std::uint64_t>(bytes_[at + i]) << (8 * i);
    return value;
  }
  std::string text(std::uint64_t at, std::uint64_t width) const {
    need(at, width);
    return {reinterpret_cast<const char*>(bytes_.data()) + at, width};
  }
  std::span<const std::byte> piece(std::uint64_t at, std::uint64_t width) const {
    need(at, width);
    return bytes_.subspan(at, width);
  }
  std::uint64_t size() const { return bytes_.size(); }
  [[noreturn]] void damaged(const std::string& what) const {
    throw DataError(fmt::format("{} is a damaged zip archive (.npz): {}. Write or copy the file again.", where_, what));
  }

 private:
  void need(std::uint64_t at, std::uint64_t width) const {
    if (at > bytes_.size() || width > bytes_.size() - at) damaged(fmt::format("it ends before byte {}", at));
  }
  std::span<const std::byte> bytes_;
  const std::string& where_;
};

struct Directory {
  std::uint64_t entries, at;
};

Directory find_directory(const Bytes& bytes, const std::string& where) {
  if (bytes.size() < kEndBytes || bytes.number(0, 2) != 0x4b50) {
    throw DataError(fmt::format("{} is no .npz file: it does not begin like a zip archive.", where));
  }
  // The end record stands last, before a comment of at most 65,535 bytes.
  const std::uint64_t farthest = bytes.size() - std::min<std::uint64_t>(bytes.size(), kEndBytes + 65'535);
  for (std::uint64_t at = bytes.size() - kEndBytes + 1; at-- > farthest;) {
    if (bytes.number(at, 4) != 0x06054b50) continue;
    Directory directory{bytes.number(at + 10, 2), bytes.number(at + 16, 4)};
    if (at >= 20 && bytes.number(at - 20, 4) == 0x07064b50) {  // zip64
      const std::uint64_t end64 = bytes.number(at - 12, 8);
      if (bytes.number(end64, 4) != 0x06064b50) bytes.damaged("its zip64 end record is not where it should be");
      directory = {bytes.number(end64 + 32, 8), bytes.number(end64 + 48, 8)};
    }
    return directory;
  }
  bytes.damaged("its directory, which stands at the end, is missing: the file is cut short");
}

// Sizes that do not fit 32 bits stand in an extra field of id 1, in this order, each only if its place in the entry
// says so.
void read_zip64(const Bytes& bytes, std::uint64_t at, std::uint64_t end, ZipMember& member) {
  constexpr std::uint64_t kElsewhere = 0xffffffff;
  while (at + 4 <= end) {
    const std::uint64_t id = bytes.number(at, 2), width = bytes.number(at + 2, 2);
    if (id == 1) {
      std::uint64_t from = at + 4;
      for (std::uint64_t* value : {&member.bytes, &member.packed_bytes, &member.header_at}) {
        if (*value != kElsewhere) continue;
        if (from + 8 > at + 4 + width) bytes.damaged("a zip64 field is too short");
        *value = bytes.number(from, 8);
        from += 8;
      }
      return;
    }
    at += 4 + width;
  }
}

}  // namespace

std::vector<ZipMember> zip_members(std::span<const std::byte> archive, const std::string& where) {
  const Bytes bytes(archive, where);
  const Directory directory = find_directory(bytes, where);
  std::vector<ZipMember> members;
  std::uint64_t at = directory.at;
  for (std::uint64_t i = 0; i < directory.entries; ++i) {
    if (bytes.number(at, 4) != 0x02014b50) bytes.damaged(fmt::format("entry {} of its directory can't be read", i));
    ZipMember member;
    member.method = static_cast<std::uint16_t>(bytes.number(at + 10, 2));
    member.crc = static_cast<std::uint32_t>(bytes.number(at + 16, 4));
    member.packed_bytes = bytes.number(at + 20, 4);
    member.bytes = bytes.number(at + 24, 4);
    member.header_at = bytes.number(at + 42, 4);
    const std::uint64_t name = bytes.number(at + 28, 2), extra = bytes.number(at + 30, 2),
                        comment = bytes.number(at + 32, 2);
    member.name = bytes.text(at + kEntryBytes, name);
    if ((bytes.number(at + 8, 2) & 1) != 0) bytes.damaged("member " + member.name + " is encrypted");
    read_zip64(bytes, at + kEntryBytes + name, at + kEntryBytes + name + extra, member);
    members.push_back(std::move(member));
    at += kEntryBytes + name + extra + comment;
  }
  return members;
}

std::vector<std::byte> zip_extract(std::span<const std::byte> archive, const ZipMember& member,
                                   const std::string& where) {
  const Bytes bytes(archive, where);
  if (bytes.number(member.header_at, 4) != 0x04034b50)
    bytes.damaged("member " + member.name + " is not where the directory says");
  const std::uint64_t at =
      member.header_at + kLocalBytes + bytes.number(member.header_at + 26, 2) + bytes.number(member.header_at + 28, 2);
  const std::span<const std::byte> packed = bytes.piece(at, member.packed_bytes);
  std::vector<std::byte> content;
  if (member.method == 0) {
    if (member.bytes != member.packed_bytes)
      bytes.damaged("the sizes of member " + member.name + " contradict each other");
    content.assign(packed.begin(), packed.end());
  } else if (member.method == 8) {
    if (member.bytes / kMostRatio > member.packed_bytes)
      bytes.damaged("member " + member.name + " claims more than deflate can hold");
    content.resize(member.bytes);
    z_stream stream{};
    if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw DataError("zlib could not be started");
    const std::unique_ptr<z_stream, int (*)(z_stream*)> closing(&stream, &::inflateEnd);
    constexpr std::uint64_t kPiece = std::numeric_limits<uInt>::max() / 2;
    std::uint64_t in = 0, out = 0;
    int state = Z_OK;
    while (state == Z_OK) {
      const std::uint64_t give = std::min(kPiece, packed.size() - in), room = std::min(kPiece, content.size() - out);
      stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(packed.data() + in));
      stream.avail_in = static_cast<uInt>(give);
      // A byte of room more than is due shows a member that holds more than it claims.
      Bytef beyond = 0;
      stream.next_out = room == 0 ? &beyond : reinterpret_cast<Bytef*>(content.data() + out);
      stream.avail_out = room == 0 ? 1 : static_cast<uInt>(room);
      const uInt room_before = stream.avail_out;
      state = ::inflate(&stream, Z_NO_FLUSH);
      in += give - stream.avail_in;
      const uInt made = room_before - stream.avail_out;
      if (room == 0 && made != 0) bytes.damaged("member " + member.name + " holds more than it claims");
      if (state == Z_OK && made == 0 && give == stream.avail_in) break;
      out += made;
    }
    if (state != Z_STREAM_END || out != member.bytes) bytes.damaged("member " + member.name + " can't be unpacked");
  } else {
    bytes.damaged(
        fmt::format("member {} is packed by method {}; stored and deflated are known", member.name, member.method));
  }
  uLong crc = ::crc32(0, nullptr, 0);
  for (std::size_t done = 0; done < content.size();) {
    const std::size_t now = std::min<std::size_t>(content.size() - done, std::size_t{1} << 30);
    crc = ::crc32(crc, reinterpret_cast<const Bytef*>(content.data() + done), static_cast<uInt>(now));
    done += now;
  }
  if (crc != member.crc) bytes.damaged("the check sum of member " + member.name + " is not what it was");
  return content;
}

}  // namespace moola::data
