#include "data/windows/import_windows.h"

#include <zlib.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "data/export/export_dataset.h"
#include "data/files/npy.h"
#include "data/files/zip_reader.h"
#include "data/store/dataset.h"
#include "data/windows/windows.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::data;

namespace {

auto says(const std::string& text) {
  return [text](const Error& error) {
    const bool found = std::string(error.what()).find(text) != std::string::npos;
    if (!found) BOOST_TEST_MESSAGE("the message was: " << error.what());
    return found;
  };
}

template <class T>
std::string npy(const char* type, std::vector<std::uint64_t> shape, const std::vector<T>& values) {
  return npy_header(type, shape) + std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

std::string little(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 255);
  return text;
}

std::string deflated(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(text.size() + 1000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// A zip archive as np.savez (stored) and np.savez_compressed (deflated) write it.
std::string zip(const std::vector<std::pair<std::string, std::string>>& members, bool compress) {
  std::string out, directory;
  for (const auto& [name, content] : members) {
    const std::string packed = compress ? deflated(content) : content;
    const std::string sizes =
        little(::crc32(0, reinterpret_cast<const Bytef*>(content.data()), static_cast<uInt>(content.size())), 4) +
        little(packed.size(), 4) + little(content.size(), 4);
    const std::string shared = little(20, 2) + little(0, 2) + little(compress ? 8 : 0, 2) + little(0, 4) + sizes;
    directory += little(0x02014b50, 4) + little(20, 2) + shared + little(name.size(), 2) + little(0, 2) + little(0, 2) +
                 little(0, 8) + little(out.size(), 4) + name;
    out += little(0x04034b50, 4) + shared + little(name.size(), 2) + little(0, 2) + name + packed;
  }
  return out + directory + little(0x06054b50, 4) + little(0, 4) + little(members.size(), 2) +
         little(members.size(), 2) + little(directory.size(), 4) + little(out.size(), 4) + little(0, 2);
}

struct Folder {
  test::TemporaryFolder folder;
  std::filesystem::path put(const std::string& name, const std::string& content) const {
    write_file(folder / name, content);
    return folder / name;
  }
  WindowImportResult import(const std::string& name, const std::string& content,
                            const WindowImport& options = {}) const {
    return import_windows(folder.path(), put(name, content), options);
  }
  DatasetReader read(const WindowImportResult& result) const { return {folder.path(), result.id}; }
};

// Five windows of three bars of valid OHLC.
std::vector<float> prices() {
  std::vector<float> x;
  for (int i = 0; i < 15; ++i) {
    const float p = 100.0F + static_cast<float>(i);
    x.insert(x.end(), {p, p + 2, p - 2, p + 1});
  }
  return x;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(window_import)

BOOST_AUTO_TEST_CASE(a_npy_of_prices_becomes_unlabelled_windows_of_open_high_low_close) {
  const Folder folder;
  const WindowImportResult result = folder.import("my windows.npy", npy("<f4", {5, 3, 4}, prices()));
  BOOST_TEST(to_string(result.id) == "unlabeled_windows/my_windows/v1");
  BOOST_TEST(result.channels == (std::vector<std::string>{"open", "high", "low", "close"}),
             boost::test_tools::per_element());
  BOOST_TEST(folder.read(result).read<float>("X") == prices(), boost::test_tools::per_element());
  const Windows windows = open_windows(folder.folder.path(), result.id);
  BOOST_TEST(!windows.has_time());
  std::vector<float> out(12);
  windows.gather(std::vector<std::int64_t>{4}, out);
  BOOST_TEST(std::fabs(out[4] - std::log(113.0 / 113.0)) <
             1e-6);  // window 4 begins at p = 112: close 113, next open 113
}

BOOST_AUTO_TEST_CASE(flattened_rows_are_read_by_the_channels_that_are_named) {
  const Folder folder;
  const std::vector<std::string> ohlc{"open", "high", "low", "close"};
  const WindowImportResult result =
      folder.import("flat.npy", npy("<f4", {5, 12}, prices()), {.name = {}, .version = 0, .channels = ohlc});
  BOOST_TEST(result.length == 3U);
  BOOST_TEST(folder.import("flat.npy", npy("<f4", {5, 12}, prices())).length == 12U);
  BOOST_CHECK_EXCEPTION(
      folder.import("odd.npy", npy("<f4", {12, 5}, prices()), {.name = {}, .version = 0, .channels = ohlc}), DataError,
      says("no whole number of bars"));
}

BOOST_AUTO_TEST_CASE(channels_that_do_not_look_like_prices_are_numbered) {
  const Folder folder;
  std::vector<float> x = prices();
  x[1] = 50.0F;  // a high below the open
  BOOST_TEST(folder.import("x.npy", npy("<f4", {5, 3, 4}, x)).channels.front() == "channel_0");
}

BOOST_AUTO_TEST_CASE(a_npz_with_labels_becomes_labelled_windows_stored_or_deflated) {
  for (const bool compress : {false, true}) {
    const Folder folder;
    const std::string archive =
        zip({{"X.npy", npy("<f4", {5, 3, 4}, prices())},
             {"y.npy", npy<std::int64_t>("<i8", {5}, {10, 2, 2, 10, 2})},
             {"window_id.npy",
              npy<char>("|S7", {5}, std::vector<char>{'0', '_', 'e', 'x', 'p', '_', '1', '0', '_', 'e', 'x', 'p',
                                                      '_', '2', '7', '_', 'e', 'x', 'p', '_', '1', '9', '_', 'e',
                                                      'x', 'p', '_', '1', '7', '_', 'e', 'x', 'p', '_', '2'})},
             {"t0.npy", npy<std::int64_t>("<i8", {5}, {10, 20, 30, 40, 50})},
             {"t1.npy", npy<std::int64_t>("<i8", {5}, {15, 25, 35, 45, 55})},
             {"note.npy", npy<float>("<f4", {1}, {1})}},
            compress);
    const WindowImportResult result = folder.import("train.npz", archive);
    BOOST_TEST(to_string(result.id) == "labeled_windows/train/v1");
    BOOST_TEST(result.label_names == (std::vector<std::string>{"2", "10"}), boost::test_tools::per_element());
    BOOST_TEST(result.ignored == std::vector<std::string>{"note"}, boost::test_tools::per_element());
    const DatasetReader reader = folder.read(result);
    BOOST_TEST(reader.read<std::int32_t>("y") == (std::vector<std::int32_t>{1, 0, 0, 1, 0}),
               boost::test_tools::per_element());
    BOOST_TEST(reader.read<std::int64_t>("group") == (std::vector<std::int64_t>{0, 0, 1, 2, 1}),
               boost::test_tools::per_element());
    const Windows windows = open_windows(folder.folder.path(), result.id);
    BOOST_TEST(windows.has_time());
    BOOST_TEST(windows.time(1).begin == 20);
    BOOST_TEST(windows.time(1).end == 26);  // t1 is part of the interval
    const HoldoutSplit split = windows.hold_out(windows.all(), 0.4);
    BOOST_TEST(split.holdout.size() == 2);
    BOOST_TEST(split.train.size() == 2);  // window 2 ends at 36, less than its length of 6 before 40
  }
}

BOOST_AUTO_TEST_CASE(a_zip_cut_short_or_changed_anywhere_is_refused_or_gives_what_it_held) {
  const std::string archive = zip({{"X.npy", npy("<f4", {5, 3, 4}, prices())}}, true);
  const auto bytes = [](const std::string& text) { return std::as_bytes(std::span(text)); };
  const auto content = zip_extract(bytes(archive), zip_members(bytes(archive), "z").at(0), "z");
  for (std::size_t at = 0; at < archive.size(); ++at) {
    BOOST_CHECK_THROW(zip_members(bytes(archive.substr(0, at)), "z"), DataError);
    std::string changed = archive;
    changed[at] = static_cast<char>(changed[at] ^ 0x55);
    try {
      for (const ZipMember& member : zip_members(bytes(changed), "z")) {
        if (zip_extract(bytes(changed), member, "z") != content)
          BOOST_ERROR("byte " << at << " changed the content unseen");
      }
    } catch (const DataError&) {
    }
  }
}

BOOST_AUTO_TEST_CASE(a_member_that_claims_more_than_deflate_can_hold_is_not_allocated) {
  std::string archive = zip({{"X.npy", npy("<f4", {5, 3, 4}, prices())}}, true);
  const std::size_t entry = archive.rfind(little(0x02014b50, 4));
  archive.replace(entry + 24, 4, little(0xfffffff0, 4));
  BOOST_CHECK_EXCEPTION(
      zip_extract(std::as_bytes(std::span(archive)), zip_members(std::as_bytes(std::span(archive)), "z").at(0), "z"),
      DataError, says("claims more than deflate can hold"));
}

BOOST_AUTO_TEST_CASE(what_is_not_finite_is_refused_with_its_place_or_dropped_and_counted) {
  const Folder folder;
  std::vector<float> x = prices();
  x[12 + 4 + 2] = std::numeric_limits<float>::quiet_NaN();
  x[24] = std::numeric_limits<float>::infinity();
  const std::string file = npy("<f4", {5, 3, 4}, x);
  BOOST_CHECK_EXCEPTION(folder.import("x.npy", file), DataError,
                        says("in 2 of 5 windows; the first: window 1, bar 1, channel "));
  BOOST_TEST(!std::filesystem::exists(folder.folder / "data/unlabeled_windows/x/v1.h5"));
  const WindowImportResult result =
      folder.import("x.npy", file, {.name = {}, .version = 0, .channels = {}, .not_finite = NotFinite::drop});
  BOOST_TEST(result.windows == 3U);
  BOOST_TEST(result.dropped.at("not_finite") == 2U);
  const std::vector<float> kept = folder.read(result).read<float>("X");
  BOOST_TEST(kept[12] == prices()[36]);
}

BOOST_AUTO_TEST_CASE(a_ts_file_of_one_channel_keeps_its_classes_in_their_order) {
  const Folder folder;
  const WindowImportResult result =
      folder.import("two.ts",
                    "#comment\n@problemName two\n@timeStamps false\n@univariate true\n@equalLength true\n"
                    "@classLabel true walk run\n@data\n1,2,3:run\n4,5,6:walk\r\n\n7,8,9:run\n");
  BOOST_TEST(to_string(result.id) == "labeled_windows/two/v1");
  BOOST_TEST(result.label_names == (std::vector<std::string>{"walk", "run"}), boost::test_tools::per_element());
  BOOST_TEST(folder.read(result).read<std::int32_t>("y") == (std::vector<std::int32_t>{1, 0, 1}),
             boost::test_tools::per_element());
  BOOST_TEST(folder.read(result).read<float>("X") == (std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(channels_of_a_ts_file_are_interleaved_bar_by_bar) {
  const Folder folder;
  const WindowImportResult result =
      folder.import("three.ts", "@dimensions 3\n@classLabel false\n@data\n1,2:10,20:100,200\n3,4:30,40:300,400\n");
  BOOST_TEST(to_string(result.id) == "unlabeled_windows/three/v1");
  BOOST_TEST(result.channels.size() == 3U);
  BOOST_TEST(
      folder.read(result).read<float>("X") == (std::vector<float>{1, 10, 100, 2, 20, 200, 3, 30, 300, 4, 40, 400}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_ts_file_that_is_not_as_it_says_is_refused_with_the_line) {
  const auto refused = [](const std::string& text, const std::string& reason) {
    BOOST_CHECK_EXCEPTION(parse_ts_windows(text, "f.ts"), DataError, says(reason));
  };
  refused("", "ends without @data");
  refused("1,2,3\n", "line 1: expected a line that begins with '@'");
  refused("@data\n", "no window after @data");
  refused("@classLabel true a b\n@data\n1,2:c\n", "line 3: the class 'c'");
  refused("@classLabel true\n@data\n1,2:c\n", "names of the classes");
  refused("@data\n1,2,3\n1,2\n", "line 3: channel 0 has 2 values, where 3");
  refused("@data\n1,2:3,4\n1,2\n", "line 3: 1 channels, where 2");
  refused("@data\n1,2:3\n", "channel 1 has 1 values, where 2");
  refused("@data\n1,x,3\n", "'x' is no number");
  refused("@data\n1,,3\n", "'' is no number");
  refused("@timeStamps true\n@data\n", "time stamps");
  refused("@equalLength false\n@data\n", "unequal length");
  refused("@targetlabel true\n@data\n", "regress");
  refused("@dimensions 0\n@data\n", "@dimensions must be");
}

BOOST_AUTO_TEST_CASE(a_missing_value_of_a_ts_file_counts_as_not_finite) {
  const Folder folder;
  BOOST_CHECK_EXCEPTION(folder.import("m.ts", "@data\n1,?,3\n4,5,6\n"), DataError, says("window 0, bar 1"));
}

BOOST_AUTO_TEST_CASE(other_suffixes_and_impossible_expansions_are_refused) {
  const Folder folder;
  BOOST_CHECK_EXCEPTION(folder.import("x.txt", "1"), ConfigError, says(".npy, .npz, .parquet and .ts"));
  BOOST_CHECK_EXCEPTION(folder.import("x.parquet", "no parquet"), DataError, says("can't be read as Parquet"));
  BOOST_CHECK_THROW(import_windows(folder.folder.path(), folder.folder / "missing.npy", {}), IoError);
  const std::string archive = zip({{"X.npy", npy("<f4", {5, 3, 4}, prices())},
                                   {"expansion_start.npy", npy<std::int64_t>("<i8", {5}, {0, 0, 0, 0, 0})},
                                   {"expansion_end.npy", npy<std::int64_t>("<i8", {5}, {2, 2, 3, 2, 2})}},
                                  false);
  BOOST_CHECK_EXCEPTION(folder.import("e.npz", archive), DataError, says("expansion 0 to 3 in window 2"));
}

BOOST_AUTO_TEST_CASE(what_is_exported_as_npy_and_parquet_is_imported_as_the_same_windows) {
  const Folder folder;
  const std::string archive =
      zip({{"X.npy", npy("<f4", {5, 3, 4}, prices())},
           {"y.npy", npy<char>("|S2", {5}, {'u', 'p', 'd', 'n', 'u', 'p', 'u', 'p', 'd', 'n'})}},
          false);
  const WindowImportResult original = folder.import("o.npz", archive);
  const ExportResult npy_file = export_dataset(folder.folder.path(), original.id, folder.folder / "out.npy");
  BOOST_TEST(npy_file.left_out == std::vector<std::string>{"label"}, boost::test_tools::per_element());
  BOOST_TEST(
      folder.read(import_windows(folder.folder.path(), folder.folder / "out.npy", {})).read<float>("X") == prices(),
      boost::test_tools::per_element());
  export_dataset(folder.folder.path(), original.id, folder.folder / "out.parquet");
  const WindowImportResult again = import_windows(folder.folder.path(), folder.folder / "out.parquet", {});
  BOOST_TEST(again.content_sha256 == original.content_sha256);
}

BOOST_AUTO_TEST_CASE(a_csv_has_one_row_per_bar_with_the_class_by_name) {
  const Folder folder;
  const WindowImportResult result = folder.import("two.ts", "@classLabel true a b,c\n@data\n1,2.5:b,c\n3,4:a\n");
  export_dataset(folder.folder.path(), result.id, folder.folder / "two.csv");
  BOOST_TEST(read_file(folder.folder / "two.csv") ==
             "window,bar,channel_0,label\n0,0,1,\"b,c\"\n0,1,2.5,\"b,c\"\n1,0,3,a\n1,1,4,a\n");
  BOOST_CHECK_THROW(export_dataset(folder.folder.path(), result.id, folder.folder / "two.csv"), IoError);
  BOOST_CHECK_NO_THROW(export_dataset(folder.folder.path(), result.id, folder.folder / "two.csv", Overwrite::yes));
  BOOST_CHECK_THROW(export_dataset(folder.folder.path(), result.id, folder.folder / "two.xlsx"), ConfigError);
}

BOOST_AUTO_TEST_SUITE_END()
