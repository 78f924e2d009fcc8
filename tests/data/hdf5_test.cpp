#include "data/store/hdf5.h"

#include <sys/resource.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <csignal>
#include <fstream>
#include <limits>
#include <numeric>
#include <thread>

#include "base/atomic_file.h"
#include "base/error.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::data;
using namespace moola::test;

namespace {

template <class T>
std::vector<T> counted(std::size_t n) {
  std::vector<T> values(n);
  std::iota(values.begin(), values.end(), T{0});
  return values;
}

template <class T>
void survives(const TemporaryFolder& folder, const std::string& name) {
  const std::vector<T> extremes{std::numeric_limits<T>::lowest(), T{0}, T{1}, std::numeric_limits<T>::max()};
  {
    hdf5::File file = hdf5::File::create(folder / (name + ".h5"));
    file.write("x", extremes);
    file.close();
  }
  const hdf5::File file = hdf5::File::open(folder / (name + ".h5"));
  BOOST_TEST(file.read<T>("x") == extremes, boost::test_tools::per_element());
  BOOST_TEST(hdf5::numpy_name(file.dataset("x").type()) == name);
}

void flip_byte(const std::filesystem::path& path, std::size_t at) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(at));
  const char byte = static_cast<char>(file.get() ^ 0x10);
  file.seekp(static_cast<std::streamoff>(at));
  file.put(byte);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(hdf5_layer)

BOOST_AUTO_TEST_CASE(every_element_type_comes_back_with_its_extremes) {
  const TemporaryFolder folder;
  survives<std::int8_t>(folder, "|i1");
  survives<std::int16_t>(folder, "<i2");
  survives<std::int32_t>(folder, "<i4");
  survives<std::int64_t>(folder, "<i8");
  survives<std::uint8_t>(folder, "|u1");
  survives<float>(folder, "<f4");
  survives<double>(folder, "<f8");
}

