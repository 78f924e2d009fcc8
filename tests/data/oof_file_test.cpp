#include "data/tables/oof_file.h"

#include <boost/test/unit_test.hpp>
#include <functional>

#include "base/utc_time.h"
#include "data/store/registry.h"
#include "tests/data/damaged_files.h"
#include "tests/data/predicted_table.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::data;
using namespace moola::test;

namespace {

struct Predicted {
  TemporaryFolder folder;
  TableRows rows = random_rows(1, 60);
  Parent table = store_table(folder.path(), rows);
  OofToWrite oof = predictions_of(table, rows);

  WrittenOof write() const { return write_oof(folder.path(), oof); }
  OofFile read(const DatasetId& id) const { return OofFile(folder.path(), id); }
  // Written as it is, nothing checked.
  DatasetId write_unchecked() const {
    DatasetWriter writer(folder.path(), {"oof", oof.name});
    const OofRows& r = oof.rows;
    writer.write({{"proba", std::span(r.probability), {r.size(), r.probability.size() / r.size()}},
                  {"fold", std::span(r.fold)},
                  {"y", std::span(r.label)},
                  {"index", std::span(r.row)},
                  {"time", std::span(r.time)}});
    writer.file().set_attribute("data", to_string(oof.info.data.id));
    writer.file().set_attribute("data_content_sha256", oof.info.data.content_sha256);
    writer.file().set_attribute("horizon", std::int64_t{oof.info.horizon});
    writer.file().set_attribute("class_names", oof.info.class_names);
    writer.file().set_attribute("model", oof.info.model);
    writer.file().set_attribute("parameters", json_text(oof.info.parameters));
    writer.add_parent(oof.info.data);
    writer.finish();
    return writer.id();
  }
};

bool same(const OofRows& a, const OofRows& b) {
  return a.probability == b.probability && a.fold == b.fold && a.label == b.label && a.row == b.row && a.time == b.time;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(oof_file)

BOOST_AUTO_TEST_CASE(predictions_are_read_as_they_were_written) {
  const Predicted p;
  const WrittenOof written = p.write();
  BOOST_TEST(to_string(written.id) == "oof/cv/v1");
  BOOST_TEST(written.file == p.folder / "data/oof/cv/v1.h5");
  const OofFile read = p.read(written.id);
  BOOST_TEST(read.content_sha256() == written.content_sha256);
  BOOST_TEST(same(read.rows(), p.oof.rows));
  BOOST_TEST(to_string(read.info().data.id) == "feature_table/T/v1");
  BOOST_TEST(read.info().data.content_sha256 == p.table.content_sha256);
  BOOST_TEST(read.info().horizon == 5);
  BOOST_TEST(read.info().class_names == p.oof.info.class_names, boost::test_tools::per_element());
  BOOST_TEST(read.info().model == "xgboost depth=3");
  BOOST_TEST(read.info().parameters.dump() == p.oof.info.parameters.dump());
}

BOOST_AUTO_TEST_CASE(the_same_predictions_are_the_same_version_whoever_made_them) {
  Predicted p;
  const WrittenOof first = p.write();
  p.oof.circumstances = {{"run", "another"}};
  BOOST_TEST(to_string(p.write().id) == to_string(first.id));
  p.oof.info.parameters["rate"] = 0.2;
  BOOST_TEST(p.write().id.version == 2);
  p.oof.rows.fold.front() += 1;
  BOOST_TEST(p.write().id.version == 3);
  BOOST_TEST(list_versions(p.folder.path(), "oof", "cv").size() == 3U);
}

BOOST_AUTO_TEST_CASE(what_makes_no_sense_is_neither_written_nor_read) {
  const auto refused = [](const std::string& reason, const std::function<void(OofToWrite&)>& change) {
    Predicted p;
    change(p.oof);
    BOOST_TEST(holds(refusal_of([&] { p.write(); }), reason));
    BOOST_TEST(list_versions(p.folder.path(), "oof", "cv").empty());
    const DatasetId id = p.write_unchecked();
    const std::string said = refusal_of([&] { p.read(id); });
    BOOST_TEST(holds(said, reason));
    BOOST_TEST(holds(said, "v1.h5"));
  };
  const auto put = [&](float value) { return [value](OofToWrite& oof) { oof.rows.probability[7] = value; }; };
  refused("the probability nan of class 1 in row 2", put(std::numeric_limits<float>::quiet_NaN()));
  refused("the probability inf of class 1 in row 2", put(std::numeric_limits<float>::infinity()));
  refused("the probability -0.1 of class 1 in row 2", put(-0.1F));
  refused("the probability 1.5 of class 1 in row 2", put(1.5F));
  refused("in row 2 that sum to", put(0.1F + 0.0021F));
  refused("fold -1 in row 3", [](OofToWrite& oof) { oof.rows.fold[3] = -1; });
  refused("class 3 in row 4", [](OofToWrite& oof) { oof.rows.label[4] = 3; });
  refused("class -2 in row 4", [](OofToWrite& oof) { oof.rows.label[4] = -2; });
  refused("index 5 in row 4", [](OofToWrite& oof) { oof.rows.row[4] = oof.rows.row[3]; });
  refused("index -1 in row 0", [](OofToWrite& oof) { oof.rows.row[0] = -1; });
  refused("the class '0' twice", [](OofToWrite& oof) { oof.info.class_names[2] = "0"; });
  refused("a class without a name", [](OofToWrite& oof) { oof.info.class_names[2] = ""; });
  refused("values in 'proba'", [](OofToWrite& oof) { oof.info.class_names.emplace_back("2"); });
  refused("1 classes; expected two", [](OofToWrite& oof) { oof.info.class_names.resize(1); });
  refused("the horizon 0", [](OofToWrite& oof) { oof.info.horizon = 0; });
  refused("the horizon -5", [](OofToWrite& oof) { oof.info.horizon = -5; });
  refused("does not name its model", [](OofToWrite& oof) { oof.info.model.clear(); });
}

BOOST_AUTO_TEST_CASE(a_sum_may_miss_one_by_a_thousandth) {
  Predicted p;
  p.oof.rows.probability[7] += 0.0009F;
  BOOST_TEST(same(p.read(p.write().id).rows(), p.oof.rows));
  p.oof.rows.probability[7] += 0.0002F;
  BOOST_CHECK_THROW(p.write(), DataError);
}

BOOST_AUTO_TEST_CASE(columns_of_unequal_length_are_refused) {
  for (const auto& shorten : std::vector<std::function<void(OofRows&)>>{
           [](OofRows& rows) { rows.fold.pop_back(); }, [](OofRows& rows) { rows.label.pop_back(); },
           [](OofRows& rows) { rows.time.pop_back(); }, [](OofRows& rows) { rows.probability.pop_back(); },
           [](OofRows& rows) { rows.row.pop_back(); }, [](OofRows& rows) { rows = {}; }}) {
    Predicted p;
    shorten(p.oof.rows);
    BOOST_CHECK_THROW(p.write(), DataError);
  }
}

BOOST_AUTO_TEST_CASE(predictions_of_bars_or_of_something_unknown_are_refused) {
  Predicted p;
  p.oof.info.data.id.kind = "bars";
  BOOST_TEST(holds(refusal_of([&] { p.write(); }), "bars/T/v1"));
  p.oof.info.data.id.kind = "labeled_windows";
  BOOST_TEST(holds(refusal_of([&] { p.write(); }), "windows have 0"));
  p.oof.name = "../cv";
  p.oof.info = Predicted().oof.info;
  BOOST_CHECK_THROW(p.write(), ConfigError);
}

BOOST_AUTO_TEST_CASE(the_data_set_may_be_gone_but_not_changed_or_shorter) {
  {
    Predicted p;
    const DatasetId id = p.write().id;
    std::filesystem::remove(dataset_file(p.folder.path(), p.table.id));
    BOOST_TEST(p.read(id).size() == 58U);
    store_table(p.folder.path(), random_rows(2, 60));
    BOOST_TEST(holds(refusal_of([&] { p.read(id); }), "content hash"));
  }
  Predicted p;
  p.oof.rows.row.back() = 59;
  BOOST_CHECK_NO_THROW(p.read(p.write().id));
  p.oof.rows.row.back() = 60;
  const DatasetId id = p.write().id;
  BOOST_TEST(holds(refusal_of([&] { p.read(id); }), "predicts row 60 of feature_table/T/v1, which has 60"));
}

BOOST_AUTO_TEST_CASE(a_file_that_was_cut_or_has_a_flipped_byte_gives_no_other_predictions) {
  const Predicted p;
  const WrittenOof written = p.write();
  damage(
      written.file, [&] { return p.read(written.id); },
      [&](const OofFile& read) { return same(read.rows(), p.oof.rows); });
}

BOOST_AUTO_TEST_CASE(the_registry_shows_predictions_with_what_they_are_of) {
  const Predicted p;
  const WrittenOof written = p.write();
  BOOST_TEST(verify(p.folder.path(), written.id).problems.empty());
  const Json about = describe(p.folder.path(), written.id), from = lineage(p.folder.path(), written.id);
  BOOST_TEST(about["schema"] == "moola.oof/1");
  BOOST_TEST(about["attributes"]["model"] == "xgboost depth=3");
  BOOST_TEST(about["manifest"]["first"] == utc_text(p.oof.rows.time.front()));
  BOOST_REQUIRE(from["parents"].size() == 1U);
  BOOST_TEST(from["parents"][0]["id"] == "feature_table/T/v1");
  BOOST_TEST(from["parents"][0]["state"] == "present");
  BOOST_TEST(list_datasets(p.folder.path()).size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
