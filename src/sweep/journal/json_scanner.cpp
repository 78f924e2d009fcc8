#include "sweep/journal/json_scanner.h"

#include <fmt/format.h>

#include <bit>
#include <bitset>
#include <charconv>
#include <cstring>
#include <limits>

namespace moola::sweep {
namespace {

constexpr std::size_t kDeepest = 200;
constexpr std::uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;

// The highest bit of every byte that is zero; above the first such byte there may be false ones.
std::uint64_t zeros(std::uint64_t bytes) {
  return (bytes - kOnes) & ~bytes & kHighs;
}

// Of eight bytes of a string, where the first stands that is not plain: a quote, a backslash, a control character or
// part of a letter beyond ASCII. 8 when there is none.
unsigned first_special(const char* at) {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t bytes;
  std::memcpy(&bytes, at, sizeof bytes);
  const std::uint64_t control = (bytes - kOnes * 0x20) & ~bytes & kHighs;
  const std::uint64_t special =
      zeros(bytes ^ (kOnes * '"')) | zeros(bytes ^ (kOnes * '\\')) | control | (bytes & kHighs);
  return static_cast<unsigned>(std::countr_zero(special)) / 8;
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The letter at the front of `text` and its length in bytes; length 0 when it is no UTF-8.
struct Letter {
  std::uint32_t code = 0;
  std::size_t size = 0;
};

Letter first_letter(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return {};
  std::uint32_t code = first & (0x7fU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3f);
  }
  static constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[size] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return {};
  return {code, size};
}

void append_letter(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      put(0xe0 | code >> 12);
    } else {
      put(0xf0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3f));
    }
    put(0x80 | (code >> 6 & 0x3f));
  }
  put(0x80 | (code & 0x3f));
}

// The four digits behind \u at `at`, which a scanner has checked.
std::uint32_t code_unit(std::string_view text, std::size_t at) {
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < 4; ++i) out = out << 4 | static_cast<std::uint32_t>(hex_digit(text[at + i]));
  return out;
}

void append_unit(std::string& out, std::uint32_t unit) {
  fmt::format_to(std::back_inserter(out), "\\u{:04x}", unit);
}

void append_escaped(std::string& out, std::uint32_t code) {
  if (code < 0x10000) return append_unit(out, code);
  append_unit(out, 0xd800 + ((code - 0x10000) >> 10));
  append_unit(out, 0xdc00 + ((code - 0x10000) & 0x3ff));
}

}  // namespace

std::string RawText::text() const {
  if (plain) return std::string(raw);
  std::string out;
  for (std::size_t i = 0; i < raw.size();) {
    if (raw[i] != '\\') {
      out += raw[i++];
      continue;
    }
    const char kind = raw[i + 1];
    i += 2;
    if (kind != 'u') {
      static constexpr std::string_view kFrom = "bfnrt", kTo = "\b\f\n\r\t";
      const std::size_t which = kFrom.find(kind);
      out += which == std::string_view::npos ? kind : kTo[which];
      continue;
    }
    std::uint32_t code = code_unit(raw, i);
    i += 4;
    if (code >= 0xd800 && code < 0xdc00 && raw.substr(i, 2) == "\\u") {
      const std::uint32_t low = code_unit(raw, i + 2);
      if (low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        i += 6;
      }
    }
    append_letter(out, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
  }
  return out;
}

void JsonScanner::fail(std::string_view expected) const {
  if (at_ == end_) throw BadRecord(fmt::format("it ends where {} should be", expected));
  const auto byte = static_cast<unsigned char>(*at_);
  const std::string found =
      byte >= 0x20 && byte < 0x7f ? fmt::format("'{}'", *at_) : fmt::format("the byte {:#04x}", byte);
  throw BadRecord(fmt::format("{} stands at byte {}, where {} should be", found, position() + 1, expected));
}

char JsonScanner::next() {
  while (at_ != end_ && is_space(*at_)) ++at_;
  return at_ == end_ ? '\0' : *at_;
}

bool JsonScanner::take(char character) {
  if (next() != character || at_ == end_) return false;
  ++at_;
  return true;
}

void JsonScanner::expect(char character) {
  if (take(character)) return;
  const char text[] = {'\'', character, '\''};
  fail({text, 3});
}

void JsonScanner::take_escape() {
  ++at_;
  if (at_ == end_) fail("the rest of an escape");
  if (std::string_view("\"\\/bfnrt").find(*at_) != std::string_view::npos) {
    ++at_;
    return;
  }
  if (*at_ != 'u') fail("one of JSON's escapes");
  ++at_;
  for (int i = 0; i < 4; ++i, ++at_)
    if (at_ == end_ || hex_digit(*at_) < 0) fail("a hexadecimal digit");
}

void JsonScanner::take_letter() {
  const Letter letter = first_letter({at_, static_cast<std::size_t>(end_ - at_)});
  if (letter.size == 0) fail("a letter in UTF-8");
  at_ += letter.size;
}

RawText JsonScanner::string() {
  if (!take('"')) fail("a text in quotes");
  const char* begin = at_;
  RawText out;
  for (;;) {
    while (end_ - at_ >= 8) {
      const unsigned plain = first_special(at_);
      at_ += plain;
      if (plain < 8) break;
    }
    if (at_ == end_) fail("the text's closing quote");
    const auto byte = static_cast<unsigned char>(*at_);
    if (byte == '"') break;
    if (byte == '\\') {
      out.plain = false;
      take_escape();
    } else if (byte >= 0x80) {
      take_letter();
    } else if (byte < 0x20) {
      fail("no control character");
    } else {
      ++at_;
    }
  }
  out.raw = {begin, static_cast<std::size_t>(at_ - begin)};
  ++at_;
  return out;
}

bool JsonScanner::take_string(const RawText& likely) {
  const std::size_t size = likely.raw.size();
  // What `likely` holds is whole, escapes and letters, so a quote behind the same bytes ends this string too.
  if (next() != '"' || static_cast<std::size_t>(end_ - at_) < size + 2 || at_[size + 1] != '"') return false;
  if (std::string_view(at_ + 1, size) != likely.raw) return false;
  at_ += size + 2;
  return true;
}

std::size_t JsonScanner::take_digits() {
  const char* begin = at_;
  while (at_ != end_ && is_digit(*at_)) ++at_;
  return static_cast<std::size_t>(at_ - begin);
}

bool JsonScanner::take_word(std::string_view word) {
  if (static_cast<std::size_t>(end_ - at_) < word.size() || std::string_view(at_, word.size()) != word) return false;
  at_ += word.size();
  return true;
}

JsonNumber JsonScanner::number() {
  next();
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const char* begin = at_;
  const bool negative = at_ != end_ && *at_ == '-';
  if (negative) ++at_;
  if (at_ == end_ || !is_digit(*at_)) {
    if (!negative && take_word("NaN")) return {.value = std::numeric_limits<double>::quiet_NaN()};
    if (take_word("Infinity")) return {.value = negative ? -infinity : infinity};
    fail("a number");
  }
  JsonNumber out{.is_integer = true};
  const char* digits = at_;
  const bool zero = *at_ == '0';
  if (zero ? take_digits() > 1 : take_digits() == 0) fail("a number without leading zeros");
  std::uint64_t whole = 0;
  if (at_ - digits <= 18) {
    for (const char* digit = digits; digit != at_; ++digit)
      whole = whole * 10 + static_cast<std::uint64_t>(*digit - '0');
  } else {
    out.is_integer = false;
  }
  if (at_ != end_ && *at_ == '.') {
    ++at_;
    if (take_digits() == 0) fail("a digit behind the point");
    out.is_integer = false;
  }
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    if (take_digits() == 0) fail("a digit of the exponent");
    out.is_integer = false;
  }
  if (out.is_integer) {
    out.integer = negative ? -static_cast<std::int64_t>(whole) : static_cast<std::int64_t>(whole);
    out.value = negative ? -static_cast<double>(whole) : static_cast<double>(whole);
    return out;
  }
  const auto [end, wrong] = std::from_chars(begin, at_, out.value);
  // Beyond a double's range: 0 or infinite, as strtod has it.
  if (wrong == std::errc::result_out_of_range) out.value = std::strtod(std::string(begin, at_).c_str(), nullptr);
  return out;
}

