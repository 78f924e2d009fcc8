#include "data/label_issues/clean_labels.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "base/sha256.h"
#include "data/store/registry.h"
#include "tests/data/doubted_labels.h"

using namespace moola;
using namespace moola::data;
using namespace moola::test;

namespace {

std::vector<double> features_of(const FeatureTableFile& table) {
  std::vector<double> x(table.size() * table.features());
  table.read_features(0, table.size(), x);
  return x;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return std::ranges::equal(std::as_bytes(std::span(a)), std::as_bytes(std::span(b)));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(clean_labels_of_data_sets)

BOOST_AUTO_TEST_CASE(decisions_change_their_rows_and_nothing_else) {
  for (const FeaturePrecision precision : {FeaturePrecision::float64, FeaturePrecision::float32}) {
    const Doubted d(1, precision);
    const std::vector<ReviewedRow> listed = read_issue_list(d.listed());
    BOOST_REQUIRE(listed.size() == 12U);
    const std::size_t dropped = static_cast<std::size_t>(listed[0].row), up = static_cast<std::size_t>(listed[2].row);
    const std::string other = listed[2].given_label == "1" ? "0" : "1";
    const std::filesystem::path review = d.decided({" Drop ", "keep", other, listed[3].given_label, "KEEP"});
    const CleanResult result = d.clean(review);
    BOOST_TEST(to_string(result.id) == "feature_table/T/v2");
    BOOST_TEST(result.dropped == 1U);
    BOOST_TEST(result.kept == 10U);
    BOOST_TEST(result.relabelled.size() == 1U);
    BOOST_TEST(result.relabelled.at(listed[2].given_label + " to " + other) == 1U);
    BOOST_TEST(result.rows == kRows);
    BOOST_TEST(read_file(result.review) == read_file(review));

    const FeatureTableFile before(d.folder.path(), d.table.id), after(d.folder.path(), result.id);
    BOOST_TEST((after.precision() == precision));
    BOOST_TEST((features_of(after) == features_of(before)));
    BOOST_TEST(after.rows().time == d.rows.time, boost::test_tools::per_element());
    BOOST_TEST(after.rows().symbol == d.rows.symbol, boost::test_tools::per_element());
    BOOST_TEST(after.rows().segment == d.rows.segment, boost::test_tools::per_element());
    const HorizonColumns &was = d.rows.horizons[0], &is = after.horizon(5);
    for (std::size_t row = 0; row < kRows; ++row) {
      const bool gone = row == dropped;
      BOOST_TEST(is.label[row] == (gone ? kInvalidLabel : row == up ? std::stoi(other) : was.label[row]));
      BOOST_TEST(is.t1[row] == (gone ? kNoTime : was.t1[row]));
      BOOST_TEST(is.weight[row] == (gone ? 0.0F : was.weight[row]));
      BOOST_TEST((gone ? std::isnan(is.quality[row]) : same_bits({is.quality[row]}, {was.quality[row]})));
    }
    BOOST_TEST(after.horizon(20).label == d.rows.horizons[1].label, boost::test_tools::per_element());
    BOOST_TEST(same_bits(after.horizon(20).quality, d.rows.horizons[1].quality));
    BOOST_TEST(verify(d.folder.path(), result.id).problems.empty());
  }
}

BOOST_AUTO_TEST_CASE(the_new_version_says_what_it_is_made_of_and_what_its_labels_have_seen) {
  const Doubted d;
  const std::filesystem::path review = d.decided({"drop"});
  const CleanResult result = d.clean(review);
  const FeatureTableFile after(d.folder.path(), result.id);
  BOOST_TEST((after.info().pedigree == Pedigree::recorded));
  const std::int64_t last = std::ranges::max(d.rows.horizons[0].t1);
  const std::vector<FittedPart> expected{{.name = "barriers", .seen = {{10, 20}}},
                                         {.name = "labels", .seen = {{d.rows.time.front(), last}}}};
  BOOST_TEST((after.info().fitted == expected));
  const Json& manifest = after.manifest();
  BOOST_TEST(manifest["parameters"]["clean"] == "timeframe = \"5m\"");
  BOOST_TEST(manifest["cleaned"]["data"] == "feature_table/T/v1");
  BOOST_TEST(manifest["cleaned"]["oof"] == "oof/cv/v1");
  BOOST_TEST(manifest["cleaned"]["review_sha256"] == sha256_of_file(review));
  BOOST_TEST(manifest["cleaned"]["changes"]["dropped"] == 1);
  std::vector<std::string> parents;
  for (const Json& parent : manifest["parents"]) parents.push_back(parent["id"]);
  BOOST_TEST(parents == (std::vector<std::string>{"feature_table/T/v1", "bars/AAA/v1", "oof/cv/v1"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_same_list_is_the_same_version_and_a_second_round_adds_to_what_was_seen) {
  const Doubted d;
  const std::filesystem::path review = d.decided({"drop"});
  BOOST_TEST(d.clean(review).id.version == 2);
  BOOST_TEST(d.clean(review).id.version == 2);
  BOOST_TEST(to_string(d.clean(review, "other").id) == "feature_table/other/v1");

  const CleanResult first = d.clean(review);
  const FeatureTableFile cleaned(d.folder.path(), first.id);
  OofToWrite again = predictions_of({first.id, first.content_sha256}, cleaned.rows());
  again.name = "again";
  const DatasetId second = write_oof(d.folder.path(), again).id;
  const OofFile file(d.folder.path(), second);
  const std::string text = "index,given_label,decision,oof\n2," + std::to_string(cleaned.horizon(5).label[2]) +
                           ",drop," + mark_of(file) + "\n";
  const CleanResult result = clean_labels(d.folder.path(), {.review = d.put(text), .oof = second});
  BOOST_TEST(to_string(result.id) == "feature_table/T/v3");
  const FeatureTableFile after(d.folder.path(), result.id);
  BOOST_REQUIRE(after.info().fitted.size() == 2U);
  BOOST_TEST(after.info().fitted[1].name == "labels");
  BOOST_TEST(after.manifest()["cleaned"]["data"] == "feature_table/T/v2");
}

BOOST_AUTO_TEST_CASE(a_list_that_does_not_fit_is_refused_by_its_row) {
  const Doubted d;
  const std::string label = d.label_text(3), other = label == "0" ? "1" : "0";
  const auto said = [&](const std::string& index, const std::string& given, const std::string& decision) {
    return d.said_of(d.list_of({{"2", d.label_text(2), ""}, {index, given, decision}}));
  };
  BOOST_TEST(holds(said("3", label, "dorp"), "row 1 (counted from 0): 'dorp' is no decision. Did you mean 'drop'?"));
  BOOST_TEST(holds(said("3", label, "2"), "keep, drop, or the name of a class (-1, 0, 1)"));
  BOOST_TEST(holds(said("3", other, "drop"), "row 3 the label '" + other + "'"));
  BOOST_TEST(holds(said("3", "", "drop"), "the label ''"));
  BOOST_TEST(holds(said("4", "-99", "drop"), "it is none"));
  BOOST_TEST(holds(said("300", "1", "drop"), "row 300 of feature_table/T/v1, which has 300"));
  BOOST_TEST(holds(said("2", d.label_text(2), "drop"), "row 2 of the data set is decided in row 0 too"));
  BOOST_TEST(holds(said("3", label, ""), "drops and relabels nothing"));
  BOOST_TEST(holds(said("3", label, label), "drops and relabels nothing"));
  BOOST_TEST(holds(d.said_of("index,given_label,decision,oof\n"), "drops and relabels nothing"));
}

BOOST_AUTO_TEST_CASE(a_list_of_other_predictions_is_refused) {
  const Doubted d;
  const std::string text = d.list_of({{"3", d.label_text(3), "drop"}});
  std::string other = text;
  other.replace(other.find("oof/cv/v1"), 9, "oof/cv/v2");
  BOOST_TEST(holds(d.said_of(other), "'oof/cv/v2"));
  std::string changed = text;
  changed[changed.size() - 2] = changed[changed.size() - 2] == '0' ? '1' : '0';  // the last digit of the hash
  BOOST_TEST(holds(d.said_of(changed), "name those that the list was made from"));
  BOOST_TEST(to_string(d.clean(d.put(text)).id) == "feature_table/T/v2");
}

BOOST_AUTO_TEST_CASE(a_list_that_is_none_is_refused) {
  const Doubted d;
  const std::string mark = mark_of(d.predictions()), head = "index,given_label,decision,oof\n";
  const auto said = [&](const std::string& text) { return d.said_of(text); };
  BOOST_TEST(holds(said(""), "is empty"));
  BOOST_TEST(holds(said("index,given_label,decision\n3,1,drop\n"), "no column 'oof'"));
  BOOST_TEST(holds(said("given_label,decision,oof\n1,drop,x\n"), "no column 'index'"));
  BOOST_TEST(holds(said("index,index,given_label,decision,oof\n3,3,1,drop,x\n"), "two columns 'index'"));
  for (const char* index : {"", "x", "-1", "3.5", "1e300", "nan", "inf", "99999999999999999999"})
    BOOST_TEST(holds(said(fmt::format("{}{},1,drop,{}\n", head, index, mark)), "expected the number of a row"));
  BOOST_TEST(!said(head + "3,1,drop\n").empty());
  BOOST_TEST(!said(head + "3,\"1,drop," + mark + "\n").empty());
  BOOST_TEST(!said(fmt::format("{}3,1,\xff\xfe,{}\n", head, mark)).empty());
  BOOST_TEST(!said(head + std::string(1, '\0') + ",,,\n").empty());
  // Cut anywhere, it is refused or decides no more than it did.
  const std::string whole = d.list_of({{"3", d.label_text(3), "keep"}, {"5", d.label_text(5), "keep"}});
  for (std::size_t length = 0; length < whole.size(); ++length) BOOST_TEST(!said(whole.substr(0, length)).empty());
}

BOOST_AUTO_TEST_CASE(a_list_may_come_back_from_a_spreadsheet) {
  const Doubted d;
  std::string text = "rank;index;note;given_label;decision;oof\r\n";
  text += "1;3.0;\"seen; twice\";" + d.label_text(3) + ";drop;" + mark_of(d.predictions()) + "\r\n";
  const CleanResult result = d.clean(d.put(text));
  BOOST_TEST((FeatureTableFile(d.folder.path(), result.id).horizon(5).label[3] == kInvalidLabel));
}

BOOST_AUTO_TEST_CASE(windows_are_dropped_and_relabelled_and_all_else_stays) {
  const DoubtedWindows d;
  const CleanResult result = d.clean("0,down,up 1,up,drop 2,down,keep 3,up,flat");
  BOOST_TEST(to_string(result.id) == "labeled_windows/W/v2");
  BOOST_TEST(result.rows_before == 6U);
  BOOST_TEST(result.rows == 5U);
  const DatasetReader before(d.folder.path(), {"labeled_windows", "W", 1}), after(d.folder.path(), result.id);
  const WindowTable was = read_window_table(before), is = read_window_table(after);
  const WindowTable left = was.chosen({0, 2, 3, 4, 5});
  BOOST_TEST(is.labels == (std::vector<std::string>{"up", "down", "flat", "down", "up"}),
             boost::test_tools::per_element());
  BOOST_TEST(is.label_names == was.label_names, boost::test_tools::per_element());
  BOOST_TEST(is.x == left.x, boost::test_tools::per_element());
  BOOST_TEST(is.window_ids == left.window_ids, boost::test_tools::per_element());
  BOOST_TEST(is.t0 == left.t0, boost::test_tools::per_element());
  BOOST_TEST(is.raw_end == left.raw_end, boost::test_tools::per_element());
  BOOST_TEST(is.weight == left.weight, boost::test_tools::per_element());
  BOOST_TEST(after.file().text_attribute("symbol") == "BTCUSD");
  BOOST_TEST(after.manifest()["source_sha256"] == "ab");
  BOOST_TEST(after.manifest()["fitted"]["labels"][1] == "1970-01-01T00:00:00.0000055Z");
  BOOST_TEST(verify(d.folder.path(), result.id).problems.empty());
}

BOOST_AUTO_TEST_CASE(a_list_that_drops_every_window_is_refused) {
  const DoubtedWindows d;
  BOOST_TEST(holds(refusal_of([&] { d.clean("0,down,drop 1,up,drop 2,down,drop 3,up,drop 4,down,drop 5,up,drop"); }),
                   "none would be left"));
}

BOOST_AUTO_TEST_CASE(a_class_that_is_called_like_a_decision_is_refused) {
  const DoubtedWindows d({"drop", "flat", "up"});
  BOOST_TEST(holds(refusal_of([&] { d.clean("0,drop,up"); }), "a class 'drop'"));
}

BOOST_AUTO_TEST_SUITE_END()
