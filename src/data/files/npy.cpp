#include "data/files/npy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"

namespace moola::data {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::uint64_t kMost = std::uint64_t{1} << 62;

[[noreturn]] void refuse(std::string_view where, const std::string& what) {
  throw DataError(fmt::format("{} {}", where, what));
}

// The header is a Python dictionary of three keys, which is read as just that: {'descr': '<f4', 'fortran_order': False,
// 'shape': (3, 4), }
class Header {
 public:
  Header(std::string_view text, std::string_view where) : text_(text), where_(where) {}

  void parse(std::string& type, bool& fortran, std::vector<std::uint64_t>& shape) {
    bool have_type = false, have_order = false, have_shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr") {
        if (peek() == '[')
          refuse(where_, "is an array of records (a structured dtype). Save one plain array of numbers per file.");
        type = quoted();
        have_type = true;
      } else if (key == "fortran_order") {
        fortran = word() == "True";
        have_order = true;
      } else if (key == "shape") {
        shape = tuple();
        have_shape = true;
      } else {
        broken();
      }
      if (!accept(',') && peek() != '}') broken();
    }
    if (!have_type || !have_order || !have_shape) broken();
  }

 private:
  [[noreturn]] void broken() const {
    refuse(where_, fmt::format("has a .npy header that can't be read near byte {}: the file is damaged.", at_));
  }
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) broken();
  }
  std::string quoted() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') broken();
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) broken();
    std::string value(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return value;
  }
  std::string word() {
    peek();
    const std::size_t begin = at_;
    while (at_ < text_.size() && std::isalpha(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    std::string value(text_.substr(begin, at_ - begin));
    if (value != "True" && value != "False") broken();
    return value;
  }
  std::vector<std::uint64_t> tuple() {
    std::vector<std::uint64_t> values;
    expect('(');
    while (!accept(')')) {
      peek();
      std::uint64_t value = 0;
      const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
      if (error != std::errc()) broken();
      at_ = static_cast<std::size_t>(end - text_.data());
      accept('L');  // Python 2 wrote long integers so
      values.push_back(value);
      if (!accept(',') && peek() != ')') broken();
    }
    return values;
  }

  std::string_view text_, where_;
  std::size_t at_ = 0;
};

void set_type(NpyArray& array, const std::string& type) {
  if (type.size() < 2) refuse(array.where, fmt::format("has the type '{}', which is none of NumPy's.", type));
  const char order = type[0];
  const bool has_order = order == '<' || order == '>' || order == '|' || order == '=';
  array.kind = type[has_order ? 1 : 0];
  array.big_endian = order == '>';
  const std::string_view digits = std::string_view(type).substr(has_order ? 2 : 1);
  if (array.kind == 'O') {
    refuse(array.where,
           "is an array of Python objects, stored as a pickle, which would run code when it is read; it is refused. "
           "Rows of "
           "unequal length end up so: make one array of equal rows, np.save(file, np.stack(rows).astype(np.float32)).");
  }
  if (array.kind == 'c') refuse(array.where, "holds complex numbers. Save the real and imaginary parts as channels.");
  if (std::string_view("fiubUS").find(array.kind) == std::string_view::npos) {
    refuse(
        array.where,
        fmt::format(
            "has the type '{}'; expected numbers (f2, f4, f8, integers) or text. Convert it with .astype(np.float32).",
            type));
  }
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), array.item_bytes);
  const bool sized = error == std::errc() && end == digits.data() + digits.size();
  const bool known = array.kind == 'f'   ? array.item_bytes == 2 || array.item_bytes == 4 || array.item_bytes == 8
                     : array.kind == 'b' ? array.item_bytes == 1
                     : array.kind == 'U' || array.kind == 'S' ? array.item_bytes > 0 && array.item_bytes < (1U << 20)
                                                              : array.item_bytes == 1 || array.item_bytes == 2 ||
                                                                    array.item_bytes == 4 || array.item_bytes == 8;
  if (!sized || !known)
    refuse(array.where,
           fmt::format("has the type '{}', which is not read here. Convert it with .astype(np.float32).", type));
  if (array.kind == 'U') array.item_bytes *= 4;
}

