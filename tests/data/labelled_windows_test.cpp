// Labelled files as annotators of expansions write them: pointers, bases, blacklists, folders of arrays.
#include <arrow/api.h>
#include <arrow/io/file.h>
#include <parquet/arrow/writer.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "data/files/npy.h"
#include "data/store/dataset.h"
#include "data/windows/blacklist.h"
#include "data/windows/import_windows.h"
#include "data/windows/window_checks.h"
#include "data/windows/window_groups.h"
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

using Number = std::optional<std::int64_t>;

// One window as a row of a Parquet file.
struct Row {
  std::string id, label;
  Number start, end;
  int base = 0;  // windows with the same base have the same bars
};

// Bars of a window: prices from 100 + base on.
std::vector<double> bars_of(int base, int length) {
  std::vector<double> x;
  for (int t = 0; t < length; ++t) {
    const double p = 100.0 + base + t;
    for (const double price : {p, p + 2, p - 2, p + 1}) x.push_back(price);
  }
  return x;
}

struct ParquetForm {
  bool inner = false;  // pointers, not expansions
  int length = 105;
  std::vector<Number> raw_start = {};
};

void write_parquet(const std::filesystem::path& file, const std::vector<Row>& rows, const ParquetForm& form = {}) {
  auto* const pool = arrow::default_memory_pool();
  arrow::StringBuilder id, label;
  arrow::Int64Builder start, end, raw;
  auto values = std::make_shared<arrow::DoubleBuilder>();
  auto bars = std::make_shared<arrow::ListBuilder>(pool, values);
  arrow::ListBuilder features(pool, bars);
  const auto put = [](arrow::Int64Builder& builder, const Number& value) {
    return value ? builder.Append(*value) : builder.AppendNull();
  };
  arrow::Status ok;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    ok &= id.Append(row.id);
    ok &= label.Append(row.label);
    ok &= put(start, row.start);
    ok &= put(end, row.end);
    if (!form.raw_start.empty()) ok &= put(raw, form.raw_start[i]);
    ok &= features.Append();
    const std::vector<double> x = bars_of(row.base, form.length);
    for (int t = 0; t < form.length; ++t) {
      ok &= bars->Append();
      ok &= values->AppendValues(x.data() + 4 * t, 4);
    }
  }
  std::vector<std::shared_ptr<arrow::Field>> fields{
      arrow::field("window_id", arrow::utf8()), arrow::field("label", arrow::utf8()),
      arrow::field(form.inner ? "pointer_start" : "expansion_start", arrow::int64()),
      arrow::field(form.inner ? "pointer_end" : "expansion_end", arrow::int64()),
      arrow::field("features", arrow::list(arrow::list(arrow::float64())))};
  arrow::ArrayVector arrays{*id.Finish(), *label.Finish(), *start.Finish(), *end.Finish(), *features.Finish()};
  if (!form.raw_start.empty()) {
    fields.push_back(arrow::field("raw_start_idx", arrow::int64()));
    arrays.push_back(*raw.Finish());
  }
  const auto table = arrow::Table::Make(arrow::schema(fields), arrays);
  const auto out = *arrow::io::FileOutputStream::Open(file.string());
  ok &= parquet::arrow::WriteTable(*table, pool, out);
  ok &= out->Close();
  BOOST_REQUIRE(ok.ok());
}

struct Folder {
  test::TemporaryFolder folder;

  WindowImportResult import(const std::vector<Row>& rows, const ParquetForm& form = {},
                            const WindowImport& options = {}) const {
    write_parquet(folder / "w.parquet", rows, form);
    return import_windows(folder.path(), folder / "w.parquet", options);
  }
  template <class T>
  std::vector<T> read(const WindowImportResult& result, const char* name) const {
    return DatasetReader(folder.path(), result.id).read<T>(name);
  }
};

template <class T>
std::string npy(const char* type, std::vector<std::uint64_t> shape, const std::vector<T>& values) {
  return npy_header(type, shape) + std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

const std::vector<Row> kTwoBases{{"0_exp_1", "consolidation", 61, 65, 0},
                                 {"0_exp_2", "retracement", 61, 65, 0},
                                 {"7_exp_1", "retracement", 30, 74, 7},
                                 {"batch_20251018_003", "consolidation", 40, 41, 9}};

}  // namespace

BOOST_AUTO_TEST_SUITE(labelled_windows)

