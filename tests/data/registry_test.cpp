#include "data/store/registry.h"

#include <boost/test/unit_test.hpp>
#include <fstream>

#include "base/atomic_file.h"
#include "base/error.h"
#include "data/bars/bars_file.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::data;
using namespace moola::test;

namespace {

namespace fs = std::filesystem;

market::Bars some_bars(int n = 300) {
  market::Bars bars;
  bars.resize(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < bars.size(); ++i) {
    bars.time[i] = static_cast<std::int64_t>(i + 1) * 60'000'000'000;
    bars.open[i] = bars.low[i] = 1.0 + static_cast<double>(i);
    bars.high[i] = bars.close[i] = 1.5 + static_cast<double>(i);
    bars.volume[i] = static_cast<double>(i % 7);
  }
  return bars;
}

DatasetId write(const fs::path& workspace, const market::Bars& bars, int version = 0,
                std::vector<Parent> parents = {}) {
  DatasetWriter writer(workspace, {"bars", "S", version});
  write_bars(writer, bars, {.symbol = "S", .bar_seconds = 60, .source_timezone = "UTC"});
  for (Parent& parent : parents) writer.add_parent(parent);
  writer.manifest()["sources"] = Json::array({{{"name", "s.csv"}, {"sha256", "00"}}});
  writer.finish();
  return writer.id();
}

Parent parent_of(const fs::path& workspace, const DatasetId& id) {
  return {id, DatasetReader(workspace, id).content_sha256()};
}

void make_writable(const fs::path& file) {
  fs::permissions(file, fs::perms::owner_write, fs::perm_options::add);
}

std::string problems(const fs::path& workspace, const DatasetId& id) {
  std::string text;
  for (const std::string& problem : verify(workspace, id).problems) text += problem + "\n";
  return text;
}

bool same(const market::Bars& a, const market::Bars& b) {
  return a.time == b.time && a.open == b.open && a.high == b.high && a.low == b.low && a.close == b.close &&
         a.volume == b.volume && a.flags == b.flags;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(registry)

BOOST_AUTO_TEST_CASE(what_was_written_is_sound) {
  const TemporaryFolder workspace;
  BOOST_TEST(problems(workspace.path(), write(workspace.path(), some_bars())) == "");
}

BOOST_AUTO_TEST_CASE(a_flipped_byte_anywhere_is_found_or_changes_nothing) {
  const TemporaryFolder workspace;
  const market::Bars bars = some_bars();
  const DatasetId id = write(workspace.path(), bars);
  const fs::path file = dataset_file(workspace.path(), id);
  const std::string sound = read_file(file);
  make_writable(file);
  std::size_t found = 0, flipped = 0;
  for (std::size_t at = 0; at < sound.size(); at += 23) {
    std::string damaged = sound;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x20);
    std::ofstream(file, std::ios::binary | std::ios::trunc) << damaged;
    ++flipped;
    if (!problems(workspace.path(), id).empty()) {
      ++found;
      continue;
    }
    const StoredBars stored = read_bars(workspace.path(), id);  // a byte between the parts of the file
    BOOST_TEST_CONTEXT("byte " << at) {
      BOOST_TEST(same(stored.bars, bars));
      BOOST_TEST(stored.info.symbol == "S");
    }
  }
  BOOST_TEST(found > flipped / 2);
}

BOOST_AUTO_TEST_CASE(a_file_cut_short_anywhere_is_found) {
  const TemporaryFolder workspace;
  const DatasetId id = write(workspace.path(), some_bars());
  const fs::path file = dataset_file(workspace.path(), id);
  make_writable(file);
  for (std::uintmax_t size = fs::file_size(file) - 1; size > 1000; size = size * 9 / 10) {
    fs::resize_file(file, size);
    BOOST_TEST_CONTEXT(size) BOOST_TEST(holds(problems(workspace.path(), id), "v1.h5"));
  }
  fs::resize_file(file, 0);
  BOOST_TEST(!problems(workspace.path(), id).empty());
}

BOOST_AUTO_TEST_CASE(another_schema_is_said) {
  const TemporaryFolder workspace;
  const DatasetId id = write(workspace.path(), some_bars());
  const DatasetId as_embeddings{"embeddings", "S", 1};
  fs::create_directories(dataset_file(workspace.path(), as_embeddings).parent_path());
  fs::copy_file(dataset_file(workspace.path(), id), dataset_file(workspace.path(), as_embeddings));
  const std::string text = problems(workspace.path(), as_embeddings);
  BOOST_TEST(holds(text, "'moola.bars/1'"));
  BOOST_TEST(holds(text, "'moola.embeddings/1'"));
  const DatasetId foreign{"bars", "S", 9};
  hdf5::File file = hdf5::File::create(dataset_file(workspace.path(), foreign));
  file.write("x", std::vector<double>{1, 2});
  file.close();
  BOOST_TEST(holds(problems(workspace.path(), foreign), "was not written by Moola"));
}

BOOST_AUTO_TEST_CASE(content_that_was_changed_through_hdf5_is_found_by_its_hash) {
  const TemporaryFolder workspace;
  const DatasetId id = write(workspace.path(), some_bars());
  market::Bars other = some_bars();
  other.close[7] += 0.25;
  const DatasetId changed = write(workspace.path(), other);
  // The second file's numbers with the first one's hash: every checksum of HDF5's is right.
  hdf5::File forged = hdf5::File::create(dataset_file(workspace.path(), {"bars", "S", 3}));
  const DatasetReader from(workspace.path(), changed);
  for (const std::string& name : from.file().dataset_names()) {
    if (name == "time")
      forged.write(name, from.read<std::int64_t>(name));
    else if (name == "flags")
      forged.write(name, from.read<std::uint8_t>(name));
    else
      forged.write(name, from.read<double>(name));
  }
  for (const std::string& name : from.file().attribute_names()) {
    if (name == "text_heaps") continue;  // of the other file
    forged.set_attribute(name, *from.file().attribute(name));
  }
  forged.set_attribute("content_sha256", DatasetReader(workspace.path(), id).content_sha256());
  forged.close();
  BOOST_TEST(holds(problems(workspace.path(), {"bars", "S", 3}), "was changed after it was made"));
}

BOOST_AUTO_TEST_CASE(a_parent_that_changed_or_is_missing_is_found) {
  const TemporaryFolder workspace;
  const DatasetId parent = write(workspace.path(), some_bars());
  const DatasetId child = write(workspace.path(), some_bars(100), 0, {parent_of(workspace.path(), parent)});
  BOOST_TEST(problems(workspace.path(), child) == "");
  fs::remove(dataset_file(workspace.path(), parent));
  BOOST_TEST(holds(problems(workspace.path(), child), "no longer there"));
  market::Bars other = some_bars();
  other.close[0] = 1.25;
  write(workspace.path(), other, 1);
  BOOST_TEST(holds(problems(workspace.path(), child), "with the content hash"));
  BOOST_TEST(lineage(workspace.path(), child)["parents"][0]["state"] == "changed");
}

BOOST_AUTO_TEST_CASE(lineage_goes_down_to_the_sources) {
  const TemporaryFolder workspace;
  const DatasetId first = write(workspace.path(), some_bars());
  const DatasetId second = write(workspace.path(), some_bars(200), 0, {parent_of(workspace.path(), first)});
  const DatasetId third = write(workspace.path(), some_bars(100), 0, {parent_of(workspace.path(), second)});
  const Json tree = lineage(workspace.path(), third);
  BOOST_TEST(tree["parents"][0]["id"] == "bars/S/v2");
  BOOST_TEST(tree["parents"][0]["parents"][0]["id"] == "bars/S/v1");
  BOOST_TEST(tree["parents"][0]["parents"][0]["sources"][0]["name"] == "s.csv");
  BOOST_TEST(tree["parents"][0]["state"] == "present");
  fs::remove(dataset_file(workspace.path(), first));
  BOOST_TEST(lineage(workspace.path(), third)["parents"][0]["parents"][0]["state"] == "missing");
}

BOOST_AUTO_TEST_CASE(a_difference_is_told_stamp_by_stamp) {
  const TemporaryFolder workspace;
  market::Bars bars = some_bars(10);
  const DatasetId a = write(workspace.path(), bars);
  bars.close[3] = 4.25;
  bars.volume[3] = 99;
  bars.volume[5] = 98;
  bars.move_bar(9, 8);  // the ninth stamp is gone
  bars.resize(9);
  const DatasetId b = write(workspace.path(), bars);
  const Json difference = diff(workspace.path(), a, b);
  BOOST_TEST(difference["same_content"] == false);
  BOOST_TEST(difference["rows"]["only_a"] == 1);
  BOOST_TEST(difference["rows"]["only_b"] == 0);
  BOOST_TEST(difference["rows"]["both"] == 9);
  BOOST_TEST((difference["changed_rows"] == Json{{"close", 1}, {"volume", 2}}));
  BOOST_TEST(diff(workspace.path(), a, write(workspace.path(), some_bars(10)))["same_content"] == true);
}

BOOST_AUTO_TEST_CASE(sets_of_different_kinds_are_not_compared) {
  const TemporaryFolder workspace;
  const DatasetId a = write(workspace.path(), some_bars(10));
  BOOST_CHECK_THROW(diff(workspace.path(), a, {"embeddings", "S", 1}), DataError);
}

BOOST_AUTO_TEST_CASE(another_file_in_the_place_of_a_data_set_is_found) {
  const TemporaryFolder workspace;
  const DatasetId first = write(workspace.path(), some_bars(300)), second = write(workspace.path(), some_bars(200));
  fs::copy_file(dataset_file(workspace.path(), second), dataset_file(workspace.path(), first),
                fs::copy_options::overwrite_existing);
  BOOST_TEST(holds(problems(workspace.path(), first), "another file has taken its place"));
  BOOST_TEST(problems(workspace.path(), second) == "");
}

BOOST_AUTO_TEST_CASE(of_two_that_write_at_once_each_gets_a_version) {
  const TemporaryFolder workspace;
  DatasetWriter one(workspace.path(), {"bars", "S", 0}), other(workspace.path(), {"bars", "S", 0});
  BOOST_TEST(one.id().version == other.id().version);
  for (DatasetWriter* writer : {&one, &other}) {
    write_bars(*writer, some_bars(), {.symbol = "S", .bar_seconds = 60, .source_timezone = "UTC"});
    writer->finish();
  }
  BOOST_TEST(one.id().version == 1);
  BOOST_TEST(other.id().version == 2);
  for (const DatasetId& id : {one.id(), other.id()}) BOOST_TEST(problems(workspace.path(), id) == "");
  // A version that was asked for by its number is another matter.
  DatasetWriter third(workspace.path(), {"bars", "S", 3}), late(workspace.path(), {"bars", "S", 3});
  for (DatasetWriter* writer : {&third, &late})
    write_bars(*writer, some_bars(), {.symbol = "S", .bar_seconds = 60, .source_timezone = "UTC"});
  third.finish();
  BOOST_CHECK_THROW(late.finish(), ConfigError);
}

BOOST_AUTO_TEST_SUITE_END()
