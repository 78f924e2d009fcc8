#include "data/tables/embeddings_file.h"

#include <boost/test/unit_test.hpp>
#include <functional>
#include <limits>
#include <random>

#include "base/utc_time.h"
#include "data/store/registry.h"
#include "data/windows/window_table_file.h"
#include "tests/data/damaged_files.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::data;
using namespace moola::test;

namespace {

constexpr std::size_t kWindows = 30, kDims = 4;

Parent store_windows(const std::filesystem::path& workspace, std::uint64_t seed, std::size_t windows = kWindows) {
  std::mt19937_64 random(seed);
  WindowTable table{.windows = windows, .length = 3, .channels = 1};
  table.channel_names = {"value"};
  table.label_names = {"a", "b"};
  for (std::size_t i = 0; i < windows; ++i) {
    for (int bar = 0; bar < 3; ++bar) table.x.push_back(static_cast<float>(random() % 1000));
    table.labels.emplace_back(random() % 2 == 0 ? "a" : "b");
  }
  DatasetWriter writer(workspace, {"labeled_windows", "W"});
  write_window_table(writer, table);
  const std::string hash = writer.finish();
  return {writer.id(), hash};
}

Json spans(const char* first, const char* end) {
  return Json::array({{{"symbol", "W"}, {"times", Json::array({Json::array({first, end})})}}});
}

struct Encoded {
  TemporaryFolder folder;
  Parent windows = store_windows(folder.path(), 1);
  EmbeddingsToWrite embeddings{.name = "E",
                               .info = {.data = windows,
                                        .encoder = "tiny-v1",
                                        .encoder_sha256 = std::string(64, 'a'),
                                        .pooling = "mean",
                                        .seen = spans("2020-01-01", "2020-03-01"),
                                        .selected_on = spans("2020-03-02", "2020-04-01")},
                               .dims = kDims,
                               .parameters = {{"scale", 2.5}}};