// Calls visit(element number in row-major order, its bytes).
template <class Visit>
void for_each(const NpyArray& array, Visit visit) {
  const std::uint64_t n = array.elements();
  if (!array.fortran || array.shape.size() < 2) {
    for (std::uint64_t i = 0; i < n; ++i) visit(i, array.data.data() + i * array.item_bytes);
    return;
  }
  // Column-major: the first axis runs fastest in the file.
  std::vector<std::uint64_t> strides(array.shape.size()), index(array.shape.size(), 0);
  std::uint64_t stride = 1;
  for (std::size_t axis = 0; axis < strides.size(); ++axis) {
    strides[axis] = stride;
    stride *= array.shape[axis];
  }
  std::uint64_t from = 0;
  for (std::uint64_t i = 0; i < n; ++i) {
    visit(i, array.data.data() + from * array.item_bytes);
    for (std::size_t axis = index.size(); axis-- > 0;) {
      from += strides[axis];
      if (++index[axis] < array.shape[axis]) break;
      from -= strides[axis] * array.shape[axis];
      index[axis] = 0;
    }
  }
}

template <class T>
T load(const std::byte* at, bool big_endian) {
  unsigned char bytes[sizeof(T)];
  std::memcpy(bytes, at, sizeof(T));
  if (big_endian) {
    for (std::size_t i = 0; i < sizeof(T) / 2; ++i) std::swap(bytes[i], bytes[sizeof(T) - 1 - i]);
  }
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

float half(std::uint16_t bits) {
  const float sign = (bits & 0x8000U) != 0 ? -1.0F : 1.0F;
  const int exponent = bits >> 10 & 31;
  const auto fraction = static_cast<float>(bits & 1023U);
  if (exponent == 31)
    return fraction == 0.0F ? sign * std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  return sign * (exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024.0F + fraction, exponent - 25));
}

template <class T, class Convert>
void convert_all(const NpyArray& array, Convert convert) {
  for_each(array, [&](std::uint64_t i, const std::byte* at) { convert(i, load<T>(at, array.big_endian)); });
}

// Calls convert(i, value) with the array's own type of integer.
template <class Convert>
void convert_integers(const NpyArray& array, Convert convert) {
  const bool is_signed = array.kind == 'i';
  switch (array.item_bytes) {
    case 1:
      return is_signed ? convert_all<std::int8_t>(array, convert) : convert_all<std::uint8_t>(array, convert);
    case 2:
      return is_signed ? convert_all<std::int16_t>(array, convert) : convert_all<std::uint16_t>(array, convert);
    case 4:
      return is_signed ? convert_all<std::int32_t>(array, convert) : convert_all<std::uint32_t>(array, convert);
    default:
      return is_signed ? convert_all<std::int64_t>(array, convert) : convert_all<std::uint64_t>(array, convert);
  }
}

