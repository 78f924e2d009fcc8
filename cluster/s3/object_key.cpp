#include "cluster/s3/object_key.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/error.h"

namespace moola::cluster::s3 {
namespace {

bool plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

std::string encoded_but(std::string_view text, char left_alone) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (plain(c) || c == left_alone)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::optional<int> digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

// How many bytes the character at the beginning has; 0: it is no UTF-8.
std::size_t character_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xC2 && first <= 0xDF   ? 2
                           : (first & 0xF0) == 0xE0         ? 3
                           : first >= 0xF0 && first <= 0xF4 ? 4
                                                            : 0;
  if (size == 0 || text.size() < size) return 0;
  std::uint32_t code = first & (0x7Fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3Fu);
  }
  const bool too_long = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  const bool no_character = (code >= 0xD800 && code <= 0xDFFF) || code > 0x10FFFF;
  return too_long || no_character ? 0 : size;
}

std::string fault_of(std::string_view key) {
  if (key.empty()) return "it is empty";
  if (key.size() > 1024) return fmt::format("it has {} bytes, and S3 takes 1024", key.size());
  if (key.find('\0') != std::string_view::npos) return "it holds a zero byte";
  for (std::string_view rest = key; !rest.empty();) {
    const std::size_t size = character_bytes(rest);
    if (size == 0) return "it is no UTF-8, and S3 takes nothing else";
    rest.remove_prefix(size);
  }
  for (std::size_t begin = 0; begin <= key.size();) {
    const std::size_t end = std::min(key.find('/', begin), key.size());
    const std::string_view part = key.substr(begin, end - begin);
    if (part.empty()) return "it has an empty part: a '/' at its beginning or end, or two in a row";
    if (part == "." || part == "..") return fmt::format("it has the part '{}'", part);
    if (part.size() > 255) return "it has a part of more than 255 bytes, and a volume is a file system";
    begin = end + 1;
  }
  return {};
}

}  // namespace

std::string encoded(std::string_view text) {
  return encoded_but(text, '~');
}

std::string encoded_path(std::string_view key) {
  return encoded_but(key, '/');
}

std::string decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto high = i + 2 < text.size() ? digit(text[i + 1]) : std::nullopt;
    const auto low = i + 2 < text.size() ? digit(text[i + 2]) : std::nullopt;
    if (text[i] == '%' && high && low) {
      out += static_cast<char>(*high * 16 + *low);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

void check_key(std::string_view key, bool folder_too) {
  std::string_view name = key;
  if (folder_too && name.empty()) return;
  if (folder_too && name.size() > 1 && name.back() == '/') name.remove_suffix(1);
  const std::string fault = fault_of(name);
  if (fault.empty()) return;
  std::string shown(key.substr(0, 300));
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, '?');
  throw ConfigError(fmt::format("'{}' is no path on a volume: {}.", shown, fault));
}

std::string folder_key(std::string name) {
  if (!name.empty() && name.back() != '/') name += '/';
  check_key(name, true);
  return name;
}

bool is_hidden(std::string_view key) {
  return key.starts_with(".s3compat_uploads/");
}

}  // namespace moola::cluster::s3
