#include "data/tables/import_table.h"

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/utc_time.h"
#include "data/export/export_dataset.h"
#include "data/tables/table_parts.h"
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

struct Folder {
  test::TemporaryFolder folder;

  TableImportResult import(const std::string& csv, TableImport options = {}, const std::string& name = "t.csv") const {
    write_file(folder / name, csv);
    options.files = {folder / name};
    return import_table(folder.path(), options);
  }
  FeatureTableFile open(const TableImportResult& result) const { return {folder.path(), result.id}; }
  // Refuses, and nothing is left in the workspace.
  template <class E = DataError>
  void refused(const std::string& csv, const std::string& reason, const TableImport& options = {}) const {
    BOOST_CHECK_EXCEPTION(import(csv, options), E, says(reason));
    BOOST_TEST(list_datasets(folder.path()).empty());
  }
};

std::vector<double> features_of(const FeatureTableFile& table) {
  std::vector<double> x(table.size() * table.features());
  table.read_features(0, table.size(), x);
  return x;
}

// Three rows a minute apart, labelled as the Python factory writes it.
const std::string kFactory =
    "datetime,symbol,open,close,rsi_14,flag,label_h20,label_end_time_h20,sample_weight_h20,quality_h20,mae_h20\n"
    "2020-01-01 00:00:00,MES,1,2,0.5,true,1,2020-01-01 00:02:00,1.5,0.9,0.1\n"
    "2020-01-01 00:01:00,MES,1,2,0.25,false,-99,,0.5,0.1,0.1\n"
    "2020-01-01 00:02:00,MES,1,2,-1e3,true,-1,2020-01-01 00:05:00,1.0,0.5,0.1\n";

constexpr std::int64_t kMinute = 60'000'000'000;

}  // namespace

BOOST_AUTO_TEST_SUITE(table_import)

