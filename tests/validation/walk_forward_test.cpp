#include "validation/walk_forward.h"

#include <boost/test/unit_test.hpp>
#include <numeric>

#include "base/error.h"
#include "base/utc_time.h"
#include "tests/support/messages.h"
#include "tests/validation/random_intervals.h"

using namespace moola;
using namespace moola::test;
using namespace moola::validation;

namespace {

using Ranges = std::vector<std::pair<RowRange, RowRange>>;  // train, test

std::vector<std::int64_t> steps(std::size_t n) {
  std::vector<std::int64_t> out(n);
  std::iota(out.begin(), out.end(), 0);
  return out;
}

Stretch rows(double n) {
  return {Stretch::Unit::rows, n};
}

Ranges plain(const std::vector<Split>& splits) {
  Ranges out;
  for (const Split& split : splits) {
    BOOST_REQUIRE(split.train.size() == 1U);
    BOOST_REQUIRE(split.test.size() == 1U);
    out.emplace_back(split.train[0], split.test[0]);
  }
  return out;
}

constexpr std::int64_t kHour = 3'600'000'000'000;

}  // namespace

BOOST_AUTO_TEST_SUITE(walking_forward)

// Splits that skfolio's WalkForward gives.
BOOST_AUTO_TEST_CASE(rows_are_cut_as_skfolio_cuts_them) {
  const auto six = steps(6), many = steps(260);
  const auto of = [](const std::vector<std::int64_t>& t0, WalkForwardOptions options) {
    return plain(walk_forward({t0, {}}, options));
  };
  BOOST_TEST((of(six, {.train = rows(2), .test = rows(1), .expanding = false}) ==
              Ranges{{{0, 2}, {2, 3}}, {{1, 3}, {3, 4}}, {{2, 4}, {4, 5}}, {{3, 5}, {5, 6}}}));
  BOOST_TEST(
      (of(six, {.train = rows(2), .test = rows(1), .expanding = false, .apart = {.purge = Separation::bars(1)}}) ==
       Ranges{{{0, 2}, {3, 4}}, {{1, 3}, {4, 5}}, {{2, 4}, {5, 6}}}));
  BOOST_TEST((of(six, {.train = rows(3), .test = rows(2), .expanding = false, .short_last = false}) ==
              Ranges{{{0, 3}, {3, 5}}}));
  BOOST_TEST(
      (of(six, {.train = rows(3), .test = rows(2), .expanding = false}) == Ranges{{{0, 3}, {3, 5}}, {{2, 5}, {5, 6}}}));
  BOOST_TEST((of(six, {.train = rows(3), .test = rows(2)}) == Ranges{{{0, 3}, {3, 5}}, {{0, 5}, {5, 6}}}));
  BOOST_TEST((of(many, {.train = rows(100),
                        .test = rows(30),
                        .expanding = false,
                        .short_last = false,
                        .apart = {.purge = Separation::bars(5)}}) == Ranges{{{0, 100}, {105, 135}},
                                                                            {{30, 130}, {135, 165}},
                                                                            {{60, 160}, {165, 195}},
                                                                            {{90, 190}, {195, 225}},
                                                                            {{120, 220}, {225, 255}}}));
  BOOST_TEST((of(many, {.train = rows(100), .test = rows(30), .apart = {.purge = Separation::bars(5)}}).back() ==
              std::pair{RowRange{0, 250}, RowRange{255, 260}}));
}

// Both of them lie before the test part, where skfolio's cut by the clock takes the purge from the test part.
BOOST_AUTO_TEST_CASE(purge_and_embargo_lie_between_train_and_test) {
  const auto t0 = steps(100);
  const auto splits = walk_forward({t0, {}}, {.train = rows(50),
                                              .test = rows(20),
                                              .expanding = false,
                                              .apart = {.purge = Separation::bars(3), .embargo = Separation::time(4)}});
  BOOST_TEST((plain(splits).front() == std::pair{RowRange{0, 50}, RowRange{57, 77}}));
  for (const Split& split : splits) {
    BOOST_TEST(count_rows(split.purged) == 3U);
    BOOST_TEST(count_rows(split.embargoed) == 4U);
    BOOST_TEST(split.test[0].begin - split.train.back().end == 7U);
  }
}

BOOST_AUTO_TEST_CASE(labels_that_reach_into_the_test_part_do_not_train) {
  std::mt19937_64 random(9);
  for (int round = 0; round < 500; ++round) {
    const RandomIntervals sample(random, 30 + random() % 80, random() % 2 == 0);
    const bool expanding = random() % 2 == 0;
    const WalkForwardOptions options{
        .train = rows(10), .test = rows(static_cast<double>(1 + random() % 9)), .expanding = expanding};
    const auto splits = walk_forward(sample.intervals(), options);
    std::size_t next = splits.front().test[0].begin;
    for (const Split& split : splits) {
      prove_split(split, sample.intervals());
      const RowRange test = split.test[0];
      BOOST_REQUIRE(test.begin == next);
      next = test.end;
      if (test.begin > 0) BOOST_REQUIRE(sample.t0[test.begin - 1] < sample.t0[test.begin]);
      const std::set<std::size_t> train = row_set(split.train);
      for (std::size_t row = 0; row < sample.t0.size(); ++row) {
        const bool may = row < test.begin && sample.end(row) < sample.t0[test.begin];
        if (train.contains(row)) BOOST_REQUIRE(may);
        if (expanding) BOOST_REQUIRE(train.contains(row) == may);
      }
    }
    BOOST_REQUIRE(next == sample.t0.size());
  }
}