BOOST_AUTO_TEST_CASE(rows_and_blocks_are_the_ones_asked_for) {
  const TemporaryFolder folder;
  const std::vector<float> x = counted<float>(7 * 5 * 3);
  hdf5::File out = hdf5::File::create(folder / "x.h5");
  out.create_dataset("X", hdf5::Type::float32, {7, 5, 3}, {.chunk = {2, 5, 3}, .deflate = 1}).write(x);
  out.close();
  const hdf5::File file = hdf5::File::open(folder / "x.h5");
  const hdf5::Dataset dataset = file.dataset("X");
  for (std::uint64_t begin = 0; begin <= 7; ++begin) {
    for (std::uint64_t count = 0; begin + count <= 7; ++count) {
      std::vector<float> rows(count * 15);
      dataset.read_rows<float>(begin, count, rows);
      BOOST_TEST(std::equal(rows.begin(), rows.end(), x.begin() + static_cast<std::ptrdiff_t>(begin * 15)));
    }
  }
  std::vector<float> block(2 * 2 * 1);
  dataset.read_block<float>({3, 1, 2}, {2, 2, 1}, block);
  BOOST_TEST(
      block == (std::vector<float>{3 * 15 + 1 * 3 + 2, 3 * 15 + 2 * 3 + 2, 4 * 15 + 1 * 3 + 2, 4 * 15 + 2 * 3 + 2}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(rows_written_in_pieces_make_the_same_bytes_as_rows_written_at_once) {
  const TemporaryFolder folder;
  const std::vector<std::int64_t> x = counted<std::int64_t>(1000);
  hdf5::File whole = hdf5::File::create(folder / "whole.h5");
  whole.create_dataset("x", hdf5::Type::int64, {1000}, {.chunk = {64}}).write(x);
  whole.close();
  hdf5::File pieces = hdf5::File::create(folder / "pieces.h5");
  hdf5::Dataset dataset = pieces.create_dataset("x", hdf5::Type::int64, {1000}, {.chunk = {64}});
  for (std::uint64_t row = 0; row < 1000; row += 64) {
    const std::uint64_t count = std::min<std::uint64_t>(64, 1000 - row);
    dataset.write_rows<std::int64_t>(row, count, std::span(x).subspan(row, count));
  }
  pieces.close();
  BOOST_TEST((read_file(folder / "whole.h5") == read_file(folder / "pieces.h5")));
}

BOOST_AUTO_TEST_CASE(the_same_content_written_a_second_later_gives_the_same_bytes) {
  const TemporaryFolder folder;
  for (const char* name : {"a.h5", "b.h5"}) {
    hdf5::File file = hdf5::File::create(folder / name);
    file.write("x", counted<double>(10));
    file.set_attribute("who", std::string("me"));
    file.close();
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  }
  BOOST_TEST((read_file(folder / "a.h5") == read_file(folder / "b.h5")));
}

BOOST_AUTO_TEST_CASE(no_rows_at_all_are_a_data_set_too) {
  const TemporaryFolder folder;
  hdf5::File out = hdf5::File::create(folder / "x.h5");
  out.write("none", std::vector<double>{});
  out.create_dataset("wide", hdf5::Type::float32, {0, 105, 4});
  out.close();
  const hdf5::File file = hdf5::File::open(folder / "x.h5");
  BOOST_TEST(file.read<double>("none").empty());
  BOOST_TEST(file.dataset("wide").shape() == (hdf5::Shape{0, 105, 4}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(attributes_come_back_as_they_were) {
  const TemporaryFolder folder;
  const std::string long_text(200'000, 'x');
  const std::vector<std::string> many(6000, "a name");
  hdf5::File out = hdf5::File::create(folder / "x.h5");
  out.set_attribute("text", std::string("Grüße, 東京"));
  out.set_attribute("empty", std::string());
  out.set_attribute("long", long_text);
  out.set_attribute("integer", std::int64_t{-7});
  out.set_attribute("number", 0.1);
  out.set_attribute("names", std::vector<std::string>{"open", "", "close"});
  out.set_attribute("many", many);
  out.set_attribute("integers", std::vector<std::int64_t>{1, 2});
  out.set_attribute("numbers", std::vector<double>{0.5, -1});
  out.set_attribute("nothing", std::vector<std::string>{});
  out.set_attribute("integer", std::int64_t{-8});  // replaces
  out.close();
  const hdf5::File file = hdf5::File::open(folder / "x.h5");
  BOOST_TEST(file.text_attribute("text") == "Grüße, 東京");
  BOOST_TEST(file.text_attribute("empty") == "");
  BOOST_TEST((file.text_attribute("long") == long_text));
  BOOST_TEST(file.integer_attribute("integer") == -8);
  BOOST_TEST(file.number_attribute("number") == 0.1);
  BOOST_TEST(file.number_attribute("integer") == -8.0);
  BOOST_TEST(file.list_attribute("names") == (std::vector<std::string>{"open", "", "close"}),
             boost::test_tools::per_element());
  BOOST_TEST((file.list_attribute("many") == many));
  BOOST_TEST((std::get<std::vector<std::int64_t>>(*file.attribute("integers")) == std::vector<std::int64_t>{1, 2}));
  BOOST_TEST((std::get<std::vector<double>>(*file.attribute("numbers")) == std::vector<double>{0.5, -1}));
  BOOST_TEST(file.list_attribute("nothing").empty());
  BOOST_TEST(file.attribute_names().size() == 10U);
  BOOST_TEST(!file.attribute("absent"));
  BOOST_TEST(holds(message_of([&] { file.text_attribute("number"); }), "must hold text"));
  BOOST_TEST(holds(message_of([&] { file.text_attribute("absent"); }), "no attribute 'absent'"));
}

BOOST_AUTO_TEST_CASE(another_type_or_a_block_outside_is_refused_with_both_named) {
  const TemporaryFolder folder;
  hdf5::File file = hdf5::File::create(folder / "x.h5");
  file.write("close", counted<double>(10));
  const std::string type = message_of([&] { file.read<float>("close"); });
  BOOST_TEST(holds(type, "<f8"));
  BOOST_TEST(holds(type, "<f4"));
  std::vector<double> rows(4);
  BOOST_CHECK_NO_THROW(file.dataset("close").read_rows<double>(6, 4, rows));
  BOOST_CHECK_THROW(file.dataset("close").read_rows<double>(7, 4, rows), DataError);
  BOOST_CHECK_THROW(file.dataset("close").read_rows<double>(UINT64_MAX, 4, rows), DataError);
  BOOST_CHECK_THROW(file.dataset("close").read_rows<double>(0, 3, rows), DataError);
  BOOST_TEST(holds(message_of([&] { file.dataset("clsoe"); }), "Did you mean 'close'?"));
}

BOOST_AUTO_TEST_CASE(a_flipped_byte_is_found_on_reading_and_said_with_file_and_data_set) {
  const TemporaryFolder folder;
  const std::vector<double> x = counted<double>(1000);
  hdf5::File out = hdf5::File::create(folder / "x.h5");
  out.write("close", x);
  out.close();
  const std::string bytes = read_file(folder / "x.h5");
  const std::string number(reinterpret_cast<const char*>(&x[500]), sizeof(double));
  flip_byte(folder / "x.h5", bytes.find(number) + 3);
  const hdf5::File file = hdf5::File::open(folder / "x.h5");
  BOOST_CHECK_THROW(file.read<double>("close"), DataError);
  const std::string message = message_of([&] { file.read<double>("close"); });
  BOOST_TEST(holds(message, "data set 'close'"));
  BOOST_TEST(holds(message, (folder / "x.h5").string()));
}

BOOST_AUTO_TEST_CASE(what_is_no_hdf5_file_is_said_in_one_line) {
  const TemporaryFolder folder;
  BOOST_CHECK_THROW(hdf5::File::open(folder / "absent.h5"), IoError);
  BOOST_CHECK_THROW(hdf5::File::open(folder.path()), IoError);
  write_file(folder / "text.h5", "time,open\n");
  BOOST_CHECK_THROW(hdf5::File::open(folder / "text.h5"), DataError);
  write_file(folder / "empty.h5", "");
  BOOST_CHECK_THROW(hdf5::File::open(folder / "empty.h5"), DataError);
  hdf5::File out = hdf5::File::create(folder / "x.h5");
  out.write("close", counted<double>(1000));
  out.close();
  std::filesystem::resize_file(folder / "x.h5", std::filesystem::file_size(folder / "x.h5") - 1);
  BOOST_TEST(holds(message_of([&] { hdf5::File::open(folder / "x.h5"); }), "truncated"));
}

// A file that may not grow stands for a disk without room. What cannot be written is noticed at the latest on closing,
// HDF5 is not left to trip over it, and other files are written and read as before.
BOOST_AUTO_TEST_CASE(a_full_disk_is_an_error_and_no_crash_wherever_the_room_ends) {
  const TemporaryFolder folder;
  const std::vector<double> values(20'000, 1.5);
  struct rlimit old;
  ::getrlimit(RLIMIT_FSIZE, &old);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  for (const std::size_t bytes : {100, 3000, 50'000, 159'000}) {
    const struct rlimit small {
      bytes, old.rlim_max
    };
    ::setrlimit(RLIMIT_FSIZE, &small);
    BOOST_CHECK_THROW(
        {
          hdf5::File file = hdf5::File::create(folder / "full.h5");
          file.write("x", values);
          file.close();
        },
        IoError);
    ::setrlimit(RLIMIT_FSIZE, &old);
    hdf5::File file = hdf5::File::create(folder / "other.h5");
    file.write("x", values);
    file.close();
    BOOST_TEST((hdf5::File::open(folder / "other.h5").read<double>("x") == values));
  }
  std::signal(SIGXFSZ, handler);
}

BOOST_AUTO_TEST_SUITE_END()
