#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace moola::data {

/// An array as NumPy's .npy files hold it (format 1.0 to 3.0); the bytes stay where they are.
struct NpyArray {
  std::string where;  // file or member, for messages
  char kind = 0;      // NumPy's letter: f, i, u, b, U, S
  std::size_t item_bytes = 0;
  bool big_endian = false, fortran = false;
  std::vector<std::uint64_t> shape;
  std::span<const std::byte> data;

  std::uint64_t elements() const;
};

/// Reads the header. Throws DataError for what is no .npy, is cut short, or has a type that holds no numbers or text:
/// objects (a pickle, which would run code when read), records, complex numbers, dates.
NpyArray parse_npy(std::span<const std::byte> file, std::string_view where);

/// In row-major order, whatever the file's: float16/32/64, any integer, bool. Throws DataError for text.
std::vector<float> npy_floats(const NpyArray& array);
std::vector<double> npy_doubles(const NpyArray& array);
/// Integers that fit int64. Throws DataError for other types.
std::vector<std::int64_t> npy_integers(const NpyArray& array);
/// Text as UTF-8, integers and bools in decimal. Throws DataError for floating-point numbers.
std::vector<std::string> npy_texts(const NpyArray& array);

/// The header of a row-major .npy file of this type ("<f4") and shape, padded as NumPy pads it; the data follow.
std::string npy_header(std::string_view type, std::span<const std::uint64_t> shape);
/// The header of a one-dimensional array of records with these fields (name, type), packed without gaps.
std::string npy_record_header(std::span<const std::pair<std::string, std::string>> fields, std::uint64_t rows);

}  // namespace moola::data