bool JsonScanner::take_null() {
  next();
  return take_word("null");
}

void JsonScanner::take_scalar() {
  const char first = next();
  if (first == '"') {
    string();
  } else if (!take_word("true") && !take_word("false") && !take_word("null")) {
    if (first != '-' && first != 'N' && first != 'I' && !is_digit(first)) fail("a value");
    number();
  }
}

std::string_view JsonScanner::value() {
  next();
  const char* begin = at_;
  std::bitset<kDeepest> is_object;
  std::size_t depth = 0;
  const auto key = [&] {
    string();
    expect(':');
  };
  for (;;) {
    const char opening = next();
    if (opening == '{' || opening == '[') {
      ++at_;
      if (depth == kDeepest) throw BadRecord(fmt::format("it is nested more than {} levels deep", kDeepest));
      is_object[depth++] = opening == '{';
      if (!take(opening == '{' ? '}' : ']')) {
        if (opening == '{') key();
        continue;
      }
      --depth;
    } else {
      take_scalar();
    }
    while (depth > 0 && !take(',')) {
      expect(is_object[depth - 1] ? '}' : ']');
      --depth;
    }
    if (depth == 0) return {begin, static_cast<std::size_t>(at_ - begin)};
    if (is_object[depth - 1]) key();
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const Letter letter = first_letter(text);
    text.remove_prefix(std::max<std::size_t>(1, letter.size));
    const std::uint32_t code = letter.size == 0 ? 0xfffd : letter.code;
    static constexpr std::string_view kFrom = "\"\\\b\f\n\r\t", kTo = "\"\\bfnrt";
    const std::size_t which = code < 0x80 ? kFrom.find(static_cast<char>(code)) : std::string_view::npos;
    if (which != std::string_view::npos) {
      (out += '\\') += kTo[which];
    } else if (code >= 0x20 && code < 0x7f) {
      out += static_cast<char>(code);
    } else {
      append_escaped(out, code);
    }
  }
  out += '"';
}

std::string compact_json(std::string_view json) {
  JsonScanner whole(json);
  json = whole.value();
  if (!whole.at_end()) throw BadRecord("more stands behind its end");
  std::string out;
  bool inside = false;
  while (!json.empty()) {
    const Letter letter = first_letter(json);
    const char first = json.front();
    if (letter.size > 1) {
      append_escaped(out, letter.code);
    } else if (inside && first == '\\') {
      out += json.substr(0, 2);
      json.remove_prefix(2);
      continue;
    } else if (inside && letter.code == 0x7f) {
      append_unit(out, letter.code);
    } else if (inside || !is_space(first)) {
      if (first == '"') inside = !inside;
      out += first;
    }
    json.remove_prefix(letter.size);
  }
  return out;
}

}  // namespace moola::sweep