  Encoded() {
    std::mt19937_64 random(2);
    std::normal_distribution<float> normal;
    for (std::size_t i = 0; i < kWindows * kDims; ++i) embeddings.z.push_back(normal(random));
  }
  WrittenEmbeddings write() const { return write_embeddings(folder.path(), embeddings); }
  EmbeddingsFile read(const DatasetId& id) const { return EmbeddingsFile(folder.path(), id); }
  // Written as it is, nothing checked.
  DatasetId write_unchecked() const {
    DatasetWriter writer(folder.path(), {"embeddings", embeddings.name});
    const EmbeddingsInfo& info = embeddings.info;
    writer.write({{"Z", std::span(embeddings.z), {embeddings.z.size() / embeddings.dims, embeddings.dims}}});
    writer.file().set_attribute("data", to_string(info.data.id));
    writer.file().set_attribute("data_content_sha256", info.data.content_sha256);
    writer.file().set_attribute("encoder", info.encoder);
    writer.file().set_attribute("encoder_sha256", info.encoder_sha256);
    writer.file().set_attribute("pooling", info.pooling);
    writer.file().set_attribute("encoder_seen", json_text(info.seen));
    writer.file().set_attribute("encoder_selected_on", json_text(info.selected_on));
    writer.add_parent(info.data);
    writer.finish();
    return writer.id();
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(embeddings_file)

BOOST_AUTO_TEST_CASE(embeddings_are_read_as_they_were_written) {
  const Encoded e;
  const WrittenEmbeddings written = e.write();
  BOOST_TEST(to_string(written.id) == "embeddings/E/v1");
  BOOST_TEST(written.file == e.folder / "data/embeddings/E/v1.h5");
  const EmbeddingsFile read = e.read(written.id);
  BOOST_TEST(read.content_sha256() == written.content_sha256);
  BOOST_TEST(read.size() == kWindows);
  BOOST_TEST(read.dims() == kDims);
  BOOST_TEST((read.z() == e.embeddings.z));
  BOOST_TEST(to_string(read.info().data.id) == "labeled_windows/W/v1");
  BOOST_TEST(read.info().encoder == "tiny-v1");
  BOOST_TEST(read.info().encoder_sha256 == std::string(64, 'a'));
  BOOST_TEST(read.info().pooling == "mean");
  BOOST_TEST(read.info().seen == e.embeddings.info.seen);
  BOOST_TEST(read.manifest()["encoder"]["selected_on"] == e.embeddings.info.selected_on);
  BOOST_TEST(read.manifest()["parameters"]["scale"] == 2.5);
}

BOOST_AUTO_TEST_CASE(the_same_embeddings_are_the_same_version_wherever_they_were_made) {
  Encoded e;
  const WrittenEmbeddings first = e.write();
  e.embeddings.circumstances = {{"device", "another"}};
  BOOST_TEST(to_string(e.write().id) == to_string(first.id));
  e.embeddings.info.encoder_sha256 = std::string(64, 'b');
  BOOST_TEST(e.write().id.version == 2);
  e.embeddings.z[5] += 1;
  BOOST_TEST(e.write().id.version == 3);
}

// A range of a header is open at its end, what is fitted has seen both ends.
BOOST_AUTO_TEST_CASE(what_the_encoder_has_seen_becomes_what_was_fitted) {
  Encoded e;
  const std::vector<FittedPart> parts = fitted_parts(e.embeddings.info);
  BOOST_REQUIRE(parts.size() == 2U);
  BOOST_TEST(parts[0].name == "encoder");
  BOOST_REQUIRE(parts[0].seen.size() == 1U);
  BOOST_TEST(parts[0].seen[0].first == parse_utc("2020-01-01"));
  BOOST_TEST(parts[0].seen[0].last == parse_utc("2020-03-01") - 1);
  BOOST_TEST(parts[1].name == "encoder_choice");
  BOOST_TEST(parts[1].seen[0].first == parse_utc("2020-03-02"));
  e.embeddings.info.selected_on = e.embeddings.info.seen = Json::array();
  BOOST_REQUIRE(fitted_parts(e.embeddings.info).size() == 1U);
  BOOST_TEST(fitted_parts(e.embeddings.info)[0].seen.empty());
}

BOOST_AUTO_TEST_CASE(what_makes_no_sense_is_neither_written_nor_read) {
  const auto refused = [](const std::string& reason, const std::function<void(EmbeddingsToWrite&)>& change) {
    Encoded e;
    change(e.embeddings);
    BOOST_TEST(holds(refusal_of([&] { e.write(); }), reason));
    BOOST_TEST(list_versions(e.folder.path(), "embeddings", "E").empty());
    const DatasetId id = e.write_unchecked();
    const std::string said = refusal_of([&] { e.read(id); });
    BOOST_TEST(holds(said, reason), said);
    BOOST_TEST(holds(said, "v1.h5"), said);
  };
  refused("the value nan in row 1, column 3", [](auto& out) { out.z[7] = std::numeric_limits<float>::quiet_NaN(); });
  refused("the value -inf in row 0, column 0", [](auto& out) { out.z[0] = -std::numeric_limits<float>::infinity(); });
  refused("does not name its encoder", [](auto& out) { out.info.encoder.clear(); });
  refused("for its encoder's SHA-256", [](auto& out) { out.info.encoder_sha256 = "xyz"; });
  refused("for its encoder's SHA-256", [](auto& out) { out.info.encoder_sha256[3] = 'G'; });
  refused("is pooled by 'sum'", [](auto& out) { out.info.pooling = "sum"; });
  refused("'encoder_seen' that is no list of a symbol", [](auto& out) { out.info.seen = Json::array({1, 2}); });
  refused("'encoder_seen' of which it is no list", [](auto& out) { out.info.seen = Json::object(); });
  refused("'encoder_selected_on' that is no list of a symbol",
          [](auto& out) { out.info.selected_on[0].erase("symbol"); });
  refused("'encoder_seen' that is no list of a symbol",
          [](auto& out) { out.info.seen[0]["times"][0] = Json::array({"2020-01-01"}); });
  refused("is no range of times", [](auto& out) { out.info.seen = spans("2020-03-01", "2020-03-01"); });
  refused("'encoder_seen' of which", [](auto& out) { out.info.seen = spans("2020-03-01", "yesterday"); });
  refused("embeddings are of labeled_windows", [](auto& out) { out.info.data.id.kind = "bars"; });
}

BOOST_AUTO_TEST_CASE(rows_of_unequal_length_and_none_at_all_are_refused) {
  Encoded e;
  e.embeddings.z.pop_back();
  BOOST_TEST(holds(refusal_of([&] { e.write(); }), "119 values in rows of 4"));
  e.embeddings.z.clear();
  BOOST_TEST(holds(refusal_of([&] { e.write(); }), "holds nothing"));
  e.embeddings.name = "../E";
  e.embeddings.z = {1, 2, 3, 4};
  BOOST_CHECK_THROW(e.write(), ConfigError);
}

BOOST_AUTO_TEST_CASE(the_windows_may_be_gone_but_not_changed_or_of_another_number) {
  {
    const Encoded e;
    const DatasetId id = e.write().id;
    std::filesystem::remove(dataset_file(e.folder.path(), e.windows.id));
    BOOST_TEST(e.read(id).size() == kWindows);
    store_windows(e.folder.path(), 2);
    BOOST_TEST(holds(refusal_of([&] { e.read(id); }), "content hash"));
  }
  Encoded e;
  e.embeddings.z.resize(e.embeddings.z.size() - kDims);
  const DatasetId id = e.write().id;
  BOOST_TEST(holds(refusal_of([&] { e.read(id); }), "has 29 rows, but labeled_windows/W/v1 has 30 windows"));
}

// What a file holds in the place of an attribute may be anything.
BOOST_AUTO_TEST_CASE(attributes_of_another_type_and_text_that_is_no_json_are_refused) {
  const std::vector<std::pair<std::string, hdf5::Attribute>> wrong{{"encoder", std::int64_t{3}},
                                                                   {"pooling", 2.5},
                                                                   {"encoder_sha256", std::vector<std::string>{"a"}},
                                                                   {"encoder_seen", std::string("[{")},
                                                                   {"encoder_selected_on", std::int64_t{0}},
                                                                   {"data", std::int64_t{1}}};
  for (const auto& [name, value] : wrong) {
    const Encoded e;
    const WrittenEmbeddings written = e.write();
    std::filesystem::permissions(written.file, std::filesystem::perms::owner_write, std::filesystem::perm_options::add);
    hdf5::File file = hdf5::File::open_to_add(written.file);
    file.set_attribute(name, value);
    file.close();
    BOOST_TEST(holds(refusal_of([&] { e.read(written.id); }), "v1.h5"), name);
  }
}

// A file can say any shape without holding it: chunks that were never written take no room.
BOOST_AUTO_TEST_CASE(a_shape_that_the_file_cannot_hold_takes_no_memory) {
  const Encoded e;
  DatasetWriter writer(e.folder.path(), {"embeddings", "E"});
  writer.file().create_dataset("Z", hdf5::Type::float32, {std::uint64_t{1} << 40, 16}, {.chunk = {1, 16}});
  for (const auto& [name, value] : {std::pair("data", to_string(e.windows.id)),
                                    {"data_content_sha256", e.windows.content_sha256},
                                    {"encoder", std::string("tiny-v1")},
                                    {"encoder_sha256", std::string(64, 'a')},
                                    {"pooling", std::string("mean")},
                                    {"encoder_seen", std::string("[]")},
                                    {"encoder_selected_on", std::string("[]")}})
    writer.file().set_attribute(name, value);
  const std::filesystem::path made = writer.file().path();
  writer.file().close();
  const std::filesystem::path target = dataset_file(e.folder.path(), {"embeddings", "E", 1});
  const Encoded sound;
  const DatasetId id = sound.write().id;
  // The head of a sound file around that shape: as little as someone needs who means harm.
  std::filesystem::copy_file(made, target);
  {
    const hdf5::File whole = hdf5::File::open(sound.folder / "data/embeddings/E/v1.h5");
    hdf5::File hostile = hdf5::File::open_to_add(target);
    hostile.set_attribute("schema", "moola.embeddings/1");
    const Json parents = Json::array({{{"id", to_string(e.windows.id)}, {"content_sha256", e.windows.content_sha256}}});
    const std::string manifest = json_text({{"parents", parents}});
    hostile.set_attribute("manifest", manifest);
    hostile.set_attribute("manifest_sha256", sha256_hex(manifest));
    hostile.set_attribute("content_sha256", std::string(64, 'c'));
    hostile.close();
  }
  BOOST_TEST(holds(refusal_of([&] { e.read(id); }), "claims 1099511627776 rows of 16 values"));
}

BOOST_AUTO_TEST_CASE(a_file_that_was_cut_or_has_a_flipped_byte_gives_no_other_embeddings) {
  const Encoded e;
  const WrittenEmbeddings written = e.write();
  damage(
      written.file, [&] { return e.read(written.id); },
      [&](const EmbeddingsFile& read) { return read.z() == e.embeddings.z; });
}

BOOST_AUTO_TEST_CASE(the_registry_shows_embeddings_with_what_they_are_of) {
  const Encoded e;
  const WrittenEmbeddings written = e.write();
  BOOST_TEST(verify(e.folder.path(), written.id).problems.empty());
  const Json about = describe(e.folder.path(), written.id), from = lineage(e.folder.path(), written.id);
  BOOST_TEST(about["schema"] == "moola.embeddings/1");
  BOOST_TEST(about["attributes"]["encoder"] == "tiny-v1");
  BOOST_REQUIRE(from["parents"].size() == 1U);
  BOOST_TEST(from["parents"][0]["id"] == "labeled_windows/W/v1");
  BOOST_TEST(from["parents"][0]["state"] == "present");
}

BOOST_AUTO_TEST_SUITE_END()