BOOST_AUTO_TEST_CASE(windows_of_one_base_are_a_group_and_their_different_labels_are_told) {
  const Folder folder;
  const WindowImportResult result = folder.import(kTwoBases);
  BOOST_TEST(result.label_names == (std::vector<std::string>{"consolidation", "retracement"}),
             boost::test_tools::per_element());
  BOOST_TEST(folder.read<std::int64_t>(result, "group") == (std::vector<std::int64_t>{0, 0, 1, 2}),
             boost::test_tools::per_element());
  BOOST_TEST(result.conflicts.size() == 1U);
  BOOST_TEST(result.conflicts.front() == (std::vector<std::string>{"0_exp_1: consolidation", "0_exp_2: retracement"}),
             boost::test_tools::per_element());
  BOOST_TEST(result.channels.front() == "open");
  const DatasetReader reader(folder.folder.path(), result.id);
  BOOST_TEST(reader.file().text_attribute("intervals") == "unknown");
  BOOST_TEST(reader.file().list_attribute("window_ids").back() == "batch_20251018_003");
}

BOOST_AUTO_TEST_CASE(inner_pointers_count_from_bar_30_and_may_be_missing) {
  const Folder folder;
  const WindowImportResult result = folder.import(
      {{"a", "x", 0, 44, 1}, {"b", "x", std::nullopt, std::nullopt, 2}, {"c", "x", 31, 35, 3}}, {.inner = true});
  BOOST_TEST(folder.read<std::int32_t>(result, "expansion_start") == (std::vector<std::int32_t>{30, -1, 61}),
             boost::test_tools::per_element());
  BOOST_TEST(folder.read<std::int32_t>(result, "expansion_end") == (std::vector<std::int32_t>{74, -1, 65}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_expansion_lies_within_bars_30_to_74_and_starts_before_it_ends) {
  const Folder folder;
  const auto cause = [&](Number start, Number end, bool inner = false) {
    const auto result = folder.import({{"good", "x", inner ? 1 : 31, inner ? 2 : 32, 1}, {"bad", "x", start, end, 2}},
                                      {.inner = inner}, {.drop_invalid = true});
    return result.dropped.empty() ? std::string() : result.dropped.begin()->first;
  };
  BOOST_TEST(cause(30, 74) == "");
  BOOST_TEST(cause(29, 74) == "expansion_outside");
  BOOST_TEST(cause(30, 75) == "expansion_outside");
  BOOST_TEST(cause(40, 40) == "expansion_order");
  BOOST_TEST(cause(40, std::nullopt) == "expansion_incomplete");
  BOOST_TEST(cause(0, 44, true) == "");
  BOOST_TEST(cause(0, 45, true) == "expansion_outside");
  BOOST_TEST(cause(-1, 44, true) == "expansion_outside");
  BOOST_TEST(cause(INT64_MAX, 44, true) == "expansion_outside");
  BOOST_CHECK_EXCEPTION(folder.import({{"b", "x", 40, 39, 2}, {"c", "x", 31, 32, 1}}), DataError,
                        says("expansion_order in 1 of 2 windows; the first: expansion 40 to 39 in window 0 (b)"));
}

BOOST_AUTO_TEST_CASE(the_inner_bars_of_other_windows_are_all_of_them_or_those_that_are_said) {
  const Folder folder;
  const std::vector<Row> rows{{"a", "x", 0, 9, 1}, {"b", "x", 2, 5, 2}};
  BOOST_TEST(folder.import(rows, {.length = 10}).windows == 2U);
  BOOST_TEST(folder.import(rows, {.length = 10}, {.drop_invalid = true, .inner = "2:6"}).windows == 1U);
  BOOST_CHECK_EXCEPTION(folder.import(rows, {.length = 10}, {.inner = "2:11"}), ConfigError, says("<= 10"));
  BOOST_CHECK_THROW(folder.import(rows, {.length = 10}, {.inner = "2"}), ConfigError);
  BOOST_CHECK_EXCEPTION(folder.import(rows, {.length = 10}, {.length = 105}), DataError, says("windows of 10 bars"));
}

BOOST_AUTO_TEST_CASE(pointers_that_contradict_the_expansion_are_found) {
  WindowTable table{.windows = 1, .length = 105, .channels = 1};
  table.x.assign(105, 1.0F);
  table.channel_names = {"x"};
  table.expansion_start = {61};
  table.expansion_end = {65};
  table.pointer_start = {31};
  table.pointer_end = {35};
  const InnerBars inner = usual_inner_bars(105);
  resolve_pointers(table, inner);
  BOOST_TEST(!fault_of(table, 0, {.candles = false, .inner = inner}).has_value());
  table.pointer_end = {36};
  BOOST_TEST(fault_of(table, 0, {.candles = false, .inner = inner})->cause == "pointers_disagree");
}

BOOST_AUTO_TEST_CASE(a_bar_that_is_no_candle_is_found_on_either_side) {
  WindowTable table{.windows = 1, .length = 1, .channels = 4};
  table.channel_names = {"open", "high", "low", "close"};
  const auto cause = [&](std::vector<float> bar) {
    table.x = std::move(bar);
    const auto fault = fault_of(table, 0, {.candles = true, .inner = {0, 1}});
    return fault ? fault->cause : std::string();
  };
  BOOST_TEST(cause({2, 3, 1, 2}) == "");
  BOOST_TEST(cause({2, 2, 2, 2}) == "");
  BOOST_TEST(cause({3.5F, 3, 1, 2}) == "not_a_candle");
  BOOST_TEST(cause({2, 3, 1, 3.5F}) == "not_a_candle");
  BOOST_TEST(cause({0.5F, 3, 1, 2}) == "not_a_candle");
  BOOST_TEST(cause({2, 3, 1, 0.5F}) == "not_a_candle");
  BOOST_TEST(cause({2, 1, 3, 2}) == "not_a_candle");
  BOOST_TEST(cause({0, 3, 0, 2}) == "price_not_positive");
  BOOST_TEST(cause({2, std::numeric_limits<float>::infinity(), 1, 2}) == "not_finite");
}

BOOST_AUTO_TEST_CASE(blacklisted_windows_their_bases_and_what_meets_their_bars_are_left_out) {
  const Folder folder;
  write_file(folder.folder / "black.csv",
             "window_id,raw_start_idx,raw_end_idx,reason,blacklisted_date\n"
             "0_exp_1,,,\"no expansion, flat\",2025-10-18\n"
             ",1104,1200,D,2025-10-18\n");
  const std::vector<Row> rows{{"0_exp_2", "x", 31, 32, 1},
                              {"a", "x", 31, 32, 2},
                              {"b", "x", 31, 32, 3},
                              {"0_exp_1", "x", 31, 32, 4},
                              {"c", "x", 31, 32, 5}};
  const WindowImport options{.blacklist = folder.folder / "black.csv"};
  // A window of 105 bars from 999 ends at 1103, one from 1000 at 1104; one from 1201 begins behind the range.
  const WindowImportResult result =
      folder.import(rows, {.raw_start = {std::nullopt, 999, 1000, std::nullopt, 1201}}, options);
  BOOST_TEST(result.windows == 2U);
  BOOST_TEST(result.dropped.at("blacklisted") == 1U);
  BOOST_TEST(result.dropped.at("same bars as a blacklisted window") == 1U);
  BOOST_TEST(result.dropped_windows.at("overlaps a blacklisted range") == std::vector<std::string>{"b"},
             boost::test_tools::per_element());
  BOOST_TEST(result.notes.size() == 2U);  // two windows without a place; no times
  // Ids such as window_1000 say the place themselves.
  BOOST_TEST(folder.import({{"window_999", "x", 31, 32, 1}, {"window_1000", "x", 31, 32, 2}}, {}, options).windows ==
             1U);
}

BOOST_AUTO_TEST_CASE(a_blacklist_that_says_nothing_or_nonsense_is_refused_with_its_row) {
  const test::TemporaryFolder folder;
  const auto refused = [&](const std::string& rows, const std::string& reason) {
    write_file(folder / "b.csv", "window_id,raw_start_idx,raw_end_idx,reason\n" + rows);
    BOOST_CHECK_EXCEPTION(read_blacklist(folder / "b.csv"), DataError, says(reason));
  };
  refused("a,1,2,x\n,,,x\n", "row 1 (counted from 0) has neither");
  refused("a,1,,x\n", "only one of");
  refused("a,5,4,x\n", "expected 0 or more, in order");
  refused("a,-1,4,x\n", "expected 0 or more, in order");
  refused("a,5,1e97,x\n", "expected 0 or more, in order");
  write_file(folder / "b.csv", "window_id,raw_start_idx,raw_end_idx,reason\n");
  BOOST_TEST(read_blacklist(folder / "b.csv").entries().empty());
}

BOOST_AUTO_TEST_CASE(a_blacklist_is_written_as_it_is_read) {
  const test::TemporaryFolder folder;
  const std::string text =
      "window_id,raw_start_idx,raw_end_idx,reason,blacklisted_date\n007,5,9,\"a, \"\"b\"\"\",2025-10-18\n,7,7,,\n";
  write_file(folder / "b.csv", text);
  write_blacklist(folder / "again.csv", read_blacklist(folder / "b.csv"));
  BOOST_TEST(read_file(folder / "again.csv") == text);
}

BOOST_AUTO_TEST_CASE(classes_may_be_named_and_another_one_is_refused) {
  const Folder folder;
  const WindowImport options{.classes = {"retracement", "consolidation", "expansion"}};
  const WindowImportResult result = folder.import(kTwoBases, {}, options);
  BOOST_TEST(folder.read<std::int32_t>(result, "y") == (std::vector<std::int32_t>{1, 0, 0, 1}),
             boost::test_tools::per_element());
  BOOST_CHECK_EXCEPTION(folder.import({{"a", "retracment", 31, 32, 1}}, {}, options), DataError,
                        says("Did you mean 'retracement'?"));
}

BOOST_AUTO_TEST_CASE(two_windows_with_one_id_are_refused) {
  const Folder folder;
  BOOST_CHECK_EXCEPTION(folder.import({{"a", "x", 31, 32, 1}, {"a", "x", 31, 32, 2}}), DataError,
                        says("two windows with the id 'a'"));
}

BOOST_AUTO_TEST_CASE(windows_of_the_same_bars_are_a_group_without_ids_too) {
  WindowTable table{.windows = 3, .length = 1, .channels = 1};
  table.x = {1, 2, 1};
  BOOST_TEST(groups_of(table) == (std::vector<std::int64_t>{0, 1, 0}), boost::test_tools::per_element());
  table.x = {1, 2, 3};
  BOOST_TEST(groups_of(table).empty());
  // One chain: the first two share a base, the last two their bars.
  table.x = {1, 2, 2};
  table.window_ids = {"5_exp_1", "5_exp_2", "6_exp_1"};
  BOOST_TEST(groups_of(table) == (std::vector<std::int64_t>{0, 0, 0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_folder_of_arrays_becomes_windows_with_features_in_their_order) {
  const Folder folder;
  const std::filesystem::path arrays = folder.folder / "v1_arrays";
  std::filesystem::create_directories(arrays);
  std::vector<float> x;
  for (int base = 0; base < 2; ++base) {
    for (const double value : bars_of(base, 105)) x.push_back(static_cast<float>(value));
  }
  write_file(arrays / "X_ohlc.npy", npy("<f4", {2, 105, 4}, x));
  write_file(arrays / "X_feats20.npy", npy<float>("<f4", {2, 3}, {1, 2, 3, 4, 5, 6}));
  write_file(arrays / "y.npy", npy<std::int64_t>("<i8", {2}, {1, 0}));
  write_file(arrays / "meta.json", R"([{"window_id": "a", "pointer_start": 0, "pointer_end": 44, "grade": "A"},
                                       {"window_id": "b", "pointer_start": null, "pointer_end": null}])");
  write_file(arrays / "manifest.json",
             R"({"label_names": ["consolidation", "retracement"], "feature_names": ["f", "g", "h"]})");
  const WindowImportResult result = import_windows(folder.folder.path(), arrays, {});
  BOOST_TEST(to_string(result.id) == "labeled_windows/v1_arrays/v1");
  BOOST_TEST(folder.read<std::int32_t>(result, "y") == (std::vector<std::int32_t>{1, 0}),
             boost::test_tools::per_element());
  BOOST_TEST(folder.read<float>(result, "X_feats") == (std::vector<float>{1, 2, 3, 4, 5, 6}),
             boost::test_tools::per_element());
  BOOST_TEST(folder.read<std::int32_t>(result, "expansion_end") == (std::vector<std::int32_t>{74, -1}),
             boost::test_tools::per_element());
  BOOST_TEST(result.features == (std::vector<std::string>{"f", "g", "h"}), boost::test_tools::per_element());
  BOOST_TEST(result.ignored == std::vector<std::string>{"meta.json: grade"}, boost::test_tools::per_element());

  write_file(arrays / "meta.json", R"({"window_id": ["a"]})");
  BOOST_CHECK_EXCEPTION(import_windows(folder.folder.path(), arrays, {}), DataError, says("has 1 rows"));
  std::filesystem::remove(arrays / "meta.json");
  write_file(arrays / "meta.csv", "window_id,pointer_start,pointer_end\n007,0,44\n008,,\n");
  const WindowImportResult csv = import_windows(folder.folder.path(), arrays, {});
  BOOST_TEST(DatasetReader(folder.folder.path(), csv.id).file().list_attribute("window_ids").front() == "007");
  BOOST_TEST(folder.read<std::int32_t>(csv, "expansion_start") == (std::vector<std::int32_t>{30, -1}),
             boost::test_tools::per_element());
  write_file(arrays / "y.npy", npy<std::int64_t>("<i8", {3}, {1, 0, 1}));
  BOOST_CHECK_EXCEPTION(import_windows(folder.folder.path(), arrays, {}), DataError, says("y.npy has 3 rows"));
  std::filesystem::remove(arrays / "X_ohlc.npy");
  BOOST_CHECK_EXCEPTION(import_windows(folder.folder.path(), arrays, {}), DataError, says("no X_ohlc.npy"));
}

BOOST_AUTO_TEST_SUITE_END()
