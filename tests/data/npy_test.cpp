#include "data/files/npy.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "base/error.h"

using namespace moola;
using namespace moola::data;

namespace {

// A .npy file of format 1.0 with this dictionary and data.
std::string npy(const std::string& dictionary, const std::string& data) {
  std::string text = dictionary + "\n";
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(text.size() & 255) +
         static_cast<char>(text.size() >> 8) + text + data;
}

template <class T>
std::string raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

NpyArray parse(const std::string& file) {
  return parse_npy(std::as_bytes(std::span(file)), "x.npy");
}

auto says(const std::string& text) {
  return [text](const Error& error) {
    const bool found = std::string(error.what()).find(text) != std::string::npos;
    if (!found) BOOST_TEST_MESSAGE("the message was: " << error.what());
    return found;
  };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(npy_file)

BOOST_AUTO_TEST_CASE(an_array_in_c_order_is_read_as_it_stands) {
  const std::string file =
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", raw<float>({1, 2, 3, 4, 5, 6}));
  const NpyArray array = parse(file);
  BOOST_TEST(array.shape == (std::vector<std::uint64_t>{2, 3}), boost::test_tools::per_element());
  BOOST_TEST(npy_floats(array) == (std::vector<float>{1, 2, 3, 4, 5, 6}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_array_in_fortran_order_is_turned) {
  // [[1 2 3] [4 5 6]] column by column, and a cube a[i][j][k] = 100 i + 10 j + k.
  const std::string flat =
      npy("{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }", raw<double>({1, 4, 2, 5, 3, 6}));
  BOOST_TEST(npy_floats(parse(flat)) == (std::vector<float>{1, 2, 3, 4, 5, 6}), boost::test_tools::per_element());
  std::vector<std::int16_t> columns;
  std::vector<float> rows;
  for (int k = 0; k < 4; ++k) {
    for (int j = 0; j < 3; ++j) {
      for (int i = 0; i < 2; ++i) columns.push_back(static_cast<std::int16_t>(100 * i + 10 * j + k));
    }
  }
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 3; ++j) {
      for (int k = 0; k < 4; ++k) rows.push_back(static_cast<float>(100 * i + 10 * j + k));
    }
  }
  const std::string cube = npy("{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3, 4), }", raw(columns));
  BOOST_TEST(npy_floats(parse(cube)) == rows, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(big_endian_numbers_are_turned) {
  const std::string bytes("\x3f\x80\x00\x00\xc0\x00\x00\x00", 8);  // 1 and -2 as big-endian floats
  const std::string file = npy("{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }", bytes);
  BOOST_TEST(npy_floats(parse(file)) == (std::vector<float>{1, -2}), boost::test_tools::per_element());
  const std::string integers =
      npy("{'descr': '>i8', 'fortran_order': False, 'shape': (1,), }", std::string("\0\0\0\0\0\0\x01\x02", 8));
  BOOST_TEST(npy_integers(parse(integers)).at(0) == 258);
}

BOOST_AUTO_TEST_CASE(half_precision_is_read_by_ieee_754) {
  const std::string file = npy("{'descr': '<f2', 'fortran_order': False, 'shape': (6,), }",
                               raw<std::uint16_t>({0x3c00, 0xc000, 0x7bff, 0x0001, 0xfc00, 0x7e00}));
  const std::vector<float> values = npy_floats(parse(file));
  BOOST_TEST(values[0] == 1.0F);
  BOOST_TEST(values[1] == -2.0F);
  BOOST_TEST(values[2] == 65504.0F);
  BOOST_TEST(values[3] == 0x1p-24F);
  BOOST_TEST(values[4] == -std::numeric_limits<float>::infinity());
  BOOST_TEST(std::isnan(values[5]));
}

BOOST_AUTO_TEST_CASE(text_of_both_kinds_becomes_utf_8) {
  const std::string wide = npy("{'descr': '<U3', 'fortran_order': False, 'shape': (2,), }",
                               raw<std::uint32_t>({'u', 'p', 0, 0xe9, 0x20ac, 0x1f600}));
  BOOST_TEST(npy_texts(parse(wide)) == (std::vector<std::string>{"up", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"}),
             boost::test_tools::per_element());
  const std::string narrow =
      npy("{'descr': '|S4', 'fortran_order': False, 'shape': (2,), }", std::string("ab\0\0wxyz", 8));
  BOOST_TEST(npy_texts(parse(narrow)) == (std::vector<std::string>{"ab", "wxyz"}), boost::test_tools::per_element());
  const std::string integers =
      npy("{'descr': '|i1', 'fortran_order': False, 'shape': (2,), }", std::string("\x05\xff", 2));
  BOOST_TEST(npy_texts(parse(integers)) == (std::vector<std::string>{"5", "-1"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_pickle_is_refused_with_the_reason) {
  const std::string file = npy("{'descr': '|O', 'fortran_order': False, 'shape': (2,), }", "\x80\x04");
  BOOST_CHECK_EXCEPTION(parse(file), DataError, says("a pickle, which would run code"));
}

BOOST_AUTO_TEST_CASE(types_without_numbers_are_refused) {
  for (const auto& [type, reason] : std::vector<std::pair<std::string, std::string>>{{"'<c8'", "complex"},
                                                                                     {"[('a', '<f4')]", "records"},
                                                                                     {"'<M8[ns]'", "has the type"},
                                                                                     {"'<f16'", "has the type"},
                                                                                     {"'<f4x'", "has the type"},
                                                                                     {"'<U0'", "has the type"}}) {
    const std::string file =
        npy("{'descr': " + type + ", 'fortran_order': False, 'shape': (1,), }", std::string(16, '\0'));
    BOOST_CHECK_EXCEPTION(parse(file), DataError, says(reason));
  }
}

BOOST_AUTO_TEST_CASE(what_is_cut_short_anywhere_is_refused) {
  const std::string file =
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", raw<float>({1, 2, 3, 4, 5, 6}));
  for (std::size_t size = 0; size < file.size(); ++size) BOOST_CHECK_THROW(parse(file.substr(0, size)), DataError);
  BOOST_CHECK_NO_THROW(parse(file));
}

BOOST_AUTO_TEST_CASE(a_shape_beyond_all_memory_is_refused_and_not_allocated) {
  for (const char* shape :
       {"(4611686018427387904, 4)", "(18446744073709551615,)", "(99999999999999999999,)", "(1000000000,)"}) {
    const std::string file =
        npy(std::string("{'descr': '<f4', 'fortran_order': False, 'shape': ") + shape + ", }", "1234");
    BOOST_CHECK_THROW(parse(file), DataError);
  }
}

BOOST_AUTO_TEST_CASE(a_damaged_header_never_does_harm) {
  const std::string file = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), }", raw<float>({1, 2, 3}));
  for (std::size_t at = 0; at < file.size() - 12; ++at) {
    for (const char c : {'\0', '\'', '(', '}', '9', '\xff'}) {
      std::string broken = file;
      broken[at] = c;
      try {
        const NpyArray array = parse(broken);
        if (array.kind != 'U' && array.kind != 'S') npy_floats(array);
      } catch (const DataError&) {
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(the_header_that_is_written_is_read_back) {
  const std::uint64_t shape[] = {3, 105, 4};
  const std::string header = npy_header("<f4", shape);
  BOOST_TEST(header.size() % 64 == 0U);
  const NpyArray array = parse(header + std::string(3 * 105 * 4 * 4, '\0'));
  BOOST_TEST(array.shape == (std::vector<std::uint64_t>{3, 105, 4}), boost::test_tools::per_element());
  const std::uint64_t line[] = {7};
  BOOST_TEST(parse(npy_header("<i8", line) + std::string(56, '\0')).shape.at(0) == 7U);
}

BOOST_AUTO_TEST_SUITE_END()
