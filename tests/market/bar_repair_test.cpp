#include "market/bar_repair.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <random>

#include "base/utc_time.h"

using namespace moola;
using namespace moola::market;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Row {
  std::int64_t time;
  double open, high, low, close, volume;
};

struct Repaired {
  Bars bars;
  std::vector<RowOrigin> origins;
  FaultReport report;
};

Repaired repaired(const std::vector<Row>& rows) {
  Repaired result;
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    result.bars.time.push_back(row.time);
    result.bars.open.push_back(row.open);
    result.bars.high.push_back(row.high);
    result.bars.low.push_back(row.low);
    result.bars.close.push_back(row.close);
    result.bars.volume.push_back(row.volume);
    result.bars.flags.push_back(0);
    result.origins.push_back({0, i + 1});
  }
  repair(result.bars, result.origins, result.report);
  return result;
}

// The rule of one row, said as plainly as possible.
std::optional<Row> sound_row(Row row) {
  if (row.time == kNoTime) return std::nullopt;
  for (const double price : {row.open, row.high, row.low, row.close}) {
    if (!std::isfinite(price) || price <= 0) return std::nullopt;
  }
  if (row.high < row.low) std::swap(row.high, row.low);
  row.high = std::max({row.high, row.open, row.close});
  row.low = std::min({row.low, row.open, row.close});
  if (!std::isfinite(row.volume) || row.volume < 0) row.volume = 0;
  return row;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bar_repair)

