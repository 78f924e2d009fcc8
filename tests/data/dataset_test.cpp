#include "data/store/dataset.h"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include "base/error.h"
#include "base/json.h"
#include "data/bars/bars_file.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::data;
using namespace moola::test;

namespace {

const market::Bars kThree{.time = {60'000'000'000, 120'000'000'000, 240'000'000'000},
                          .open = {1, 2, 3},
                          .high = {2, 3, 4},
                          .low = {0.5, 1.5, 2.5},
                          .close = {1.5, 2.5, 3.5},
                          .volume = {10, 0, 30},
                          .flags = {0, 2, 0}};

DatasetId write_three(const std::filesystem::path& workspace, int version = 0, market::Bars bars = kThree) {
  DatasetWriter writer(workspace, {"bars", "ABC", version});
  write_bars(writer, bars, {.symbol = "ABC", .bar_seconds = 60, .source_timezone = "UTC"});
  writer.finish();
  return writer.id();
}

std::size_t files_under(const std::filesystem::path& folder) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    files += entry.is_regular_file() ? 1 : 0;
  return files;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dataset)

BOOST_AUTO_TEST_CASE(bars_come_back_as_they_were_written) {
  const TemporaryFolder workspace;
  const DatasetId id = write_three(workspace.path());
  BOOST_TEST(to_string(id) == "bars/ABC/v1");
  const StoredBars stored = read_bars(workspace.path(), id);
  BOOST_TEST(stored.bars.time == kThree.time, boost::test_tools::per_element());
  BOOST_TEST(stored.bars.close == kThree.close, boost::test_tools::per_element());
  BOOST_TEST(stored.bars.flags == kThree.flags, boost::test_tools::per_element());
  BOOST_TEST(stored.info.symbol == "ABC");
  BOOST_TEST(stored.info.bar_seconds == 60);
}

BOOST_AUTO_TEST_CASE(the_hash_made_while_writing_is_the_hash_of_the_file) {
  const TemporaryFolder workspace;
  const DatasetReader reader(workspace.path(), write_three(workspace.path()));
  BOOST_TEST(reader.content_sha256() == content_sha256(reader.file()));
}

BOOST_AUTO_TEST_CASE(the_hash_of_pieces_is_the_hash_of_the_whole) {
  const TemporaryFolder workspace;
  const std::vector<double> x{1, 2, 3, 4, 5, 6};
  DatasetWriter whole(workspace.path(), {"labeled_windows", "a"});
  whole.write({{"Z", std::span(x), {3, 2}}});
  DatasetWriter pieces(workspace.path(), {"labeled_windows", "b"});
  hdf5::Dataset z = pieces.file().create_dataset("Z", hdf5::Type::float64, {3, 2}, {.chunk = {1, 2}, .deflate = 4});
  z.write_rows<double>(1, 2, std::span(x).subspan(2));
  z.write_rows<double>(0, 1, std::span(x).first(2));
  BOOST_TEST(whole.finish() == pieces.finish());
}

BOOST_AUTO_TEST_CASE(a_change_of_value_shape_name_or_attribute_changes_the_hash) {
  const TemporaryFolder workspace;
  const std::vector<double> x{1, 2, 3, 4, 5, 6};
  int count = 0;
  const auto hash = [&](const std::string& name, hdf5::Shape shape, const std::vector<double>& values,
                        const std::string& generator) {
    DatasetWriter writer(workspace.path(), {"labeled_windows", "n" + std::to_string(count++)});
    writer.write({{name, std::span(values), std::move(shape)}});
    writer.file().set_attribute("generator", generator);
    writer.manifest()["parameters"] = {{"run", count}};
    return writer.finish();
  };
  const std::string base = hash("Z", {3, 2}, x, "g");
  BOOST_TEST(hash("Z", {3, 2}, x, "g") ==
             base);  // another name of the data set and another manifest are no other content
  BOOST_TEST(hash("Z", {2, 3}, x, "g") != base);
  BOOST_TEST(hash("Y", {3, 2}, x, "g") != base);
  BOOST_TEST(hash("Z", {3, 2}, {1, 2, 3, 4, 5, 7}, "g") != base);
  BOOST_TEST(hash("Z", {3, 2}, x, "h") != base);
}

BOOST_AUTO_TEST_CASE(a_version_is_never_overwritten_and_the_next_free_one_is_taken) {
  const TemporaryFolder workspace;
  BOOST_TEST(write_three(workspace.path()).version == 1);
  BOOST_TEST(write_three(workspace.path()).version == 2);
  BOOST_TEST(write_three(workspace.path(), 7).version == 7);
  BOOST_TEST(write_three(workspace.path()).version == 8);
  BOOST_CHECK_THROW(write_three(workspace.path(), 2), ConfigError);
}

BOOST_AUTO_TEST_CASE(a_writer_that_does_not_finish_leaves_nothing) {
  const TemporaryFolder workspace;
  {
    DatasetWriter writer(workspace.path(), {"bars", "ABC"});
    write_bars(writer, kThree, {.symbol = "ABC", .bar_seconds = 60, .source_timezone = "UTC"});
  }
  BOOST_TEST(files_under(workspace.path()) == 0U);
}

BOOST_AUTO_TEST_CASE(the_file_is_read_only_and_time_and_place_stand_beside_it) {
  const TemporaryFolder workspace;
  const DatasetId id = write_three(workspace.path());
  struct stat status {};
  BOOST_REQUIRE(::stat(dataset_file(workspace.path(), id).c_str(), &status) == 0);
  BOOST_TEST((status.st_mode & 0777U) == 0444U);
  const Json beside = read_json(circumstances_file(workspace.path(), id));
  BOOST_TEST(beside.contains("created_at"));
  BOOST_TEST(beside.contains("host"));
  const DatasetReader reader(workspace.path(), id);
  BOOST_TEST(!reader.manifest().contains("created_at"));
  BOOST_TEST(!reader.manifest().contains("host"));
  BOOST_TEST(reader.manifest()["shapes"]["close"][0] == 3);
}

BOOST_AUTO_TEST_CASE(a_kind_that_lacks_a_data_set_cannot_be_written) {
  const TemporaryFolder workspace;
  DatasetWriter writer(workspace.path(), {"bars", "ABC"});
  writer.write({{"close", std::span(kThree.close)}});
  BOOST_TEST(holds(message_of([&] { writer.finish(); }), "no data set 'time'"));
}

BOOST_AUTO_TEST_CASE(a_parent_whose_content_changed_is_named_with_both_hashes) {
  const TemporaryFolder workspace;
  const DatasetId id = write_three(workspace.path());
  const Parent parent{id, DatasetReader(workspace.path(), id).content_sha256()};
  BOOST_CHECK_NO_THROW(open_parent(workspace.path(), parent, "unlabeled_windows/w/v1"));
  std::filesystem::remove(dataset_file(workspace.path(), id));
  BOOST_TEST(
      holds(message_of([&] { open_parent(workspace.path(), parent, "unlabeled_windows/w/v1"); }), "no longer there"));
  market::Bars other = kThree;
  other.close[1] = 2.75;
  write_three(workspace.path(), 1, other);
  const std::string message = message_of([&] { read_bars(workspace.path(), parent, "unlabeled_windows/w/v1"); });
  BOOST_TEST(holds(message, parent.content_sha256.substr(0, 12)));
  BOOST_TEST(holds(message, DatasetReader(workspace.path(), id).content_sha256().substr(0, 12)));
  BOOST_TEST(holds(message, "unlabeled_windows/w/v1"));
}

BOOST_AUTO_TEST_CASE(bars_out_of_order_are_refused_on_writing) {
  const TemporaryFolder workspace;
  market::Bars bars = kThree;
  bars.time[2] = bars.time[1];
  BOOST_CHECK_THROW(write_three(workspace.path(), 0, bars), std::logic_error);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(dataset_id)

BOOST_AUTO_TEST_CASE(an_id_is_kind_name_version_and_the_kind_may_be_understood) {
  BOOST_TEST((parse_dataset_id("bars/BTCUSD/v12") == DatasetId{"bars", "BTCUSD", 12}));
  BOOST_TEST((parse_dataset_id("BTCUSD/v1", "bars") == DatasetId{"bars", "BTCUSD", 1}));
  for (const char* wrong :
       {"", "/", "v1", "bars", "bars/BTC", "bars/BTC/1", "bars/BTC/v0", "bars/BTC/v01", "bars/BTC/v1/x", "bars//v1",
        "bars/../v1", "bars/.x/v1", "bars/-x/v1", "bars/a b/v1", "bar/BTC/v1", "bars/BTC/v99999999999"}) {
    BOOST_TEST_CONTEXT(wrong) BOOST_CHECK_THROW(parse_dataset_id(wrong), ConfigError);
  }
  BOOST_CHECK_THROW(parse_dataset_id("oof/x/v1", "bars"), ConfigError);
}

BOOST_AUTO_TEST_CASE(what_does_not_exist_names_the_nearest_that_does) {
  const TemporaryFolder workspace;
  write_three(workspace.path());
  const auto message = [&](const char* text) { return message_of([&] { find_dataset(workspace.path(), text); }); };
  BOOST_TEST((find_dataset(workspace.path(), "ABC/v1") == DatasetId{"bars", "ABC", 1}));
  BOOST_TEST((find_dataset(workspace.path(), "bars/ABC/v1") == DatasetId{"bars", "ABC", 1}));
  BOOST_TEST(holds(message("bars/ACB/v1"), "Did you mean 'ABC'?"));
  BOOST_TEST(holds(message("bars/ABC/v2"), "has: v1"));
  BOOST_TEST(holds(message("bar/ABC/v1"), "Did you mean 'bars'?"));
  BOOST_TEST(holds(message("ACB/v1"), "Did you mean 'ABC/v1'?"));
  BOOST_TEST(holds(message("oof/ABC/v1"), "nor any other of the kind oof"));
}

BOOST_AUTO_TEST_CASE(files_with_other_names_are_no_data_sets) {
  const TemporaryFolder workspace;
  write_three(workspace.path());
  for (const char* name : {"notes.txt", "v2.h5.bak", "copy.h5", "v02.h5", ".v3.h5.host.1.0.tmp"}) {
    write_file(workspace.path() / "data/bars/ABC" / name, "x");
  }
  write_file(workspace.path() / "data/bars/README", "x");
  BOOST_TEST(list_datasets(workspace.path()).size() == 1U);
  BOOST_TEST(next_version(workspace.path(), "bars", "ABC") == 2);
  BOOST_TEST(list_datasets(workspace.path() / "nowhere").empty());
}

BOOST_AUTO_TEST_SUITE_END()
