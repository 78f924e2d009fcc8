#include "data/tables/feature_table_file.h"

#include <boost/test/unit_test.hpp>
#include <limits>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/tables/table_segments.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::data;

namespace {

auto says(const std::string& text) {
  return [text](const std::exception& error) {
    const bool found = std::string(error.what()).find(text) != std::string::npos;
    if (!found) BOOST_TEST_MESSAGE("the message was: " << error.what());
    return found;
  };
}

// Four rows of one symbol: stamps 10, 20, 30, 50, the last behind a gap, the third without a label.
TableRows rows_of_one_symbol() {
  return {.time = {10, 20, 30, 50},
          .symbol = {},
          .segment = {0, 0, 0, 1},
          .horizons = {{.horizon = 5,
                        .label = {1, 0, kInvalidLabel, -1},
                        .t1 = {20, 20, kNoTime, 70},
                        .weight = {1, 0.5F, 1, 1.5F},
                        .quality = {0.25F, 0.5F, std::numeric_limits<float>::quiet_NaN(), 1}}}};
}

FeatureTableInfo info_of_one_symbol() {
  return {.feature_names = {"a", "b", "c"},
          .symbols = {"BTCUSD"},
          .fitted = {{.name = "barriers", .seen = {{10, 20}, {30, 30}}}, {.name = "quality", .seen = {}}}};
}

// 100 row + column.
void numbered(std::uint64_t begin, std::uint64_t count, std::span<double> out) {
  for (std::uint64_t i = 0; i < count; ++i) {
    for (std::uint64_t c = 0; c < 3; ++c) out[i * 3 + c] = static_cast<double>(100 * (begin + i) + c);
  }
}

DatasetId store(const test::TemporaryFolder& folder, const TableRows& rows, const FeatureTableInfo& info,
                FeaturePrecision precision = FeaturePrecision::float64) {
  DatasetWriter writer(folder.path(), {"feature_table", "T"});
  write_feature_table(writer, rows, info, numbered, precision);
  writer.finish();
  return writer.id();
}

void refused(const TableRows& rows, const std::string& reason) {
  const test::TemporaryFolder folder;
  BOOST_CHECK_EXCEPTION(store(folder, rows, info_of_one_symbol()), std::logic_error, says(reason));
  BOOST_TEST(list_datasets(folder.path()).empty());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(feature_tables)

BOOST_AUTO_TEST_CASE(a_table_is_read_as_it_was_written) {
  const test::TemporaryFolder folder;
  const FeatureTableFile table(folder.path(), store(folder, rows_of_one_symbol(), info_of_one_symbol()));
  const TableRows expected = rows_of_one_symbol();
  BOOST_TEST(table.rows().time == expected.time, boost::test_tools::per_element());
  BOOST_TEST(table.rows().segment == expected.segment, boost::test_tools::per_element());
  BOOST_TEST(table.rows().symbol.empty());
  BOOST_TEST(table.horizon(5).label == expected.horizons[0].label, boost::test_tools::per_element());
  BOOST_TEST(table.horizon(5).t1 == expected.horizons[0].t1, boost::test_tools::per_element());
  BOOST_TEST(table.horizon(5).weight == expected.horizons[0].weight, boost::test_tools::per_element());
  BOOST_TEST(table.horizon(5).quality[3] == 1);
  BOOST_TEST(table.info().feature_names == info_of_one_symbol().feature_names, boost::test_tools::per_element());
  BOOST_TEST((table.info().fitted == info_of_one_symbol().fitted));
  BOOST_TEST((table.info().pedigree == Pedigree::recorded));
  BOOST_TEST(!table.info().scaled);
  std::vector<double> x(6);
  table.read_features(1, 2, x);
  BOOST_TEST(x == (std::vector<double>{100, 101, 102, 200, 201, 202}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_horizon_asks_for_a_label_or_for_a_number) {
  const float none = std::numeric_limits<float>::quiet_NaN();
  const auto targets = [&](std::vector<float> values) {
    TableRows rows = rows_of_one_symbol();
    rows.horizons[0].label.clear();
    rows.horizons[0].target = std::move(values);
    return rows;
  };
  const test::TemporaryFolder folder;
  const TableRows expected = targets({0.5F, -2, none, 0});
  const FeatureTableFile table(folder.path(), store(folder, expected, info_of_one_symbol()));
  BOOST_TEST(table.horizon(5).label.empty());
  for (const std::size_t row : {0U, 1U, 3U})
    BOOST_TEST(table.horizon(5).target[row] == expected.horizons[0].target[row]);
  BOOST_TEST(table.horizon(5).has(1));
  BOOST_TEST(!table.horizon(5).has(2));
  refused(targets({}), "either 'label_5' or 'target_5'");
  refused(targets({0.5F, -2, none}), "3 values in 'target_5'");
  refused(targets({0.5F, std::numeric_limits<float>::infinity(), none, 0}), "'target_5' of row 1");
  refused(targets({0.5F, -2, 1, 0}), "a label but no 't1_5' in row 2");
  refused(targets({none, -2, none, 0}), "no label but a 't1_5' in row 0");
  TableRows both = expected;
  both.horizons[0].label = rows_of_one_symbol().horizons[0].label;
  refused(both, "either 'label_5' or 'target_5'");
}

BOOST_AUTO_TEST_CASE(features_may_be_stored_as_floats_and_read_as_either) {
  const test::TemporaryFolder folder;
  const FeatureTableFile table(folder.path(),
                               store(folder, rows_of_one_symbol(), info_of_one_symbol(), FeaturePrecision::float32));
  BOOST_TEST((table.precision() == FeaturePrecision::float32));
  std::vector<double> wide(3);
  table.read_features(3, 1, wide);
  BOOST_TEST(wide == (std::vector<double>{300, 301, 302}), boost::test_tools::per_element());
  std::vector<float> narrow(3);
  table.read_features(3, 1, narrow);
  BOOST_TEST(narrow == (std::vector<float>{300, 301, 302}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_table_of_several_symbols_has_them_side_by_side_in_time) {
  const test::TemporaryFolder folder;
  TableRows rows{.time = {10, 10, 20, 30}, .symbol = {0, 1, 1, 0}, .segment = {0, 1, 1, 0}, .horizons = {}};
  FeatureTableInfo info = info_of_one_symbol();
  info.symbols = {"AAA", "BBB"};
  const FeatureTableFile table(folder.path(), store(folder, rows, info));
  BOOST_TEST(table.rows().symbol == rows.symbol, boost::test_tools::per_element());
  rows.symbol = {1, 0, 1, 0};
  BOOST_CHECK_EXCEPTION(store(folder, rows, info), std::logic_error, says("row 1"));
  rows.symbol = {0, 0, 1, 0};
  BOOST_CHECK_EXCEPTION(store(folder, rows, info), std::logic_error, says("each pair once"));
  rows.symbol = {0, 1, 1, 2};
  BOOST_CHECK_EXCEPTION(store(folder, rows, info), std::logic_error, says("symbol 2 in row 3"));
  rows.symbol = {0, 1, 0, 0};
  BOOST_CHECK_EXCEPTION(store(folder, rows, info), std::logic_error, says("two symbols in segment 1 (row 2)"));
}

BOOST_AUTO_TEST_CASE(rows_that_are_no_table_are_refused_before_anything_is_written) {
  const auto with = [](auto change) {
    TableRows rows = rows_of_one_symbol();
    change(rows);
    return rows;
  };
  refused({}, "holds no rows");
  refused(with([](TableRows& r) { r.time[2] = 20; }), "row 2");
  refused(with([](TableRows& r) { r.segment[3] = 4; }), "segment 4 in row 3");
  refused(with([](TableRows& r) { r.segment.pop_back(); }), "3 values in 'segment'");
  refused(with([](TableRows& r) { r.horizons[0].label[0] = 2; }), "has 2 in 'label_5' of row 0");
  refused(with([](TableRows& r) { r.horizons[0].label[0] = kInvalidLabel; }), "no label but a 't1_5' in row 0");
  refused(with([](TableRows& r) { r.horizons[0].t1[0] = kNoTime; }), "a label but no 't1_5' in row 0");
  refused(with([](TableRows& r) { r.horizons[0].t1[0] = 9; }), "row 0");
  refused(with([](TableRows& r) { r.horizons[0].weight[1] = -1; }), "the weight -1");
  refused(with([](TableRows& r) { r.horizons.push_back(r.horizons[0]); }), "horizon 5 after 5");
}

BOOST_AUTO_TEST_CASE(names_that_are_not_unique_are_refused) {
  const test::TemporaryFolder folder;
  FeatureTableInfo info = info_of_one_symbol();
  info.feature_names = {"a", "b", "a"};
  BOOST_CHECK_EXCEPTION(store(folder, rows_of_one_symbol(), info), std::logic_error, says("the feature 'a' twice"));
}

BOOST_AUTO_TEST_CASE(what_is_asked_for_by_a_wrong_name_names_the_nearest) {
  const test::TemporaryFolder folder;
  const FeatureTableFile table(folder.path(), store(folder, rows_of_one_symbol(), info_of_one_symbol()));
  BOOST_CHECK_EXCEPTION(table.horizon(20), ConfigError, says("it has those of 5"));
  BOOST_CHECK_EXCEPTION(table.find_features(std::vector<std::string>{"aa"}), ConfigError, says("Did you mean 'a'?"));
}

BOOST_AUTO_TEST_CASE(a_segment_ends_after_a_gap_that_is_longer_than_allowed_of_its_own_symbol) {
  const std::vector<std::int64_t> time{10, 10, 20, 21, 30, 41};
  const std::vector<std::int32_t> symbol{0, 1, 0, 1, 1, 0};
  // Symbol 0: 10, 20, 41; symbol 1: 10, 21, 30.
  const std::vector<std::int32_t> at_most_10{0, 1, 0, 2, 2, 3}, at_most_11{0, 1, 0, 1, 1, 2};
  BOOST_TEST(segments_of(time, symbol, 10) == at_most_10, boost::test_tools::per_element());
  BOOST_TEST(segments_of(time, symbol, 11) == at_most_11, boost::test_tools::per_element());
  const std::vector<std::int32_t> never{0, 1, 0, 1, 1, 0};
  BOOST_TEST(segments_of(time, symbol, std::nullopt) == never, boost::test_tools::per_element());
  const std::vector<std::uint8_t> breaks{0, 0, 0, 0, 1, 0};
  const std::vector<std::int32_t> broken{0, 1, 0, 1, 2, 0};
  BOOST_TEST(segments_of(time, symbol, std::nullopt, breaks) == broken, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(rows_of_a_segment_are_found_in_the_order_of_time) {
  const SegmentRows rows = rows_by_segment(std::vector<std::int32_t>{0, 1, 0, 2, 1, 0});
  BOOST_TEST(rows.segments() == 3U);
  BOOST_TEST(rows.of(0) == (std::vector<std::int64_t>{0, 2, 5}), boost::test_tools::per_element());
  BOOST_TEST(rows.of(1) == (std::vector<std::int64_t>{1, 4}), boost::test_tools::per_element());
  BOOST_TEST(rows.of(2) == (std::vector<std::int64_t>{3}), boost::test_tools::per_element());
  BOOST_TEST(rows_by_segment({}).segments() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