void append_utf8(std::string& text, std::uint32_t c) {
  if (c < 0x80) {
    text += static_cast<char>(c);
  } else if (c < 0x800) {
    text += {static_cast<char>(0xc0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
  } else if (c < 0x10000) {
    text += {static_cast<char>(0xe0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)),
             static_cast<char>(0x80 | (c & 63))};
  } else {
    text += {static_cast<char>(0xf0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 63)),
             static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
  }
}

std::string header_of(const std::string& type, std::span<const std::uint64_t> shape) {
  std::string dictionary = fmt::format("{{'descr': {}, 'fortran_order': False, 'shape': ({}{}), }}", type,
                                       fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  // Magic, version, length and dictionary together fill whole multiples of 64 bytes, the last of them a line break. A
  // table of very many columns needs format 2, whose length has four bytes.
  const std::size_t before = dictionary.size() + 128 < 65'536 ? 10 : 12;
  dictionary.append((64 - (before + dictionary.size() + 1) % 64) % 64, ' ');
  dictionary += '\n';
  std::string header(kMagic);
  header += {before == 10 ? '\x01' : '\x02', '\0'};
  for (std::size_t i = 0; i < before - 8; ++i) header += static_cast<char>(dictionary.size() >> (8 * i) & 255);
  return header + dictionary;
}

template <class T>
std::vector<T> numbers_of(const NpyArray& array) {
  if (array.kind == 'U' || array.kind == 'S') refuse(array.where, "holds text where numbers are expected.");
  std::vector<T> values(array.elements());
  const auto put = [&](std::uint64_t i, auto value) { values[i] = static_cast<T>(value); };
  if (array.kind != 'f') {
    convert_integers(array, put);
  } else if (array.item_bytes == 2) {
    convert_all<std::uint16_t>(array, [&](std::uint64_t i, std::uint16_t bits) { values[i] = half(bits); });
  } else if (array.item_bytes == 4) {
    convert_all<float>(array, put);
  } else {
    convert_all<double>(array, put);
  }
  return values;
}

}  // namespace

std::uint64_t NpyArray::elements() const {
  std::uint64_t n = 1;
  for (const std::uint64_t extent : shape) n *= extent;
  return n;
}

NpyArray parse_npy(std::span<const std::byte> file, std::string_view where) {
  NpyArray array;
  array.where = where;
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  if (!text.starts_with(kMagic) || text.size() < 10) {
    refuse(where, text.empty() ? "is empty; expected a .npy file of NumPy."
                               : "is no .npy file of NumPy: its first bytes are not \\x93NUMPY.");
  }
  const unsigned version = static_cast<unsigned char>(text[6]);
  if (version < 1 || version > 3)
    refuse(where, fmt::format("is a .npy file of format {}; formats 1 to 3 are known.", version));
  const std::size_t length_bytes = version == 1 ? 2 : 4;
  std::size_t header_bytes = 0;
  for (std::size_t i = 0; i < length_bytes && 8 + i < text.size(); ++i) {
    header_bytes |= std::size_t{static_cast<unsigned char>(text[8 + i])} << (8 * i);
  }
  const std::size_t begin = 8 + length_bytes;
  if (text.size() < begin || text.size() - begin < header_bytes)
    refuse(where, "ends within its header: the file is cut short.");
  std::string type;
  Header(text.substr(begin, header_bytes), where).parse(type, array.fortran, array.shape);
  set_type(array, type);

  std::uint64_t elements = 1;
  for (const std::uint64_t extent : array.shape) {
    if (extent != 0 && elements > kMost / extent)
      refuse(where, fmt::format("claims an impossible shape: {}.", fmt::join(array.shape, " x ")));
    elements *= extent;
  }
  const std::size_t there = file.size() - begin - header_bytes;
  if (array.item_bytes != 0 && elements > there / array.item_bytes) {
    refuse(where, fmt::format("is cut short: {} values of {} bytes ({}) do not fit into the {} bytes after its header. "
                              "Copy the file again.",
                              elements, array.item_bytes, fmt::join(array.shape, " x "), there));
  }
  array.data = file.subspan(begin + header_bytes, elements * array.item_bytes);
  return array;
}

std::vector<float> npy_floats(const NpyArray& array) {
  return numbers_of<float>(array);
}
std::vector<double> npy_doubles(const NpyArray& array) {
  return numbers_of<double>(array);
}

std::vector<std::int64_t> npy_integers(const NpyArray& array) {
  if (array.kind != 'i' && array.kind != 'u' && array.kind != 'b')
    refuse(array.where, "holds no integers, which are expected here.");
  std::vector<std::int64_t> values(array.elements());
  convert_integers(array, [&](std::uint64_t i, auto value) {
    if constexpr (std::is_same_v<decltype(value), std::uint64_t>) {
      if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        refuse(array.where, "holds an integer above 2^63.");
    }
    values[i] = static_cast<std::int64_t>(value);  // NOLINT(bugprone-signed-char-misuse): an int8 is a number
  });
  return values;
}

std::vector<std::string> npy_texts(const NpyArray& array) {
  std::vector<std::string> values(array.elements());
  if (array.kind == 'S') {
    for_each(array, [&](std::uint64_t i, const std::byte* at) {
      const auto* text = reinterpret_cast<const char*>(at);
      values[i].assign(text, ::strnlen(text, array.item_bytes));
    });
  } else if (array.kind == 'U') {
    for_each(array, [&](std::uint64_t i, const std::byte* at) {
      for (std::size_t c = 0; c < array.item_bytes; c += 4) {
        const auto code = load<std::uint32_t>(at + c, array.big_endian);
        if (code == 0) break;
        if (code > 0x10ffff)
          refuse(array.where,
                 fmt::format("holds a character that is none of Unicode's (row {}): the file is damaged.", i));
        append_utf8(values[i], code);
      }
    });
  } else {
    const std::vector<std::int64_t> numbers = npy_integers(array);
    for (std::size_t i = 0; i < numbers.size(); ++i) values[i] = std::to_string(numbers[i]);
  }
  return values;
}

std::string npy_header(std::string_view type, std::span<const std::uint64_t> shape) {
  return header_of(fmt::format("'{}'", type), shape);
}

std::string npy_record_header(std::span<const std::pair<std::string, std::string>> fields, std::uint64_t rows) {
  std::vector<std::string> pairs;
  for (const auto& [name, type] : fields) {
    std::string escaped;
    for (const char c : name) escaped += c == '\'' || c == '\\' ? std::string{'\\', c} : std::string(1, c);
    pairs.push_back(fmt::format("('{}', '{}')", escaped, type));
  }
  const std::uint64_t shape[] = {rows};
  return header_of(fmt::format("[{}]", fmt::join(pairs, ", ")), shape);
}

}  // namespace moola::data