BOOST_AUTO_TEST_CASE(a_table_of_the_factory_is_understood_by_its_names) {
  const Folder folder;
  const TableImportResult result = folder.import(kFactory);
  BOOST_TEST(to_string(result.id) == "feature_table/t/v1");
  const FeatureTableFile table = folder.open(result);
  const std::int64_t start = parse_utc("2020-01-01");
  BOOST_TEST(table.rows().time == (std::vector<std::int64_t>{start, start + kMinute, start + 2 * kMinute}),
             boost::test_tools::per_element());
  BOOST_TEST(table.info().feature_names == (std::vector<std::string>{"rsi_14", "flag"}),
             boost::test_tools::per_element());
  BOOST_TEST(features_of(table) == (std::vector<double>{0.5, 1, 0.25, 0, -1000, 1}), boost::test_tools::per_element());
  const HorizonColumns& labels = table.horizon(20);
  BOOST_TEST(labels.label == (std::vector<std::int8_t>{1, -99, -1}), boost::test_tools::per_element());
  BOOST_TEST(labels.t1 == (std::vector<std::int64_t>{start + 2 * kMinute, kNoTime, start + 5 * kMinute}),
             boost::test_tools::per_element());
  BOOST_TEST(labels.weight == (std::vector<float>{1.5F, 0.5F, 1}), boost::test_tools::per_element());
  BOOST_TEST(labels.quality == (std::vector<float>{0.9F, 0.1F, 0.5F}), boost::test_tools::per_element());
  BOOST_TEST(table.info().symbols == std::vector<std::string>{"MES"}, boost::test_tools::per_element());
  BOOST_TEST((table.info().pedigree == Pedigree::unknown));
  BOOST_TEST(result.left_out.at("known only afterwards") == std::vector<std::string>{"mae_h20"},
             boost::test_tools::per_element());
  BOOST_TEST(result.left_out.at("bars") == (std::vector<std::string>{"open", "close"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_asked_for_by_name_is_a_feature_whatever_its_name) {
  const Folder folder;
  const TableImportResult result = folder.import(kFactory, {.columns = {.features = {"close", "rsi*"}}});
  BOOST_TEST(result.features == (std::vector<std::string>{"close", "rsi_14"}), boost::test_tools::per_element());
  BOOST_TEST(folder.import(kFactory, {.columns = {.exclude = {"rsi*"}}}).features == std::vector<std::string>{"flag"},
             boost::test_tools::per_element());
  BOOST_CHECK_EXCEPTION(folder.import(kFactory, {.columns = {.features = {"rsi_13"}}}), ConfigError,
                        says("Did you mean 'rsi_14'?"));
  BOOST_CHECK_EXCEPTION(folder.import(kFactory, {.columns = {.features = {"atr*"}}}), ConfigError, says("begins so"));
}

BOOST_AUTO_TEST_CASE(columns_may_have_any_names_when_they_are_said) {
  const Folder folder;
  const TableImport options{
      .columns = {.time = "when", .symbol = "who", .labels = {"up"}, .t1 = {"until"}, .weights = {"w"}, .horizon = 7},
      .label_values = {{"yes", 1}, {"no", 0}}};
  const FeatureTableFile table =
      folder.open(folder.import("when;who;up;until;w;x\n"
                                "1577836800;B;yes;1577836860;1;3\n"
                                "1577836800;A;no;1577836800;2;4\n",
                                options));
  BOOST_TEST(table.info().symbols == (std::vector<std::string>{"A", "B"}), boost::test_tools::per_element());
  BOOST_TEST(table.rows().symbol == (std::vector<std::int32_t>{0, 1}), boost::test_tools::per_element());
  BOOST_TEST(table.horizon(7).label == (std::vector<std::int8_t>{0, 1}), boost::test_tools::per_element());
  BOOST_TEST(table.rows().segment == (std::vector<std::int32_t>{0, 1}), boost::test_tools::per_element());
  BOOST_TEST(features_of(table) == (std::vector<double>{4, 3}), boost::test_tools::per_element());
  BOOST_CHECK_EXCEPTION(folder.import("time,x\n1577836800,1\n", {.columns = {.time = "tim"}}), ConfigError,
                        says("Did you mean 'time'?"));
}

BOOST_AUTO_TEST_CASE(letters_are_bars_only_where_open_high_low_and_close_are_all_there) {
  const Folder folder;
  const auto features = [&](const std::string& csv) { return folder.import(csv).features; };
  BOOST_TEST(features("time,a,h,l,c\n2020-01-01,1,2,3,4\n") == (std::vector<std::string>{"a", "h", "l", "c"}),
             boost::test_tools::per_element());
  BOOST_TEST(features("time,a,O,H,L,C\n2020-01-01,1,2,3,4,5\n") == std::vector<std::string>{"a"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(rows_are_put_in_the_order_of_time_and_counted) {
  const Folder folder;
  const TableImportResult result = folder.import("time,x,label\n2020-01-03,3,1\n2020-01-01,1,0\n2020-01-02,2,-1\n");
  BOOST_TEST(result.reordered == 1U);
  const FeatureTableFile table = folder.open(result);
  BOOST_TEST(features_of(table) == (std::vector<double>{1, 2, 3}), boost::test_tools::per_element());
  BOOST_TEST(table.horizon(1).label == (std::vector<std::int8_t>{0, -1, 1}), boost::test_tools::per_element());
  BOOST_TEST(table.horizon(1).t1.empty());
}

BOOST_AUTO_TEST_CASE(a_label_that_looks_some_rows_ahead_ends_at_the_stamp_of_that_row) {
  const Folder folder;
  const FeatureTableFile table = folder.open(folder.import(
      "time,x,label\n2020-01-01,1,1\n2020-01-02,1,1\n2020-01-05,1,-99\n2020-01-06,1,0\n", {.label_bars = 2}));
  // The usual distance is the median of 1, 3 and 1 days; behind the end rows go on at it.
  const std::vector<std::int64_t> ends{parse_utc("2020-01-05"), parse_utc("2020-01-06"), kNoTime,
                                       parse_utc("2020-01-08")};
  BOOST_TEST(table.horizon(1).t1 == ends, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_segment_ends_after_a_gap_above_ten_usual_distances_or_the_one_that_is_said) {
  const Folder folder;
  const std::string csv = "time,x\n0001577836800,1\n1577836801,1\n1577836802,1\n1577836812,1\n1577836823,1\n";
  const auto segments = [&](const TableImport& options) {
    return folder.open(folder.import(csv, options)).rows().segment;
  };
  BOOST_TEST(segments({}) == (std::vector<std::int32_t>{0, 0, 0, 0, 0}), boost::test_tools::per_element());
  BOOST_TEST(segments({.max_gap = 10'000'000'000}) == (std::vector<std::int32_t>{0, 0, 0, 0, 1}),
             boost::test_tools::per_element());
  BOOST_TEST(segments({.max_gap = 9'999'999'999}) == (std::vector<std::int32_t>{0, 0, 0, 1, 2}),
             boost::test_tools::per_element());
  BOOST_TEST(segments({.any_gap = true}) == (std::vector<std::int32_t>{0, 0, 0, 0, 0}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(features_that_are_no_finite_number_are_refused_with_their_place_or_kept_and_counted) {
  const Folder folder;
  const std::string csv = "time,x,y2\n2020-01-01,1,2\n2020-01-02,inf,\n2020-01-03,,2\n";
  folder.refused(csv, "row 1 (counted from 0), column 'x' is inf");
  folder.refused(csv, "x (2), y2 (1)");
  const TableImportResult kept = folder.import(csv, {.missing = MissingValues::keep});
  BOOST_TEST(kept.not_finite.at("x") == 2U);
  BOOST_TEST(kept.not_finite.at("y2") == 1U);
  BOOST_TEST(std::isnan(features_of(folder.open(kept))[4]));
}

BOOST_AUTO_TEST_CASE(hostile_tables_are_refused_with_the_place) {
  const Folder folder;
  folder.refused("", "is empty");
  folder.refused("time,x\n", "no rows");
  folder.refused("time,x,x\n2020-01-01,1,2\n", "two columns 'x'");
  folder.refused("1,2\n3,4\n", "names of the columns");
  folder.refused("time,x\n2020-01-01,1\n2020-01-02\n", "ow #3");  // Arrow's words: "Row #3: Expected 2 columns, got 1"
  folder.refused("x,y2\n1,2\n", "no column of times");
  folder.refused("time,x\n2020-01-01,1\n,2\n", "row 1 (counted from 0), column 'time'");
  folder.refused("time,x\n2020-01-01,1\nsoon,2\n", "'soon'");
  folder.refused("time,x\n2020-01-01,1\n2020-01-01,2\n", "have the same time");
  folder.refused("time,symbol,x\n2020-01-01,A,1\n2020-01-01,A,2\n", "symbol A");
  folder.refused("time,symbol,x\n2020-01-01,A,1\n2020-01-02,,2\n", "expected a symbol");
  folder.refused("time,x,label\n2020-01-01,1,0\n2020-01-02,1,1000000000000\n",
                 "row 1 (counted from 0), column 'label'");
  folder.refused("time,x,label\n2020-01-01,1,0.5\n", "--label-values");
  folder.refused("time,x,label,t1\n2020-01-02,1,1,2020-01-01\n", "before its row's own time");
  folder.refused("time,x,label,t1\n2020-01-02,1,1,\n", "needs the time");
  folder.refused("time,x,label,weight\n2020-01-02,1,1,-1\n", "a weight is");
  folder.refused("time,x\n2020-01-01,1\n2020-01-02,1.5a\n", "column 'x', row 1 (counted from 0) is '1.5a'");
  folder.refused("time,name\n2020-01-01,a\n", "no column left that could be a feature");
  folder.refused("time,x\xff\xfe,label\n2020-01-01,\xff,0\n", "t.csv");
  folder.refused<ConfigError>("time,x,label_h5,target_h5\n2020-01-01,1,0,0\n", "both labels of horizon 5");
  folder.refused<ConfigError>("time,x,label,target\n2020-01-01,1,0,0\n", "no horizon in its name");
  folder.refused<ConfigError>("time,x,label_h5\n2020-01-01,1,0\n", "name one for each",
                              {.columns = {.t1 = {"x", "time"}}});
  TableImport missing;
  missing.files = {folder.folder / "none.parquet"};
  BOOST_CHECK_THROW(import_table(folder.folder.path(), missing), ConfigError);
}

// The parser's threads may still want to read when it has given up: the address sanitizer watches that they cannot.
BOOST_AUTO_TEST_CASE(a_table_that_is_given_up_is_not_read_any_further) {
  const Folder folder;
  const std::string broken =
      "window_id\xd4\x93"
      "abel,#\x04{\"#\xff\xffsc\xff";
  for (int round = 0; round < 50; ++round)
    BOOST_CHECK_THROW(folder.import(broken + std::string(static_cast<std::size_t>(round) * 1000, 'x')), DataError);
}

BOOST_AUTO_TEST_CASE(stamps_without_a_zone_are_of_the_one_that_is_said) {
  const Folder folder;
  const FeatureTableFile table =
      folder.open(folder.import("time,x\n2020-01-01 00:00,1\n", {.timezone = "America/New_York"}));
  BOOST_TEST(table.rows().time.front() == parse_utc("2020-01-01T05:00"));
}

BOOST_AUTO_TEST_CASE(a_truncated_parquet_is_refused_wherever_it_is_cut) {
  const Folder folder;
  const DatasetId id = folder.import(kFactory).id;
  export_dataset(folder.folder.path(), id, folder.folder / "whole.parquet");
  const std::string whole = read_file(folder.folder / "whole.parquet");
  for (std::size_t size = 0; size < whole.size(); size += 61) {
    BOOST_CHECK_THROW(folder.import(whole.substr(0, size), {.name = "cut"}, "cut.parquet"), DataError);
  }
  BOOST_TEST(list_datasets(folder.folder.path()).size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_is_exported_is_imported_as_the_same_table) {
  const Folder folder;
  const TableImportResult first = folder.import(kFactory);
  for (const char* name : {"again.parquet", "again.csv"}) {
    export_dataset(folder.folder.path(), first.id, folder.folder / name);
    TableImport options{.files = {folder.folder / name}, .symbol_name = "MES"};
    options.columns.exclude = {"segment"};
    const FeatureTableFile again = folder.open(import_table(folder.folder.path(), options));
    BOOST_TEST(again.content_sha256() == first.content_sha256);
  }
}

BOOST_AUTO_TEST_CASE(files_named_train_val_and_test_become_one_table_and_a_split_of_it) {
  const Folder folder;
  const auto put = [&](const std::string& name, const std::string& rows) {
    write_file(folder.folder / name, "time,x,label_5,t1_5\n" + rows);
    return folder.folder / name;
  };
  TableImport options{
      .files = {put("test_scaled.csv", "2020-01-06,6,1,2020-01-07\n"),
                put("train_scaled.csv",
                    "2020-01-01,1,1,2020-01-02\n2020-01-02,2,1,2020-01-03\n2020-01-03,3,0,2020-01-04\n"),
                put("val_scaled.csv", "2020-01-04,4,1,2020-01-05\n2020-01-05,5,-99,\n")},
      .name = "f"};
  const TableImportResult result = import_table(folder.folder.path(), options);
  BOOST_TEST(features_of(folder.open(result)) == (std::vector<double>{1, 2, 3, 4, 5, 6}),
             boost::test_tools::per_element());
  BOOST_TEST(result.scaled);
  BOOST_TEST(result.split["name"] == "f-v1");
  const Json split = read_json(folder.folder / "data/splits/f-v1.json");
  // The label of 3 January depends on the 4th, which is validation's first day.
  BOOST_TEST(split["splits"][0]["train"] == Json::parse("[[0, 2]]"));
  BOOST_TEST(split["splits"][0]["purged_indices"] == Json::parse("[[2, 3]]"));
  BOOST_TEST(split["splits"][0]["val"] == Json::parse("[[3, 5]]"));
  BOOST_TEST(split["splits"][0]["test"] == Json::parse("[[5, 6]]"));
  BOOST_TEST(split["labeled_version"] == "feature_table/f/v1");
  BOOST_TEST(split["content_sha256"] == result.content_sha256);
  put("val_scaled.csv", "2020-01-04,4,1,2020-01-05\n2020-01-08,5,-99,\n");
  BOOST_CHECK_EXCEPTION(import_table(folder.folder.path(), options), LeakError, says("the part val reaches to"));
  put("val_scaled.csv", "2020-01-04,4,1,2020-01-06\n");
  BOOST_CHECK_EXCEPTION(import_table(folder.folder.path(), options), LeakError, says("every row of the part val"));
  BOOST_TEST(list_datasets(folder.folder.path()).size() == 1U);
  put("val_scaled.csv", "2020-01-05,5,-99,\n");
  write_file(folder.folder / "val_scaled.csv", "time,z,label_5,t1_5\n2020-01-05,1,0,2020-01-05\n");
  BOOST_CHECK_EXCEPTION(import_table(folder.folder.path(), options), DataError, says("has no column 'x'"));
}

BOOST_AUTO_TEST_CASE(parts_are_known_by_whole_words_and_only_when_there_is_one_of_each) {
  const auto parts = [](const std::vector<std::filesystem::path>& files) { return parts_of(files).has_value(); };
  BOOST_TEST(parts({"train.csv", "test.csv"}));
  BOOST_TEST(parts({"a/x-valid.csv", "TRAIN_scaled.pq", "x_test.csv"}));
  BOOST_TEST(!parts({"latest.csv", "train.csv"}));
  BOOST_TEST(!parts({"train.csv", "val.csv"}));
  BOOST_TEST(!parts({"train_1.csv", "train_2.csv", "test.csv"}));
  BOOST_TEST(!parts({"train.csv"}));
}

BOOST_AUTO_TEST_SUITE_END()
