#include "models/classifiers/ubjson.h"

#include <fmt/format.h>

#include <bit>

namespace moola::models {
namespace {

// Bytes of a number, 0 for what is none.
std::size_t width_of(char type) {
  switch (type) {
    case 'i':
    case 'U':
      return 1;
    case 'I':
      return 2;
    case 'l':
    case 'd':
      return 4;
    case 'L':
    case 'D':
      return 8;
    default:
      return 0;
  }
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t out = 0;
  for (const char byte : bytes) out = out << 8 | static_cast<unsigned char>(byte);
  return out;
}

}  // namespace

char UbjsonReader::peek() const {
  if (at_ == bytes_.size()) throw DataError(fmt::format("it ends after {} bytes, in the midst of a value", at_));
  return bytes_[at_];
}

char UbjsonReader::next() {
  const char out = peek();
  ++at_;
  return out;
}

void UbjsonReader::expect(char marker, const char* what) {
  if (peek() != marker) throw DataError(fmt::format("byte {} begins something else than {}", at_, what));
  ++at_;
}

std::string_view UbjsonReader::take(std::uint64_t count) {
  if (count > bytes_.size() - at_)
    throw DataError(
        fmt::format("it ends after {} bytes, of which {} are left for {}", bytes_.size(), bytes_.size() - at_, count));
  const std::string_view out = bytes_.substr(at_, count);
  at_ += count;
  return out;
}

// A negative one is more than there is of anything.
std::uint64_t UbjsonReader::length() {
  expect('L', "a length");
  return big_endian(take(8));
}

std::string_view UbjsonReader::text_body() {
  return take(length());
}

std::string_view UbjsonReader::text() {
  expect('S', "a text");
  return text_body();
}

UbjsonReader::Array UbjsonReader::begin_array() {
  expect('[', "an array");
  Array out;
  if (peek() == '$') {
    ++at_;
    out.type = next();
    if (width_of(out.type) == 0) throw DataError(fmt::format("the array at byte {} is none of numbers", at_ - 3));
  }
  if (out.type == 0 && peek() != '#') return out;
  expect('#', "the count of an array");
  const std::uint64_t size = length(), least = out.type == 0 ? 1 : width_of(out.type);
  if (size > (bytes_.size() - at_) / least)
    throw DataError(fmt::format("it ends after {} bytes, and the array at {} is longer", bytes_.size(), at_));
  out.counted = true;
  out.size = size;
  return out;
}

bool UbjsonReader::more_of(const Array& array, std::size_t i) {
  if (array.counted) return i < array.size;
  if (peek() != ']') return true;
  ++at_;
  return false;
}

std::int64_t UbjsonReader::whole_of(char type) {
  switch (type) {
    case 'U':
      return static_cast<unsigned char>(next());
    case 'i':
      return static_cast<std::int8_t>(next());
    case 'I':
      return static_cast<std::int16_t>(big_endian(take(2)));
    case 'l':
      return static_cast<std::int32_t>(big_endian(take(4)));
    case 'L':
      return static_cast<std::int64_t>(big_endian(take(8)));
    default:
      throw DataError(fmt::format("byte {} begins something else than a whole number", at_));
  }
}

float UbjsonReader::float_of(char type) {
  if (type == 'd') return std::bit_cast<float>(static_cast<std::uint32_t>(big_endian(take(4))));
  if (type == 'D') return static_cast<float>(std::bit_cast<double>(big_endian(take(8))));
  return static_cast<float>(whole_of(type));
}

std::int64_t UbjsonReader::whole() {
  return whole_of(next());
}

template <class T, class Read>
std::vector<T> UbjsonReader::numbers(const Read& read) {
  const Array array = begin_array();
  std::vector<T> out;
  out.reserve(array.size);
  while (more_of(array, out.size())) out.push_back(read(array.type == 0 ? next() : array.type));
  return out;
}

std::vector<float> UbjsonReader::floats() {
  return numbers<float>([this](char type) { return float_of(type); });
}

std::vector<std::int64_t> UbjsonReader::wholes() {
  return numbers<std::int64_t>([this](char type) { return whole_of(type); });
}

void UbjsonReader::skip(int depth) {
  if (depth > kDeepest) throw DataError(fmt::format("at byte {} it is nested more than {} deep", at_, kDeepest));
  switch (const char type = peek()) {
    case '{':
      return object([&](std::string_view) { skip(depth + 1); });
    case '[': {
      const Array array = begin_array();
      if (array.type != 0) {
        take(array.size * width_of(array.type));
      } else {
        for (std::size_t i = 0; more_of(array, i); ++i) skip(depth + 1);
      }
      return;
    }
    case 'S':
      text();
      return;
    case 'Z':
    case 'T':
    case 'F':
      ++at_;
      return;
    default:
      if (width_of(type) == 0) throw DataError(fmt::format("byte {} begins no value", at_));
      ++at_;
      take(width_of(type));
  }
}

void UbjsonReader::end() const {
  if (at_ != bytes_.size()) throw DataError(fmt::format("{} bytes follow its end", bytes_.size() - at_));
}

}  // namespace moola::models
