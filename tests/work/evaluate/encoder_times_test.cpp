#include "work/evaluate/refit/encoder_times.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <random>

#include "validation/combinatorial.h"
#include "validation/walk_forward.h"

using namespace moola;
using namespace moola::work;
using Range = EncoderTimes::Range;

namespace {

EvaluationData rows_at(const std::vector<std::pair<std::int64_t, std::int64_t>>& intervals) {
  EvaluationData out;
  for (const auto& [first, last] : intervals) {
    out.time.push_back(first);
    out.t1.push_back(last);
  }
  return out;
}

// Rows at 0, 10, 20 …, each with a label of 5.
EvaluationData tens(std::size_t rows) {
  std::vector<std::pair<std::int64_t, std::int64_t>> intervals;
  for (std::size_t row = 0; row < rows; ++row)
    intervals.emplace_back(10 * static_cast<std::int64_t>(row), 10 * static_cast<std::int64_t>(row) + 5);
  return rows_at(intervals);
}

validation::Split split_of(std::vector<validation::RowRange> train, std::vector<validation::RowRange> test) {
  return {.train = std::move(train), .test = std::move(test), .purged = {}, .embargoed = {}, .groups = {}};
}

// Rows of all lengths, in the order of time.
EvaluationData random_rows(std::size_t rows, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::pair<std::int64_t, std::int64_t>> intervals;
  std::int64_t now = 1000;
  for (std::size_t row = 0; row < rows; ++row) {
    now += static_cast<std::int64_t>(random() % 20);
    intervals.emplace_back(now, now + static_cast<std::int64_t>(random() % 60));
  }
  return rows_at(intervals);
}

bool meets(const EvaluationData& data, std::size_t row, const Range& range) {
  return data.time[row] < range.end && data.t1[row] >= range.begin;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(times_of_encoders)

// Trained on rows 0 and 1 (until 15) and from row 5 (50) on; rows 2 and 4 were purged.
BOOST_AUTO_TEST_CASE(what_lies_between_the_train_rows_beside_a_test_part_is_left_out) {
  const EncoderTimes times = encoder_times(tens(8), split_of({{0, 2}, {5, 8}}, {{3, 4}}), false);
  BOOST_TEST(!times.to.has_value());
  BOOST_REQUIRE(times.exclude.size() == 1U);
  BOOST_TEST((times.exclude[0] == Range{16, 50}));
}

// Row 7 ends at 75 and was trained on before it: nothing between 55 and 70; as much behind it.
BOOST_AUTO_TEST_CASE(a_test_part_at_an_end_keeps_its_distance_on_both_sides) {
  const EncoderTimes last = encoder_times(tens(8), split_of({{0, 6}}, {{7, 8}}), false);
  BOOST_REQUIRE(last.exclude.size() == 1U);
  BOOST_TEST((last.exclude[0] == Range{56, 76 + 14}));
  const EncoderTimes first = encoder_times(tens(8), split_of({{3, 8}}, {{0, 1}}), false);
  BOOST_REQUIRE(first.exclude.size() == 1U);
  BOOST_TEST((first.exclude[0] == Range{-24, 30}));
}

BOOST_AUTO_TEST_CASE(test_ranges_with_nothing_trained_between_them_are_one) {
  const EncoderTimes times = encoder_times(tens(10), split_of({{0, 2}, {8, 10}}, {{3, 4}, {5, 6}}), false);
  BOOST_REQUIRE(times.exclude.size() == 1U);
  BOOST_TEST((times.exclude[0] == Range{16, 80}));
  BOOST_TEST(encoder_times(tens(10), split_of({{0, 2}, {5, 6}, {9, 10}}, {{3, 4}, {7, 8}}), false).exclude.size() ==
             2U);
}

BOOST_AUTO_TEST_CASE(a_walk_forward_encoder_ends_where_the_last_label_of_the_train_part_is_known) {
  const EncoderTimes times = encoder_times(tens(8), split_of({{0, 4}}, {{5, 8}}), true);
  BOOST_TEST(times.exclude.empty());
  BOOST_TEST(times.to.value() == 36);
}

BOOST_AUTO_TEST_CASE(every_test_row_is_left_out_whole_and_every_train_row_stays_whole) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const EvaluationData data = random_rows(300, seed);
    const validation::PurgeOptions apart{.purge = validation::Separation::bars(static_cast<std::int64_t>(seed % 3)),
                                         .embargo = validation::Separation::time(static_cast<double>(10 * (seed % 4)))};
    for (const validation::Split& split : validation::combinatorial_splits(data.intervals(), 6, 2, apart).splits) {
      const std::vector<Range> left_out = encoder_times(data, split, false).exclude;
      for (const auto& [part, is_test] : {std::pair(&split.test, true), {&split.train, false}}) {
        for (const validation::RowRange& range : *part) {
          for (std::size_t row = range.begin; row < range.end; ++row) {
            const auto met = std::ranges::count_if(left_out, [&](const Range& each) { return meets(data, row, each); });
            const auto inside = std::ranges::count_if(
                left_out, [&](const Range& each) { return data.time[row] >= each.begin && data.t1[row] < each.end; });
            BOOST_TEST(met == (is_test ? 1 : 0));
            BOOST_TEST(inside == (is_test ? 1 : 0));
          }
        }
      }
    }
    for (const validation::Split& split :
         validation::walk_forward(data.intervals(), {.train = validation::parse_stretch("0.4", "train"),
                                                    .test = validation::parse_stretch("0.2", "test"),
                                                    .apart = apart})) {
      const std::int64_t to = encoder_times(data, split, true).to.value();
      for (const validation::RowRange& range : split.train) {
        for (std::size_t row = range.begin; row < range.end; ++row) BOOST_TEST(data.t1[row] < to);
      }
      for (const validation::RowRange& range : split.test) BOOST_TEST(data.time[range.begin] >= to);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