BOOST_AUTO_TEST_CASE(months_begin_with_the_first_of_a_month) {
  std::vector<std::int64_t> hours;
  for (std::int64_t at = parse_utc("2020-01-15T05:00"); at < parse_utc("2020-07-10"); at += kHour) hours.push_back(at);
  const auto months = [](double n) { return Stretch{Stretch::Unit::months, n}; };
  const auto text = [&](const std::vector<Split>& splits) {
    std::string out;
    for (const Split& split : splits)
      out += utc_text(hours[split.train[0].begin]).substr(0, 13) + ".." +
             utc_text(hours[split.train[0].end - 1]).substr(0, 13) + " " +
             utc_text(hours[split.test[0].begin]).substr(0, 13) + "\n";
    return out;
  };
  BOOST_TEST(text(walk_forward({hours, {}}, {.train = months(2), .test = months(1)})) ==
             "2020-01-15T05..2020-03-31T23 2020-04-01T00\n"
             "2020-01-15T05..2020-04-30T23 2020-05-01T00\n"
             "2020-01-15T05..2020-05-31T23 2020-06-01T00\n"
             "2020-01-15T05..2020-06-30T23 2020-07-01T00\n");
  BOOST_TEST(
      text(walk_forward({hours, {}}, {.train = months(2),
                                      .test = months(2),
                                      .expanding = false,
                                      .short_last = false,
                                      .apart = {.purge = Separation::bars(2), .embargo = Separation::time(kHour)}})) ==
      "2020-02-01T00..2020-03-31T20 2020-04-01T00\n");
}

// Weekends hold no rows: a test part of a day that falls on one is none.
BOOST_AUTO_TEST_CASE(lengths_of_time_without_rows_make_no_part) {
  std::vector<std::int64_t> t0;
  for (std::int64_t day = 0; day < 21; ++day) {
    if (day % 7 >= 5) continue;
    for (std::int64_t hour = 0; hour < 24; ++hour) t0.push_back((24 * day + hour) * kHour);
  }
  const Stretch day{Stretch::Unit::time, static_cast<double>(24 * kHour)};
  const Stretch week{Stretch::Unit::time, static_cast<double>(7 * 24 * kHour)};
  const auto splits = walk_forward({t0, {}}, {.train = week, .test = day, .expanding = false});
  BOOST_TEST(splits.size() == 10U);
  for (const Split& split : splits) {
    BOOST_TEST(count_rows(split.test) == 24U);
    BOOST_TEST(count_rows(split.train) == 24U * 5);
  }
}

// A microsecond of test in years of days: what holds no rows is not gone through.
BOOST_AUTO_TEST_CASE(short_test_parts_far_apart_are_found_at_once) {
  std::vector<std::int64_t> t0;
  for (std::int64_t day = 0; day < 2000; ++day) t0.push_back(24 * day * kHour);
  const auto splits = walk_forward({t0, {}}, {.train = rows(10), .test = {Stretch::Unit::time, 1000}});
  BOOST_TEST(splits.size() == 1990U);
  const auto all = walk_forward({t0, {}}, {.train = rows(10), .test = {Stretch::Unit::time, 9.2e18}});
  BOOST_TEST(all.size() == 1U);
  BOOST_TEST(count_rows(all[0].test) == 1990U);
}

BOOST_AUTO_TEST_CASE(stretches_are_read_as_they_are_written) {
  for (const char* text : {"5000bars", "0.1", "30d", "1month", "3months", "24months"})
    BOOST_TEST(to_string(parse_stretch(text, "test")) == text);
  BOOST_TEST(to_string(parse_stretch("1quarter", "test")) == "3months");
  BOOST_TEST(to_string(parse_stretch("2years", "test")) == "24months");
  for (const char* text : {"", "0bars", "1.5bars", "1", "0", "-0.1", "1.5months", "nan", "inf", "5000months", "x"})
    BOOST_TEST(holds(message_of<ConfigError>([&] { parse_stretch(text, "test"); }), "no stretch of time"), text);
}

BOOST_AUTO_TEST_CASE(too_little_for_one_test_part_is_refused) {
  const auto t0 = steps(10);
  BOOST_TEST(holds(message_of<ConfigError>([&] {
                     walk_forward({t0, {}}, {.train = rows(10), .test = rows(1)});
                   }),
                   "10 rows hold no train part of 10bars"));
  BOOST_CHECK_THROW(walk_forward({{}, {}}, {.train = rows(1), .test = rows(1)}), ConfigError);
}

BOOST_AUTO_TEST_SUITE_END()