BOOST_AUTO_TEST_CASE(sound_bars_are_left_alone) {
  const Repaired result = repaired({{1, 2, 3, 1, 2, 5}, {2, 1, 1, 1, 1, 0}});
  BOOST_TEST(result.report.empty());
  BOOST_TEST(result.bars.flags == (std::vector<std::uint8_t>{0, 0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_high_below_the_low_is_exchanged_with_it) {
  const Repaired result = repaired({{1, 2, 1, 3, 2, 5}});
  BOOST_TEST(result.bars.high[0] == 3);
  BOOST_TEST(result.bars.low[0] == 1);
  BOOST_TEST(result.report.count(Fault::high_below_low) == 1U);
  BOOST_TEST(result.report.repaired() == 1U);
  BOOST_TEST((result.bars.flags[0] & kRepaired) != 0);
}

BOOST_AUTO_TEST_CASE(a_high_equal_to_the_low_is_sound) {
  BOOST_TEST(repaired({{1, 2, 2, 2, 2, 5}}).report.empty());
}

BOOST_AUTO_TEST_CASE(the_body_is_held_by_high_and_low) {
  const Repaired result = repaired({{1, 5, 4, 2, 3, 0}, {2, 3, 4, 3.5, 4, 0}});
  BOOST_TEST(result.bars.high[0] == 5);
  BOOST_TEST(result.bars.low[1] == 3);
  BOOST_TEST(result.report.count(Fault::high_below_body) == 1U);
  BOOST_TEST(result.report.count(Fault::low_above_body) == 1U);
}

BOOST_AUTO_TEST_CASE(a_price_that_is_no_number_or_not_positive_drops_its_row) {
  const double tiny = std::numeric_limits<double>::denorm_min();
  const Repaired result = repaired({{1, kNan, 3, 1, 2, 5},
                                    {2, 2, kInfinity, 1, 2, 5},
                                    {3, 2, 3, 0, 2, 5},
                                    {4, 2, 3, -1, 2, 5},
                                    {5, tiny, tiny, tiny, tiny, 5}});
  BOOST_TEST(result.bars.time == (std::vector<std::int64_t>{5}), boost::test_tools::per_element());
  BOOST_TEST(result.report.count(Fault::unparsable_price) == 2U);
  BOOST_TEST(result.report.count(Fault::price_not_positive) == 2U);
  BOOST_TEST(result.report.dropped() == 4U);
}

BOOST_AUTO_TEST_CASE(a_bad_volume_becomes_nought) {
  const Repaired result = repaired({{1, 2, 3, 1, 2, kNan}, {2, 2, 3, 1, 2, -1}, {3, 2, 3, 1, 2, 0}});
  BOOST_TEST(result.bars.volume == (std::vector<double>{0, 0, 0}), boost::test_tools::per_element());
  BOOST_TEST(result.report.count(Fault::unparsable_volume) == 1U);
  BOOST_TEST(result.report.count(Fault::negative_volume) == 1U);
}

BOOST_AUTO_TEST_CASE(of_equal_stamps_the_first_row_stays_and_a_mere_copy_is_told_from_a_contradiction) {
  const Repaired result = repaired({{1, 2, 3, 1, 2, 5}, {1, 2, 3, 1, 2, 5}, {1, 2, 3, 1, 2.5, 5}, {2, 2, 3, 1, 2, 5}});
  BOOST_TEST(result.bars.size() == 2U);
  BOOST_TEST(result.bars.close[0] == 2);
  BOOST_TEST(result.report.count(Fault::duplicate_row) == 1U);
  BOOST_TEST(result.report.count(Fault::duplicate_stamp) == 1U);
}

BOOST_AUTO_TEST_CASE(a_backward_stamp_is_moved_to_its_place) {
  const Repaired result = repaired({{1, 2, 3, 1, 2, 5}, {4, 2, 3, 1, 2, 5}, {3, 2, 3, 1, 2, 7}, {5, 2, 3, 1, 2, 5}});
  BOOST_TEST(result.bars.time == (std::vector<std::int64_t>{1, 3, 4, 5}), boost::test_tools::per_element());
  BOOST_TEST(result.report.count(Fault::backward_stamp) == 1U);
  BOOST_TEST(result.report.first_cases()[0].origin.line == 3U);
  BOOST_TEST(result.bars.volume[1] == 7);
}

BOOST_AUTO_TEST_CASE(a_back_step_with_repeated_rows_loses_just_the_repetition) {
  std::vector<Row> rows;
  for (std::int64_t t = 0; t < 180; ++t) rows.push_back({t, 2, 3, 1, 2, 5});
  for (std::int64_t t = 120; t < 240; ++t) rows.push_back({t, 2, 3, 1, 2, 5});
  const Repaired result = repaired(rows);
  BOOST_TEST(result.bars.size() == 240U);
  BOOST_TEST(result.report.count(Fault::duplicate_row) == 60U);
  BOOST_TEST(result.report.repaired() == 0U);
  BOOST_TEST(result.report.first_cases().size() == FaultReport::kListed);
  BOOST_TEST(result.report.first_cases().front().origin.line == 181U);
  BOOST_TEST(result.report.first_cases().back().origin.line == 200U);
}

BOOST_AUTO_TEST_CASE(a_file_that_runs_backward_is_turned_round_without_a_fault) {
  const Repaired result = repaired({{3, 2, 3, 1, 2, 5}, {2, 2, 3, 1, 2, 5}, {1, 2, 3, 1, 2, 5}});
  BOOST_TEST(result.bars.time == (std::vector<std::int64_t>{1, 2, 3}), boost::test_tools::per_element());
  BOOST_TEST(result.report.empty());
}

BOOST_AUTO_TEST_CASE(the_first_cases_are_those_of_the_first_lines_whatever_the_order_they_are_found_in) {
  FaultReport report;
  std::mt19937 random(7);
  std::vector<std::uint32_t> lines(500);
  for (std::uint32_t i = 0; i < lines.size(); ++i) lines[i] = i + 1;
  std::shuffle(lines.begin(), lines.end(), random);
  for (const std::uint32_t line : lines) report.add(Fault::negative_volume, {1, line});
  BOOST_REQUIRE(report.first_cases().size() == 20U);
  for (std::uint32_t i = 0; i < 20; ++i) BOOST_TEST(report.first_cases()[i].origin.line == i + 1);
  BOOST_TEST(report.count(Fault::negative_volume) == 500U);
}

BOOST_AUTO_TEST_CASE(random_rows_come_out_as_the_plain_rule_says) {
  std::mt19937 random(1337);
  const std::vector<double> values{1, 2, 3, 4, 0, -1, kNan, kInfinity};
  for (int trial = 0; trial < 3000; ++trial) {
    std::vector<Row> rows(1 + random() % 8);
    for (Row& row : rows) {
      const auto pick = [&](std::size_t n) { return values[random() % n]; };
      const std::size_t n = random() % 4 == 0 ? 8 : 4;
      row = {static_cast<std::int64_t>(random() % 6), pick(n), pick(n), pick(n), pick(n), pick(8)};
      if (random() % 16 == 0) row.time = kNoTime;
    }
    std::map<std::int64_t, Row> expected;
    for (const Row& row : rows) {
      if (const auto sound = sound_row(row)) expected.emplace(row.time, *sound);  // keeps the first
    }
    const Repaired result = repaired(rows);
    BOOST_REQUIRE(result.bars.size() == expected.size());
    std::size_t i = 0;
    for (const auto& [time, row] : expected) {
      BOOST_REQUIRE(result.bars.time[i] == time);
      BOOST_REQUIRE(result.bars.open[i] == row.open);
      BOOST_REQUIRE(result.bars.high[i] == row.high);
      BOOST_REQUIRE(result.bars.low[i] == row.low);
      BOOST_REQUIRE(result.bars.close[i] == row.close);
      BOOST_REQUIRE(result.bars.volume[i] == row.volume);
      BOOST_REQUIRE(rows[result.origins[i].line - 1].time == time);
      ++i;
    }
    BOOST_REQUIRE(result.report.dropped() == rows.size() - expected.size());
  }
}

BOOST_AUTO_TEST_SUITE_END()
